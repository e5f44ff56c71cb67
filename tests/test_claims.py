"""A generated answer is cut into its sentences at exact offsets, each with its markers and what it puts in quotation marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.claims import Claim, split_claims

ANSWER = (
    "The harbour master, Dr. Solheim, said on 4 May that the work cost 340,000 crowns [1]. It had been dark for eleven years.[2][3] "
    "“It is a good lamp,” she said, “and it will last” [1, 3]."
)
GERMAN = "Am 28. Februar fährt die Fähre wieder [2]. „Das ist gut so“, sagte der Kapitän [1]! Mehr ist nicht bekannt."
LISTED = "According to the articles:\n\n- **The lamp** was lit on Tuesday [1].\n- It cost 340,000 crowns [2]\n\n1. Nobody was hurt [3]."


def split(text: str, *, language: str = "en") -> list[Claim]:
    """The claims of a finished text."""
    return split_claims(text, language=language)


def test_each_sentence_has_the_markers_in_and_behind_it() -> None:
    """A marker before the full stop, behind it, or one of several belongs to the sentence that it ends."""
    claims = split(ANSWER)
    assert [claim.markers for claim in claims] == [(1,), (2, 3), (1, 3)]
    assert claims[0].text == "The harbour master, Dr. Solheim, said on 4 May that the work cost 340,000 crowns."
    assert ANSWER[claims[1].start : claims[1].end] == "It had been dark for eleven years.[2][3]"


def test_quotations_are_spans_of_the_answer() -> None:
    """What stands in quotation marks is given by offsets of the answer, without the marks, in the styles of several languages."""
    quoted = {
        ANSWER: ["It is a good lamp,", "and it will last"],
        GERMAN: ["Das ist gut so"],
        "Il a dit « c’est fini » hier [1].": ["c’est fini"],
        'He said "no comment" twice [1].': ["no comment"],
        "The mayor’s men said ‘it’s over’ today [1].": ["it’s over"],
        "»Genug«, rief sie [1].": ["Genug"],
        "She said „enough” and “never”, he said [1].": ["enough", "never"],
        "A 27” screen and the drivers’ union [1].": [],
    }
    for text, expected in quoted.items():
        found = [span.slice(text) for claim in split(text) for span in claim.quotations]
        assert found == expected, text


def test_a_quotation_of_several_sentences_is_cut_with_them() -> None:
    """Each sentence has its own part of the quotation."""
    text = "“The lamp is lit. The gears are new.” She was glad [1]."
    parts = [span.slice(text) for claim in split(text) for span in claim.quotations]
    assert " ".join(parts) == "The lamp is lit. The gears are new."


def test_lists_are_read_line_by_line() -> None:
    """Bullets, numbers of a list and emphasis are no words, and a line is not joined with the next."""
    assert [(claim.text, claim.markers) for claim in split(LISTED)] == [
        ("According to the articles:", ()),
        ("The lamp was lit on Tuesday.", (1,)),
        ("It cost 340,000 crowns", (2,)),
        ("Nobody was hurt.", (3,)),
    ]


@pytest.mark.parametrize(
    ("written", "markers"),
    [
        ("Lit [1][2].", (1, 2)),
        ("Lit [1, 2; 4].", (1, 2, 4)),
        ("Lit [2-4].", (2, 3, 4)),
        ("Lit [^3].", (3,)),
        ("Lit 【5†source】.", (5,)),
        ("Lit [Source 2].", (2,)),
        ("Lit [Quelle 2].", (2,)),
        ("Lit [7] and [7] again.", (7,)),
        ("Lit in [2023] [sic].", ()),
        ("Lit [1-999].", (1, 999)),
    ],
)
def test_markers_are_read_in_the_forms_that_models_write(written: str, markers: tuple[int, ...]) -> None:
    """Several in one pair of brackets, ranges, footnote and tool styles; years and remarks in brackets are no markers."""
    (claim,) = split(written)
    assert claim.markers == markers


def test_markers_before_their_sentences() -> None:
    """In a line that begins with a marker, markers stand before what they belong to; alone on a line they belong to the one before."""
    assert [claim.markers for claim in split("[1] The lamp is lit. [2] The gears are new.")] == [(1,), (2,)]
    assert [claim.markers for claim in split("The lamp is lit.\n[1]\nThe gears are new.\n[2]")] == [(1,), (2,)]
    assert split("[1] [2]") == []


def test_a_marker_without_spaces_still_ends_its_sentence() -> None:
    """No space behind a marker does not glue two sentences together."""
    assert [claim.text for claim in split("The lamp is lit.[1]The gears are new.[2]")] == [
        "The lamp is lit.",
        "The gears are new.",
    ]


@pytest.mark.parametrize(("text", "language"), [(ANSWER, "en"), (GERMAN, "de"), (LISTED, "en")])
def test_what_a_stream_gives_stays(text: str, language: str) -> None:
    """However much of a text has arrived, the sentences that are given are those of the whole text, in their order."""
    whole = split(text, language=language)
    for length in range(len(text) + 1):
        early = split_claims(text[:length], language=language, finished=False)
        assert early == whole[: len(early)], text[:length]
    assert len(split_claims(text + " And then some more.", language=language, finished=False)) >= len(whole) - 1


@given(st.text(alphabet=st.sampled_from('ab. [1]2"“„”’\n-*!?«»é🙂'), max_size=80))
def test_any_text_is_cut_at_its_own_offsets(text: str) -> None:
    """Claims are in order, do not overlap, and hold their quotations and their words."""
    at = 0
    for claim in split(text):
        assert at <= claim.start < claim.end <= len(text)
        at = claim.end
        assert all(claim.start <= span.start < span.end <= claim.end for span in claim.quotations)
        assert len(claim.quoted_words) == len(claim.quotations)
        assert set("".join(claim.text.split())) <= set(text) | {" "}
