"""The Assistant: the one composition of library, indexes, search, evidence and wording. ``ask`` is its one-liner.

Opening is cheap; the indexes and their lock are taken at the first question, search or addition and kept until ``close``. Not here: how any
of the steps works.
"""

from __future__ import annotations

import atexit
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Self

from assistant.calibration import answers, calibration_for
from assistant.citations import cite
from assistant.conversation import mark_carried, standalone_question
from assistant.evidence import find_evidence
from assistant.extractive import phrase, quote_answer
from assistant.types import Answer, AnswerEvent, Citation, Searched, Turn
from vectorstore.library import Library
from vectorstore.settings import read_settings
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from langchain_core.retrievers import BaseRetriever

    from ingest.pipeline import IngestReport, ItemResult
    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder, Reranker
    from vectorstore.indexes import Indexes, IndexProgress, Lock
    from vectorstore.search import SearchResult
    from vectorstore.settings import Settings
    from vectorstore.types import Article, Hit

ANSWER_HITS = 10


class Assistant:
    """Questions and answers over one library. Thread-safe; one process at a time owns a library's indexes."""

    def __init__(self, settings: Settings, *, encoder: Encoder | None = None) -> None:
        """Open the library that ``settings`` name; ``Assistant.open`` is the usual way. ``encoder`` stands in for the one that is set."""
        self.settings = settings
        self.library = Library(settings.library)
        self._opening = threading.RLock()
        self._writing = threading.Lock()
        self._indexes: Indexes | None = None
        self._lock: Lock | None = None
        self._encoder = encoder
        self._glossary: Glossary | None = None
        self._reranker: Reranker | None = None

    @classmethod
    def open(cls, library: Path | str | None = None, *, settings: Settings | None = None) -> Self:
        """Open a library: the folder ``library``, that of ``settings``, or the default one. A new folder is an empty library.

        Raises:
            SettingsError: a setting cannot be used.
            LibraryError: the folder cannot be made, written or read.
        """
        if settings is None:
            settings = read_settings(library=library)
        elif library is not None:
            settings = read_settings(**{**settings.model_dump(), "library": library})
        return cls(settings)

    def __enter__(self) -> Self:
        """The assistant itself; it is closed at the end of the block."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """Let go of the indexes, their lock and the library."""
        with self._opening:
            if self._indexes:
                self._indexes.close()
                self._indexes = None
            if self._lock:
                self._lock.release()
                self._lock = None
            self.library.close()

    # Asking

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        answer_language: str | None = None,
    ) -> Answer:
        """Answer ``question`` from the library, with a verified quote for everything that is said.

        ``answer_language`` is that of the framing and of refusals (default: the question's); quotes stay as they are.

        Raises:
            FundstelleError: the library, its indexes or a model cannot be used; the message says what to do.
        """
        *_, last = self.stream(question, history=history, filters=filters, answer_language=answer_language)
        if last.answer is None:
            message = "a stream always ends with the answer"
            raise AssertionError(message)
        return last.answer

    def stream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        answer_language: str | None = None,
    ) -> Iterator[AnswerEvent]:
        """``ask`` as it goes: the steps as they begin, the text as it comes, the whole answer last."""
        begun = time.perf_counter()
        filters, question = filters or Filters(), _readable(question)
        history = [replace(turn, question=_readable(turn.question), answer=_readable(turn.answer)) for turn in history]
        standalone = standalone_question(question, history=history)
        searched = Searched(question=standalone.question, filters=filters, carried=standalone.carried)
        language = answer_language or (standalone.language if history else None)
        yield AnswerEvent(kind="step", text="search")
        refused = self._refusal_without_search(searched.question)
        if refused:
            answer = self._refuse(question, searched, refused, language=language)
        else:
            result = self._search(searched.question, filters=filters, limit=ANSWER_HITS)
            result = replace(result, terms=mark_carried(result.terms, standalone))
            yield AnswerEvent(kind="step", text="read")
            answer = self._answer(question, searched, result, language=language)
        answer = replace(answer, timings={**answer.timings, "total": time.perf_counter() - begun})
        yield AnswerEvent(kind="text", text=answer.text)
        yield AnswerEvent(kind="answer", answer=answer)

    def search(self, question: str, *, limit: int = 10, filters: Filters | None = None) -> list[Hit]:
        """The passages that best match ``question`` in any language, best first."""
        if not question.strip() or not self.library.count_passages():
            return []
        return list(self._search(_readable(question), filters=filters or Filters(), limit=limit).hits)

    def as_retriever(self, *, limit: int = 10, filters: Filters | None = None) -> BaseRetriever:
        """The library as a LangChain retriever."""
        from assistant.retriever import LibraryRetriever

        return LibraryRetriever(assistant=self, limit=limit, filters=filters)

    def suggestions(self, *, limit: int = 3) -> list[str]:
        """Questions that the library can answer, for someone who sees it for the first time; so far about the samples only."""
        from ingest.samples import example_questions

        names = {article_id: self.library.article(article_id).path or "" for article_id in self.library.sample_ids()}
        there = {path.rsplit("/", 1)[-1] for path in names.values()}
        return [example.question for example in example_questions() if example.article in there][:limit]

    # The library

    def add(
        self,
        sources: Iterable[str | Path] = (),
        *,
        samples: bool = False,
        on_item: Callable[[ItemResult], None] = lambda _: None,
        on_progress: Callable[[IndexProgress], None] = lambda _: None,
    ) -> IngestReport:
        """Take in files, folders or ``"-"`` (standard input), and the sample articles if asked; never raises for an item.

        ``on_item`` hears of each item as it is stored, ``on_progress`` of the indexing that follows.
        """
        from ingest.pipeline import IngestReport, ingest
        from ingest.samples import sample_paths

        with self._writing:
            indexes, count = self.indexes, self.encoder.count_tokens
            reports = [ingest(sources, library=self.library, count_tokens=count, on_item=on_item)]
            if samples:
                reports.append(ingest(sample_paths(), library=self.library, count_tokens=count, sample=True, on_item=on_item))
            indexes.catch_up(sentences=self.settings.sentence_vectors, on_progress=on_progress)
        return IngestReport(tuple(item for report in reports for item in report.items))

    def remove(self, article_ids: Iterable[str]) -> list[str]:
        """Remove articles with all versions, original bytes and index entries; returns the ids that were there."""
        with self._writing:
            indexes = self.indexes
            removed = self.library.remove(article_ids)
            indexes.purge()
        return removed

    def reindex(self, *, on_progress: Callable[[IndexProgress], None] = lambda _: None) -> int:
        """Rebuild both indexes from the library for the models and dictionaries that are set; returns how many articles they hold."""
        from ingest.pipeline import split
        from vectorstore.indexes import rebuild

        # Whoever takes both locks takes them in this order.
        with self._writing:
            with self._opening:
                if self._indexes:
                    self._indexes.close()
                    self._indexes = None
                self._take_lock()
                encoder = self.encoder
                rebuild(
                    self.library,
                    encoder=encoder,
                    glossary=self.glossary,
                    split=lambda article: split(article, count_tokens=encoder.count_tokens),
                    sentences=self.settings.sentence_vectors,
                    on_progress=on_progress,
                )
            self.indexes.catch_up(sentences=self.settings.sentence_vectors, on_progress=on_progress)
        return self.library.count_articles("searchable", "complete")

    def articles(self, *, limit: int | None = None, offset: int = 0, filters: Filters | None = None) -> list[Article]:
        """The articles of the library, newest first."""
        return self.library.articles(limit=limit, offset=offset, filters=filters)

    def article_count(self) -> int:
        """How many articles can be found or soon will be."""
        return self.library.count_articles()

    def article(self, article_id: str, *, version: str | None = None) -> Article:
        """One article, or an older version of it.

        Raises:
            ArticleNotFound: there is no such article or version.
        """
        return self.library.article(article_id, version=version)

    # Steps of an answer

    def _refusal_without_search(self, question: str) -> str | None:
        if not question.strip():
            return "question"
        if self.library.count_articles("searchable", "complete"):
            return None
        return "pending" if self.library.count_articles("pending") else "empty"

    def _search(self, question: str, *, filters: Filters, limit: int) -> SearchResult:
        from vectorstore.search import hybrid_search

        return hybrid_search(
            question,
            library=self.library,
            indexes=self.indexes,
            encoder=self.encoder,
            glossary=self.glossary,
            filters=filters,
            limit=limit,
            reranker=self.reranker,
        )

    def _answer(self, question: str, searched: Searched, result: SearchResult, *, language: str | None) -> Answer:
        language = language or result.terms.language
        start = time.perf_counter()
        if not result.hits:
            return self._refuse(question, searched, "filtered", language=language)
        encoder = self.encoder
        finding = find_evidence(searched.question, result, encoder=encoder, glossary=self.glossary)
        enough, confidence = answers(finding.features, calibration_for(encoder.signature)) if finding.features else (False, None)
        timings = {**result.timings, "evidence": time.perf_counter() - start}
        if not enough:
            names = ", ".join(finding.missing)
            reason = phrase("missing", language=language, names=names) if names else phrase("weak", language=language)
            refused = self._refuse(question, searched, reason, language=language, hits=result.hits)
            return replace(refused, confidence=confidence, timings=timings)
        citations: list[Citation] = []
        for evidence in finding.quotes:
            citation = cite(evidence.hit.article, evidence.span, number=len(citations) + 1)
            if citation.verbatim:
                citations.append(citation)
        text, sentences = quote_answer(citations, language=language)
        return Answer(
            question=question,
            searched=searched,
            text=text,
            language=language,
            sentences=sentences,
            citations=tuple(citations),
            hits=result.hits,
            abstained=False,
            reason="",
            confidence=confidence,
            model=None,
            timings=timings,
            pending=self.library.count_articles("pending"),
        )

    def _refuse(
        self, question: str, searched: Searched, reason: str, *, language: str | None, hits: Sequence[Hit] = ()
    ) -> Answer:
        from vectorstore.terms import question_terms

        language = language or question_terms(question, library=(), glossary=self.glossary).language
        text = reason if " " in reason else phrase(reason, language=language)
        return Answer(
            question=question,
            searched=searched,
            text=text,
            language=language,
            sentences=(),
            citations=(),
            hits=tuple(hits),
            abstained=True,
            reason=text,
            confidence=None,
            model=None,
            pending=self.library.count_articles("pending"),
        )

    # Opening parts at their first use

    @property
    def indexes(self) -> Indexes:
        """The indexes, opened under their lock at the first use.

        Raises:
            LibraryBusy: another process owns them.
            IndexMismatch, IndexCorrupt: they have to be rebuilt with ``reindex``.
        """
        from vectorstore.indexes import Indexes

        with self._opening:
            if self._indexes is None:
                self._take_lock()
                self._indexes = Indexes.open(self.library, encoder=self.encoder, glossary=self.glossary)
            return self._indexes

    def _take_lock(self) -> None:
        from vectorstore.indexes import Lock

        if self._lock is None:
            self._lock = Lock(self.settings.library)

    @property
    def encoder(self) -> Encoder:
        """The embedding model that is set."""
        from vectorstore.embedding import load_encoder

        with self._opening:
            if self._encoder is None:
                self._encoder = load_encoder(self.settings.embedding, cache=self.settings.cache)
            return self._encoder

    @property
    def glossary(self) -> Glossary:
        """The dictionaries that are there."""
        from vectorstore.dictionary import Glossary

        with self._opening:
            if self._glossary is None:
                self._glossary = Glossary.open(self.settings.dictionaries, cache=self.settings.cache)
            return self._glossary

    @property
    def reranker(self) -> Reranker | None:
        """The cross-encoder that is set, if one is."""
        from vectorstore.embedding import Reranker

        with self._opening:
            if self._reranker is None and self.settings.reranker:
                self._reranker = Reranker(self.settings.reranker)
            return self._reranker


def _readable(question: str) -> str:
    """``question`` without what is no character (lone surrogates, from arguments that are not UTF-8), which no model reads."""
    return question.encode("utf-8", "replace").decode()


_default: dict[Settings, Assistant] = {}
_default_lock = threading.Lock()


def ask(
    question: str,
    *,
    library: Path | str | None = None,
    history: Sequence[Turn] = (),
    filters: Filters | None = None,
    answer_language: str | None = None,
) -> Answer:
    """Answer a question from a library (the default one, or the folder ``library``), which is kept open between calls.

    Raises:
        FundstelleError: as ``Assistant.ask``.
    """
    settings = read_settings(library=library)
    with _default_lock:
        if settings not in _default:
            _default[settings] = Assistant(settings)
            atexit.register(_default[settings].close)
        assistant = _default[settings]
    return assistant.ask(question, history=history, filters=filters, answer_language=answer_language)
