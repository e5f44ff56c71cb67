"""The wording of answers that quote: markers, offsets, and framing in the reader's language."""

from __future__ import annotations

import string
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.citations import cite
from assistant.extractive import TRANSLATED, phrase, quote_answer
from assistant.types import Citation
from vectorstore.types import Article, Span

NAMES = ("open", "close", "empty", "pending", "filtered", "weak", "missing", "question")
TEXT = "Der Bücherbus hält in zwölf\nDörfern. Er fährt ab Montag."


def citation(quote: str = TEXT[:36], *, number: int = 1) -> Citation:
    """A citation of this quote."""
    text = f"{quote} Mehr."
    article = Article(id="a", text=text, title="Bücherbus", language="de", fetched_at=datetime(2024, 1, 1, tzinfo=UTC))
    return cite(article, Span(0, len(quote)), number=number)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", ["en", "de", "fr", "ru", "und"])
def test_every_phrase_is_there_in_every_language(name: str, language: str) -> None:
    """German and English are translated, any other language is answered in English."""
    assert {"en", "de"} <= TRANSLATED
    said = phrase(name, language=language, names="Beijing")
    assert said.strip()
    assert "{" not in said
    assert (said == phrase(name, language="en", names="Beijing")) is (language not in TRANSLATED or language == "en")


def test_phrases_need_the_same_values_in_every_language() -> None:
    """A translation that forgot a value, or wants another one, would fail only for its readers."""
    fields = {
        language: [
            field for _, field, _, _ in string.Formatter().parse(phrase("missing", language=language, names="{names}")) if field
        ]
        for language in TRANSLATED
    }
    assert set(map(tuple, fields.values())) == {("names",)}


def test_a_name_with_braces_is_only_shown() -> None:
    """What comes from a question is a value, never a template."""
    assert "{0} {names}" in phrase("missing", language="en", names="{0} {names}")


def test_an_answer_is_its_quotes_with_markers() -> None:
    """A line per quote, in the reader's quotation marks, its marker behind it, wrapped lines as spaces."""
    citations = [citation(), citation("Er fährt ab Montag.", number=2)]
    german, _ = quote_answer(citations, language="de")
    assert german == "„Der Bücherbus hält in zwölf Dörfern.“ [1]\n\n„Er fährt ab Montag.“ [2]"
    english, _ = quote_answer(citations, language="fr")
    assert english.startswith("“Der Bücherbus hält in zwölf Dörfern.” [1]")


@given(st.lists(st.text(min_size=1, max_size=60).filter(str.strip), min_size=1, max_size=4), st.sampled_from(["en", "de", "ru"]))
def test_sentences_are_slices_of_the_answer(quotes: list[str], language: str) -> None:
    """Each sentence covers its own quote and marker, is quoted, and nothing but blank lines is between them."""
    citations = [replace(citation(quote), number=number) for number, quote in enumerate(quotes, start=1)]
    text, sentences = quote_answer(citations, language=language)
    assert [sentence.citations for sentence in sentences] == [(number,) for number in range(1, len(quotes) + 1)]
    assert {sentence.support for sentence in sentences} == {"quoted"}
    for sentence, quote in zip(sentences, quotes, strict=True):
        assert " ".join(quote.split()) in text[sentence.start : sentence.end]
        assert text[sentence.start : sentence.end].endswith(f"[{sentence.citations[0]}]")
    at = 0
    for sentence in sentences:
        assert text[at : sentence.start].strip() == ""
        at = sentence.end
    assert at == len(text)
