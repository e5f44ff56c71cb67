"""Citations are slices of the stored text, with what really stands around them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assistant.citations import CONTEXT_CHARACTERS, cite, find_verbatim, is_verbatim
from vectorstore.types import Article, Furniture, Passage, Span

NOW = datetime(2024, 1, 1, tzinfo=UTC)
TEXT = (
    "Lamp lit\n\nThe lamp of Skarven Point was lit again. It had been dark since 2012. Read also: Ferries. The mayor was there."
)
ADVERT = TEXT.index("Read also: Ferries.")


def article(text: str, *marks: tuple[int, int]) -> Article:
    """An article of this text with these spans of furniture."""
    return Article(
        id="a",
        text=text,
        title="Lamp lit",
        source="The Morning Ferry",
        language="en",
        url="https://ferry.example/lamp",
        published_at=NOW,
        published_precision="day",
        published_from="dateline",
        fetched_at=NOW,
        furniture=tuple(Furniture(start, end, "teaser") for start, end in marks),
    )


@st.composite
def cited_texts(draw: st.DrawFn) -> tuple[Article, Span]:
    """Any text, furniture in it that is sorted and does not overlap, and a span outside of it."""
    words = st.text(alphabet=st.sampled_from("ab éß🙂\n.,"), min_size=1, max_size=12)
    text = "".join(draw(st.lists(words, min_size=1, max_size=120)))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), min_size=2, max_size=8)))
    spans = list(pairwise(cuts))
    chosen = draw(st.integers(0, len(spans) - 1))
    marks = [span for n, span in enumerate(spans) if n != chosen and draw(st.booleans())]
    return article(text, *marks), Span(*spans[chosen])


@given(cited_texts())
def test_any_span_outside_furniture_is_cited_verbatim(cited: tuple[Article, Span]) -> None:
    """The quote is the slice, and the contexts are the words directly before and after, within the limit, never from furniture."""
    found, span = cited
    citation = cite(found, span, number=3)
    assert citation.verbatim
    assert citation.quote == found.text[citation.start : citation.end] == found.text[span.start : span.end]
    assert (citation.number, citation.article_id, citation.version) == (3, found.id, found.version)
    before = Span(span.start - len(citation.context_before), span.start)
    after = Span(span.end, span.end + len(citation.context_after))
    assert citation.context_before == found.text[before.start : before.end]
    # A context that is cut at its far end keeps its whole words only, and may lose a space to that.
    assert found.text[after.start :].startswith(citation.context_after)
    for context in (before, after):
        assert len(context) <= CONTEXT_CHARACTERS
        assert not any(mark.start < context.end and context.start < mark.end for mark in found.furniture)


@given(cited_texts(), st.integers(-5, 300), st.integers(-5, 300))
def test_what_is_no_place_in_the_article_is_refused(cited: tuple[Article, Span], start: int, end: int) -> None:
    """An empty span, one outside the text and one that touches furniture raise, and nothing else does."""
    found, _ = cited
    sound = 0 <= start < end <= len(found.text) and not any(mark.start < end and start < mark.end for mark in found.furniture)
    if sound:
        assert cite(found, Span(start, end), number=1).verbatim
    else:
        with pytest.raises(ValueError, match=r"not within|touches furniture"):
            cite(found, Span(start, end), number=1)


@given(cited_texts(), st.text(max_size=20))
def test_other_words_are_never_verbatim(cited: tuple[Article, Span], words: str) -> None:
    """Equality decides, not likeness: another case, spacing or character is not the text."""
    found, span = cited
    quote = span.slice(found.text)
    assert is_verbatim(quote, found, span)
    assume(words != quote)
    assert not is_verbatim(words, found, span)
    assert not is_verbatim(quote + " ", found, span)
    assert not is_verbatim("", found, span)


def test_it_carries_what_is_known_of_the_article() -> None:
    """Title, outlet, address, language and date come along, with where the date is from."""
    citation = cite(article(TEXT), Span(10, 50), number=1)
    assert (citation.title, citation.source, citation.url) == ("Lamp lit", "The Morning Ferry", "https://ferry.example/lamp")
    assert (citation.language, citation.published_at, citation.fetched_at) == ("en", NOW, NOW)
    assert (citation.published_precision, citation.published_from) == ("day", "dateline")


def test_contexts_end_at_furniture() -> None:
    """What stands before and after comes up to the furniture and no further."""
    found = article(TEXT, (0, 10), (ADVERT, ADVERT + 19))
    start = TEXT.index("It had")
    citation = cite(found, Span(start, ADVERT - 1), number=1)
    assert citation.quote == "It had been dark since 2012."
    assert citation.context_before == "The lamp of Skarven Point was lit again. "
    assert citation.context_after == " "


def test_long_contexts_have_whole_words() -> None:
    """Where a context is cut, it is cut between words."""
    text = "lantern " * 60 + "HERE " + "harbour " * 60
    start = text.index("HERE")
    citation = cite(article(text), Span(start, start + 4), number=1)
    assert set(citation.context_before.split()) == {"lantern"}
    assert set(citation.context_after.split()) == {"harbour"}
    assert CONTEXT_CHARACTERS - 10 < len(citation.context_before) <= CONTEXT_CHARACTERS


def test_a_citation_of_an_older_text_names_its_version() -> None:
    """The version is that of the words that were compared."""
    found = article(TEXT)
    changed = replace(found, text=TEXT.replace("2012", "2013"))
    assert cite(found, Span(10, 50), number=1).version == found.version != changed.version


def passage(found: Article, start: int, end: int) -> Passage:
    """A passage of one sentence."""
    return Passage(article_id=found.id, version=found.version, start=start, end=end, sentences=(Span(start, end),))


QUOTING = "The keeper\u00a0said: “I’m glad.\nIt is a good lamp.” Read also: a good lamp. It is a good lamp, he said."


@pytest.mark.parametrize(
    ("words", "quoted"),
    [
        ("I’m glad.", "I’m glad."),
        ("I'm glad", "I’m glad"),
        ("I’m glad. It is a good lamp.", "I’m glad.\nIt is a good lamp."),
        ("good lamp,", "good lamp"),
        ("The keeper said: ”I’m glad", "The keeper\u00a0said: “I’m glad"),
        ("i’m glad", None),
        ("I’m very glad", None),
        ("It is a good lam", None),
        ("It is a good lamp!", None),
        ("It is a … lamp", None),
        ("lamp.” Read also", None),
        ("...", None),
        ("", None),
    ],
)
def test_quoted_words_are_found_only_as_they_stand(words: str, quoted: str | None) -> None:
    """White space, the shape of quotation marks and the sentence's own last comma or stop may differ; a letter may not."""
    furniture = QUOTING.index("Read also")
    found = article(QUOTING, (furniture, furniture + len("Read also: a good lamp.")))
    span = find_verbatim(words, found, near=passage(found, 0, furniture))
    assert (span.slice(QUOTING) if span else None) == quoted


def test_words_are_found_in_the_passage_first() -> None:
    """Of several places the one in the cited passage is taken, else the first outside furniture."""
    found = article(QUOTING)
    last = QUOTING.rindex("a good lamp")
    inside = find_verbatim("a good lamp", found, near=passage(found, last - 6, len(QUOTING)))
    outside = find_verbatim("a good lamp", found, near=passage(found, 0, 10))
    assert inside == Span(last, last + len("a good lamp"))
    assert outside is not None
    assert outside.start == QUOTING.index("a good lamp")


@given(cited_texts())
def test_what_is_quoted_is_found_where_it_can_be_cited(cited: tuple[Article, Span]) -> None:
    """Any cited stretch with words in it is found again, outside furniture, with the same words."""
    found, span = cited
    words = span.slice(found.text)
    assume(any(char.isalnum() for char in words))
    place = find_verbatim(words, found, near=passage(found, span.start, span.end))
    if place:  # None where it begins or ends within a word
        citation = cite(found, place, number=1)
        assert citation.quote.rstrip("., \n").split() == words.rstrip("., \n").split()
