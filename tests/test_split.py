"""Sentences and passages: exact offsets, nothing lost, nothing across furniture."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.clean import find_furniture
from ingest.paragraphs import paragraphs
from ingest.split import split_article, split_sentences
from vectorstore.types import Article, Furniture, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2024, 1, 1, tzinfo=UTC)


def count_tokens(texts: Sequence[str]) -> list[int]:
    """A tokenizer that only knows words of up to six characters, and adds two special tokens."""
    return [2 + sum((len(word) + 5) // 6 for word in text.split()) for text in texts]


def article(text: str, *, title: str = "", language: str = "de", furniture: tuple[Furniture, ...] = ()) -> Article:
    """An article of this text, without anything else."""
    return Article(id="a", text=text, title=title, language=language, furniture=furniture, fetched_at=NOW)


def sentences(text: str, language: str = "de") -> list[str]:
    """The sentences of a text that is one paragraph."""
    return [span.slice(text) for span in split_sentences(text, within=Span(0, len(text)), language=language)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "Am 28. Februar kam er. Sie blieb.", ["Am 28. Februar kam er.", "Sie blieb."]),
        ("de", "Im 19. Jahrhundert war das so. Heute nicht.", ["Im 19. Jahrhundert war das so.", "Heute nicht."]),
        ("de", "Der 1. FC Köln spielt. Am 3. und 4. März ruht er.", ["Der 1. FC Köln spielt.", "Am 3. und 4. März ruht er."]),
        ("de", "Sie wurde 19. Dann zog sie um.", ["Sie wurde 19.", "Dann zog sie um."]),
        ("de", "Prof. Dr. Lang kam z. B. nach Bonn. Er ging.", ["Prof. Dr. Lang kam z. B. nach Bonn.", "Er ging."]),
        ("en", "Mr. Lane left at 5 p.m. on Feb. 2. She stayed.", ["Mr. Lane left at 5 p.m. on Feb. 2.", "She stayed."]),
        ("fr", "M. Martin a dit oui. Mme Petit aussi.", ["M. Martin a dit oui.", "Mme Petit aussi."]),
        ("und", "One. Two.", ["One.", "Two."]),
    ],
)
def test_sentences_end_where_they_end(language: str, text: str, expected: list[str]) -> None:
    """Ordinals and abbreviations end no sentence; a number at a sentence's end does."""
    assert sentences(text, language) == expected


def test_wrapped_lines_are_one_sentence_and_list_lines_are_their_own() -> None:
    """A line break inside hard-wrapped prose ends nothing, one after a headline or list item does."""
    text = (
        "Der Rat tagt\n\nDer Stadtrat hat am Montagabend nach einer langen und lauten\nDebatte beschlossen, die alte Brücke am"
        " Hafen bis zum\nHerbst für Lastwagen zu sperren. Das gilt ab Mai.\n\n- Brücke\n- Hafen"
    )
    found = [
        span.slice(text) for passage in split_article(article(text), count_tokens=count_tokens) for span in passage.sentences
    ]
    assert found[0] == "Der Rat tagt"
    assert found[1].startswith("Der Stadtrat")
    assert found[1].endswith("zu sperren.")
    assert found[2:] == ["Das gilt ab Mai.", "- Brücke", "- Hafen"]


def test_passages_never_cross_furniture() -> None:
    """Text on both sides of furniture is in two passages, the furniture in none."""
    text = "Erster Satz ist hier. Werbung Ende. Zweiter Satz ist da."
    mark = Furniture(22, 35, "advertising")
    passages = split_article(article(text, furniture=(mark,)), count_tokens=count_tokens)
    assert [text[p.start : p.end] for p in passages] == ["Erster Satz ist hier.", "Zweiter Satz ist da."]


def test_passages_fit_with_prompt_and_title_and_are_balanced() -> None:
    """What is embedded stays within the limit, and no tiny rest is left over."""
    title = "Ein Titel aus sechs kurzen Wörtern"
    text = title + "\n\n" + "\n\n".join(f"Das ist der kurze Absatz {n}. Er hat zwei Sätze." for n in range(40))
    passages = split_article(article(text, title=title), count_tokens=count_tokens, max_tokens=64)
    sizes = [count_tokens(["passage: " + (title if p.start else "") + "\n" + text[p.start : p.end]])[0] for p in passages]
    assert max(sizes) <= 64
    assert min(sizes) > 32
    assert all(text[p.end : p.end + 2] in {"\n\n", ""} for p in passages)


def test_a_sentence_over_the_limit_is_cut_at_clauses() -> None:
    """A long sentence is cut behind commas, not within its clauses."""
    text = ", ".join(f"und dann kam Nummer {n}" for n in range(60)) + "."
    passages = split_article(article(text), count_tokens=count_tokens, max_tokens=40)
    assert len(passages) > 5
    assert all(text[p.end - 1] in ",." for p in passages)


def test_an_article_of_furniture_alone_has_no_passages() -> None:
    """Nothing is left to search."""
    assert split_article(article("Menu", furniture=(Furniture(0, 4, "navigation"),)), count_tokens=count_tokens) == []


@pytest.mark.parametrize(
    "text", ["x" * 200_000, "Wort " * 40_000, "你好世界" * 50_000, "Ja. " * 10_000], ids=["run", "words", "cjk", "tiny"]
)
def test_huge_lines_take_few_counting_calls(text: str) -> None:
    """200 kB of one line is split with a handful of batched counts."""
    calls = 0

    def counting(texts: Sequence[str]) -> list[int]:
        nonlocal calls
        calls += 1
        return count_tokens(texts)

    passages = split_article(article(text), count_tokens=counting)
    assert calls <= 6
    assert sum(len(span.slice(text).replace(" ", "")) for p in passages for span in p.sentences) == len(text.replace(" ", ""))


PIECES = ["Am 3. ", "März ", "Wort. ", "\n", "\n\n", "مرحبا. ", "你好。", "e\u0301\u0301", "👩‍👩‍👧", "…", ", ", "a" * 90]
texts = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
)


@settings(deadline=None, max_examples=150)
@given(text=texts, cuts=st.lists(st.integers(0, 300), max_size=6), language=st.sampled_from(["de", "en", "ar", "ja", "und"]))
def test_every_character_is_in_exactly_one_sentence(text: str, cuts: list[int], language: str) -> None:
    """For any text and furniture: exact order and offsets, every non-space character outside furniture covered once."""
    bounds = sorted({min(cut, len(text)) for cut in cuts})
    furniture = tuple(Furniture(a, b, "x") for a, b in zip(bounds[::2], bounds[1::2], strict=False) if a < b)
    passages = split_article(article(text, language=language, furniture=furniture), count_tokens=count_tokens, max_tokens=30)
    spans = [span for passage in passages for span in passage.sentences]
    assert all(a.end <= b.start for a, b in pairwise(spans))
    covered = {i for span in spans for i in range(span.start, span.end)}
    outside = set(range(len(text))) - {i for mark in furniture for i in range(mark.start, mark.end)}
    assert {i for i in outside if not text[i].isspace()} <= covered <= outside
    for passage in passages:
        assert (passage.start, passage.end) == (passage.sentences[0].start, passage.sentences[-1].end)
        assert not any(mark.start < passage.end and passage.start < mark.end for mark in furniture)
        assert all(span.slice(text) == span.slice(text).strip() != "" for span in passage.sentences)
        assert "\n\n" not in "".join(span.slice(text) for span in passage.sentences)


@settings(deadline=None, max_examples=60)
@given(text=texts)
def test_found_furniture_and_passages_fit_together(text: str) -> None:
    """Whatever cleaning marks, splitting leaves out, and paragraphs are in order."""
    marks = find_furniture(text)
    spans = paragraphs(text)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    for passage in split_article(article(text, furniture=marks), count_tokens=count_tokens, max_tokens=30):
        assert not any(mark.start < passage.end and passage.start < mark.end for mark in marks)
