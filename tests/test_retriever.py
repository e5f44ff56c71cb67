"""The library as a LangChain retriever: in a chain, in batches, asynchronously, with everything that a citation needs."""

from __future__ import annotations

import asyncio
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda, RunnablePassthrough

from assistant import Filters
from assistant.retriever import LibraryRetriever
from assistant.types import HitRecord
from tests.web.fakes import hit_of, make_article

if TYPE_CHECKING:
    from assistant import Assistant
    from vectorstore.types import Hit

ARTICLES = [
    make_article(),
    make_article(id="b", text="Zweiter Artikel. Er ist kurz.", url=None, published_at=None, published_precision=None),
]


class Shelf:
    """Finds the same two passages whatever is asked, and notes how it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int, Filters | None]] = []

    def search(self, question: str, *, limit: int, filters: Filters | None) -> list[Hit]:
        """Both, or the first."""
        self.asked.append((question, limit, filters))
        return [hit_of(article) for article in ARTICLES][:limit]


def test_a_document_has_what_a_citation_needs() -> None:
    """The passage's words, its id, and every other key of a hit, so that the place can be found again."""
    first, second = LibraryRetriever(assistant=Shelf()).invoke("Wer?")
    assert first.page_content == ARTICLES[0].text
    assert first.id == hit_of(ARTICLES[0]).passage.id
    assert set(first.metadata) == {each.name for each in fields(HitRecord)} - {"text"}
    for name in ("article_id", "version", "start", "end", "title", "source", "url", "language", "score"):
        assert first.metadata[name] == getattr(HitRecord.of(hit_of(ARTICLES[0])), name)
    assert ARTICLES[0].text[first.metadata["start"] : first.metadata["end"]] == first.page_content
    assert datetime.fromisoformat(first.metadata["published_at"]) == ARTICLES[0].published_at
    assert (second.metadata["url"], second.metadata["published_at"]) == (None, None)


def test_limit_and_filters_are_passed_on() -> None:
    """And an asynchronous question is the same one."""
    shelf, filters = Shelf(), Filters(language="de")
    retriever = LibraryRetriever(assistant=shelf, limit=1, filters=filters)
    assert isinstance(retriever, BaseRetriever)
    assert asyncio.run(retriever.ainvoke("Wer?")) == retriever.invoke("Wer?")
    assert asyncio.run(retriever.abatch(["Wo?", "Wann?"])) == retriever.batch(["Wo?", "Wann?"])
    assert shelf.asked[0] == ("Wer?", 1, filters)
    assert {question for question, _, _ in shelf.asked} == {"Wer?", "Wo?", "Wann?"}


def test_an_error_reaches_the_caller() -> None:
    """Nothing is swallowed on the way through LangChain."""

    class Broken:
        def search(self, question: str, *, limit: int, filters: Filters | None) -> list[Hit]:
            raise ZeroDivisionError(question)

    retriever = LibraryRetriever(assistant=Broken())
    with pytest.raises(ZeroDivisionError):
        retriever.invoke("Wer?")
    with pytest.raises(ZeroDivisionError):
        asyncio.run(retriever.ainvoke("Wer?"))


def test_in_a_chain(samples: Assistant) -> None:
    """A chain of LangChain's that numbers the passages it gets, synchronously and not."""

    def numbered(documents: list[Document]) -> str:
        return "\n".join(
            f"[{number}] {each.metadata['source']}: {each.page_content[:40]}" for number, each in enumerate(documents, start=1)
        )

    chain = {
        "evidence": samples.as_retriever(limit=3) | RunnableLambda(numbered),
        "question": RunnablePassthrough(),
    } | RunnableLambda(lambda given: f"{given['question']}\n{given['evidence']}")
    prompt = chain.invoke("Blinken in Astana")
    assert prompt.splitlines()[0] == "Blinken in Astana"
    assert [line[:4] for line in prompt.splitlines() if line.startswith("[")] == ["[1] ", "[2] ", "[3] "]
    assert asyncio.run(chain.ainvoke("Blinken in Astana")) == prompt
