"""Verdicts become the text that is shown: citations in the order of need, markers that match them, offsets that fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from assistant.checked import write_up
from assistant.citations import cite
from assistant.claims import marker_spans, split_claims
from assistant.verification import Verdict
from vectorstore.types import Article, Hit, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.checked import Checked
    from assistant.types import Citation

LINES = ("The lamp was lit on Tuesday. It had been dark for eleven years.", "The ferry runs twice a day.", "Solheim paid for it.")


def hits() -> dict[int, Hit]:
    """Three sources, one article each, their passage the whole text."""
    found = {}
    for number, text in enumerate(LINES, start=1):
        article = Article(id=f"a{number}", text=text, language="en", fetched_at=datetime(2024, 1, 2, tzinfo=UTC))
        ends = [position + 1 for position, character in enumerate(text) if character == "."]
        starts = [0, *(end + 1 for end in ends[:-1])]
        sentences = tuple(Span(start, end) for start, end in zip(starts, ends, strict=True))
        passage = Passage(article_id=article.id, version=article.version, start=0, end=len(text), sentences=sentences)
        found[number] = Hit(passage=passage, article=article, score=1, cosine=0.8, sentence_scores=(), also_in=("Other",))
    return found


def sentence(source: int, position: int = 0) -> tuple[int, Span]:
    """A sentence of a source, as evidence."""
    return source, hits()[source].passage.sentences[position]


def check(text: str, *verdicts: dict[str, Any], language: str = "en", earlier: Sequence[Citation] = ()) -> Checked:
    """``text`` written up with a verdict on each of its claims."""
    claims = split_claims(text, language="en")
    assert len(claims) == len(verdicts)
    given = [Verdict(claim=claim, **verdict) for claim, verdict in zip(claims, verdicts, strict=True)]
    checked = write_up(text, given, sources=hits(), language=language, earlier=earlier)
    for each, citation in ((each, citation) for each in hits().values() for citation in checked.citations):
        if citation.article_id == each.article.id:
            assert citation.verbatim
            assert citation.quote == each.article.text[citation.start : citation.end]
    return checked


def supported(*evidence: tuple[int, Span], **given: Any) -> dict[str, Any]:
    """A verdict of support."""
    return {"support": "supported", "evidence": evidence, **given}


def cited(source: int, position: int, *, number: int) -> Citation:
    """A sentence of a source, as an earlier turn cited it."""
    return cite(hits()[source].article, sentence(source, position)[1], number=number)


UNSUPPORTED = {"support": "unsupported", "reason": "not said"}


def test_citations_are_numbered_as_they_are_needed() -> None:
    """The model's [3] is our [1]; another sentence of the same source is a citation of its own, the same one is the same."""
    checked = check(
        "Solheim paid [3]. The lamp is lit [1]. It was dark for years [1]. She paid [3].",
        supported(sentence(3)),
        supported(sentence(1)),
        supported(sentence(1, 1)),
        supported(sentence(3)),
    )
    assert checked.text == "Solheim paid [1]. The lamp is lit [2]. It was dark for years [3]. She paid [1]."
    assert [citation.quote for citation in checked.citations] == [
        "Solheim paid for it.",
        "The lamp was lit on Tuesday.",
        "It had been dark for eleven years.",
    ]
    assert [each.citations for each in checked.sentences] == [(1,), (2,), (3,), (1,)]
    assert checked.citations[0].also_in == ("Other",)


def test_what_the_conversation_cited_keeps_its_number() -> None:
    """The same words have the number of the turn before; new ones get the next free, whatever numbers the model saw."""
    checked = check(
        "The ferry runs [2]. It was dark [1]. It is lit [1].",
        supported(sentence(2)),
        supported(sentence(1, 1)),
        supported(sentence(1), corrected=True, reason="marker corrected", what="1"),
        earlier=[cited(3, 0, number=1), cited(1, 1, number=2)],
    )
    assert checked.text == "The ferry runs [3]. It was dark [2]. It is lit [4]."
    assert [each.citations for each in checked.sentences] == [(3,), (2,), (4,)]
    assert [(citation.number, citation.quote) for citation in checked.citations] == [
        (3, "The ferry runs twice a day."),
        (2, "It had been dark for eleven years."),
        (4, "The lamp was lit on Tuesday."),
    ]
    assert checked.sentences[2].reason.endswith("this is said in [4]")


def test_offsets_are_those_of_the_text_that_is_shown() -> None:
    """Every sentence is a slice of it, with its markers."""
    checked = check(
        "It is lit [2].\n\n- The ferry runs. [2]\n- Nothing else.", supported(sentence(1)), supported(sentence(2)), UNSUPPORTED
    )
    assert [checked.text[each.start : each.end] for each in checked.sentences] == [
        "It is lit [1].",
        "The ferry runs. [2]",
        "Nothing else.",
    ]
    assert checked.text == "It is lit [1].\n\n- The ferry runs. [2]\n- Nothing else."


def test_what_is_not_borne_out_stays_without_a_marker() -> None:
    """Its words are all there, its markers are gone, and it says why."""
    checked = check("The ferry sank [2]. It runs [2] daily [1].", UNSUPPORTED, supported(sentence(2)))
    assert checked.text == "The ferry sank. It runs [1] daily."
    assert checked.sentences[0].support == "unsupported"
    assert checked.sentences[0].citations == ()
    assert checked.sentences[0].reason == "the cited passage does not say this"
    assert len(checked.citations) == 1


def test_evidence_for_what_names_no_source_is_not_promoted() -> None:
    """A sentence without marker stays without, whatever the sources say."""
    checked = check(
        "The ferry runs.", {"support": "uncited", "reason": "no marker, but said", "evidence": (sentence(2),)}, language="de"
    )
    assert checked.text == "The ferry runs."
    assert checked.citations == ()
    assert checked.sentences[0].reason == "nennt keine Quelle, obwohl eine der vorliegenden es sagt"
    assert not checked.any_borne_out


def test_a_corrected_marker_names_the_citation_that_is_shown() -> None:
    """Not the model's number, which nobody sees."""
    checked = check(
        "It is lit [1]. The ferry runs [3].",
        supported(sentence(1)),
        supported(sentence(2), corrected=True, reason="marker corrected", what="2"),
    )
    assert checked.text == "It is lit [1]. The ferry runs [2]."
    assert checked.sentences[1].reason == "the model named another source; this is said in [2]"


def test_each_marker_stands_where_its_source_was_named() -> None:
    """Several sources in one sentence keep their places; what the model did not name goes to the last."""
    checked = check("Lit [1] and running [2].", supported(sentence(1), sentence(2)))
    assert checked.text == "Lit [1] and running [2]."
    checked = check("Lit and dark before [1].", supported(sentence(1), sentence(1, 1)))
    assert checked.text == "Lit and dark before [1][2]."
    checked = check("Lit [1,2] again [3].", supported(sentence(1), sentence(3)))
    assert checked.text == "Lit [1] again [2]."


def test_markers_of_all_kinds_become_ours() -> None:
    """Before a sentence, glued to it, alone in a line, in another script's brackets."""
    assert check("[1] It is lit.", supported(sentence(1))).text == "[1] It is lit."
    checked = check("It is lit.[1]The ferry runs.【2†source】", supported(sentence(1)), supported(sentence(2)))
    assert checked.text == "It is lit. [1] The ferry runs. [2]"
    assert check("It is lit.\n[1]", supported(sentence(1))).text == "It is lit. [1]"


@given(
    st.lists(
        st.tuples(st.sampled_from(["It is lit", "The ferry runs", "She paid"]), st.sampled_from(["", " [1]", " [2][3]", "[9]"])),
        min_size=1,
        max_size=5,
    ),
    st.data(),
)
def test_markers_and_citations_always_match(parts: list[tuple[str, str]], data: st.DataObject) -> None:
    """Whatever the verdicts: the numbers in the text are those of the citations, 1 to n, and each sentence has those in its slice."""
    text = " ".join(f"{words}{marker}." for words, marker in parts)
    verdicts = []
    for claim in split_claims(text, language="en"):
        borne_out = bool(claim.markers) and data.draw(st.booleans())
        evidence = tuple(sentence(source) for source in data.draw(st.lists(st.sampled_from([1, 2, 3]), min_size=1, max_size=2)))
        verdict = Verdict(claim=claim, support="supported" if borne_out else "unsupported", evidence=evidence)
        verdicts.append(replace(verdict, reason="" if borne_out else "not said"))
    checked = write_up(text, verdicts, sources=hits(), language="en")
    named = [number for _, numbers in marker_spans(checked.text) for number in numbers]
    assert list(dict.fromkeys(named)) == [citation.number for citation in checked.citations]
    for each in checked.sentences:
        inside = [number for _, numbers in marker_spans(checked.text[each.start : each.end]) for number in numbers]
        assert set(inside) == set(each.citations)
