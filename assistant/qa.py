"""The Assistant: the one composition of library, indexes, search, evidence and wording. ``ask`` is its one-liner.

Opening is cheap; the indexes and their lock are taken at the first question, search or addition and kept until ``close``. Not here: how any
of the steps works.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import aclosing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from assistant.answering import write
from assistant.calibration import answers, calibration_for
from assistant.citations import cite
from assistant.conversation import Standalone, mark_carried, standalone_question
from assistant.disagreement import order_by_disagreement
from assistant.evidence import find_evidence
from assistant.extractive import phrase, quote_answer
from assistant.generative import ChatModel, ModelFailed, ModelLimits
from assistant.numbering import REMEMBERED_TURNS, Numbering, cited_before
from assistant.periods import question_period
from assistant.quoted_dates import with_dates
from assistant.remote import AskRequest, Remote, SearchRequest, passed_on, program_version, search_passed_on
from assistant.rewriting import rewritten_question
from assistant.threads import iterate
from assistant.types import Answer, AnswerEvent, AskedPeriod, Citation, Searched, Turn
from assistant.verification import Verifier
from vectorstore.errors import FundstelleError, LibraryBusy
from vectorstore.library import Library
from vectorstore.settings import read_settings
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path
    from types import TracebackType

    from langchain_core.retrievers import BaseRetriever

    from assistant.evidence import Evidence
    from ingest.pipeline import IngestReport, ReadProgress
    from ingest.planned import ItemResult, ReadOptions
    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder, Reranker, Vectors
    from vectorstore.indexes import Indexes, IndexProgress
    from vectorstore.library import State
    from vectorstore.ownership import Lock, Service
    from vectorstore.search import SearchResult
    from vectorstore.settings import Settings
    from vectorstore.sources import Source
    from vectorstore.types import Article, Hit

ANSWER_HITS = 10
LOCK_WAIT = 10.0
"""Seconds that an owner of the indexes who takes nothing in is waited for."""
_POLL_SECONDS = 0.2
_TAKE_IN_SECONDS = 1.0
_LOG = logging.getLogger(__name__)


class Assistant:
    """Questions and answers over one library. Thread-safe; one process at a time owns a library's indexes."""

    def __init__(self, settings: Settings, *, encoder: Encoder | None = None) -> None:
        """Open the library that ``settings`` name; ``Assistant.open`` is the usual way. ``encoder`` stands in for the one that is set."""
        self.settings = settings
        self.library = Library(settings.library)
        self._opening = threading.RLock()
        self._writing = threading.Lock()
        self._takers = 0
        self._indexes: Indexes | None = None
        self._lock: Lock | None = None
        self._service: Service | None = None
        self._encoder = encoder
        self._glossary: Glossary | None = None
        self._reranker: Reranker | None = None
        self._chat_model: ChatModel | None = None
        self._verifier: Verifier | None = None

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
        detect_period: bool = True,
        cancel: threading.Event | None = None,
    ) -> Answer:
        """Answer ``question`` from the library, with a verified quote for everything that is said.

        ``answer_language`` is that of the framing and of refusals (default: the question's); quotes stay as they are. A time in the question
        that is about the reports ("since last week") limits the articles unless ``filters`` do or ``detect_period`` is false.
        What a turn of ``history`` cited keeps its number (``Turn.of`` remembers an answer); other citations get the next ones.
        Once ``cancel`` is set a chat model is asked no further, and the answer is what it has said or the quotes.

        Raises:
            FundstelleError: the library, its indexes or a model cannot be used; the message says what to do. A chat model that
                does not answer is no error: the answer quotes and its ``notice`` says why.
        """
        *_, last = self.stream(
            question,
            history=history,
            filters=filters,
            answer_language=answer_language,
            detect_period=detect_period,
            cancel=cancel,
        )
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
        detect_period: bool = True,
        cancel: threading.Event | None = None,
    ) -> Generator[AnswerEvent, None, None]:
        """``ask`` as it goes: the steps as they begin, the text as it comes, the whole answer last.

        Where ``serve`` has the library, it is asked; then its settings count, not these.

        Closing the iterator ends the request to a chat model at once; ``cancel`` does too, and the whole answer still comes.
        """
        begun = time.perf_counter()
        filters, question = filters or Filters(), _readable(question)
        history = [
            replace(turn, question=_readable(turn.question), answer=_readable(turn.answer))
            for turn in history[-REMEMBERED_TURNS:]
        ]
        asked = AskRequest(
            question=question,
            history=tuple(history),
            filters=filters,
            answer_language=answer_language,
            detect_period=detect_period,
        )
        if (yield from passed_on(self._owner_elsewhere, asked, cancel=cancel)):
            return
        earlier, history = cited_before(history), [turn for turn in history if turn.question.strip()]
        model, trouble, rewritten = self.chat_model, None, None
        if model and history and question.strip():
            yield AnswerEvent(kind="step", text="rewrite")
            try:
                rewritten = rewritten_question(question, history=history, model=model, cancel=cancel)
            except ModelFailed as error:
                trouble = error
        standalone, searched = _read_question(
            rewritten.question if rewritten else question,
            history=() if rewritten else history,
            filters=filters,
            detect_period=detect_period,
        )
        if rewritten:
            standalone = rewritten
            searched = replace(searched, carried=rewritten.carried, rewritten=rewritten.question != question)
        language = answer_language or (standalone.language if history else None)
        yield AnswerEvent(kind="step", text="search")
        refused = self._refusal_without_search(searched.question)
        if refused:
            answer = self._refuse(question, searched, refused, language=language)
        else:
            result = self._search(searched.question, filters=searched.filters, limit=ANSWER_HITS)
            if searched.period and not result.hits:
                searched = replace(searched, filters=filters, period=replace(searched.period, applied=False))
                result = self._search(searched.question, filters=filters, limit=ANSWER_HITS)
            result = replace(result, terms=mark_carried(result.terms, standalone))
            yield AnswerEvent(kind="step", text="read")
            answer = self._answer(question, searched, result, language=language, earlier=earlier)
            if model and result.hits:
                answer = yield from write(
                    answer,
                    question=rewritten.question if rewritten else searched.question if standalone.carried else question,
                    model=model,
                    verifier=self.verifier,
                    count_tokens=self.encoder.count_tokens,
                    budget=self.settings.model_evidence_tokens,
                    vectors_of=self._sentence_vectors,
                    translate=self.settings.model_translates,
                    earlier=earlier,
                    trouble=trouble,
                    cancel=cancel,
                )
        answer = replace(answer, timings={**answer.timings, "total": time.perf_counter() - begun})
        if "first words" not in answer.timings:  # else a chat model's have come
            yield AnswerEvent(kind="text", text=answer.text)
        yield AnswerEvent(kind="answer", answer=answer)

    async def aask(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        answer_language: str | None = None,
        detect_period: bool = True,
    ) -> Answer:
        """``ask`` for asynchronous callers, in a thread; cancelled, it ends the request to a chat model too."""
        answer: Answer | None = None
        given: dict[str, Any] = {"history": history, "filters": filters, "answer_language": answer_language}
        async with aclosing(self.astream(question, detect_period=detect_period, **given)) as events:
            async for event in events:
                answer = event.answer or answer
        if answer is None:
            message = "a stream always ends with the answer"
            raise AssertionError(message)
        return answer

    async def astream(
        self,
        question: str,
        *,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        answer_language: str | None = None,
        detect_period: bool = True,
    ) -> AsyncGenerator[AnswerEvent, None]:
        """``stream`` for asynchronous callers, in a thread; closed or cancelled, it ends the request to a chat model too."""
        given: dict[str, Any] = {"history": history, "filters": filters, "answer_language": answer_language}
        start = partial(self.stream, question, detect_period=detect_period, **given)
        async with aclosing(iterate(lambda cancel: start(cancel=cancel))) as events:
            async for event in events:
                yield event

    def search(self, question: str, *, limit: int = 10, filters: Filters | None = None) -> list[Hit]:
        """The passages that best match ``question`` in any language, best first."""
        if not question.strip() or not self.library.count_passages():
            return []
        asked = SearchRequest(question=_readable(question), limit=limit, filters=filters or Filters())
        found = search_passed_on(self._owner_elsewhere, asked)
        return list(self._search(asked.question, filters=asked.filters, limit=limit).hits) if found is None else found

    def bundle(self, answer: Answer[Any], *, with_texts: bool = True) -> dict[str, Any]:
        """``answer`` with what proves it, for ``fundstelle verify``: JSON-ready values. ``with_texts=False`` leaves whole articles out.

        Raises:
            ArticleNotFound: a cited article is no longer in the library.
        """
        from assistant.bundle import make_bundle

        return make_bundle(answer, article=lambda id_, version: self.article(id_, version=version), with_texts=with_texts)

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
        options: ReadOptions | None = None,
        compare: bool = True,
        stop: threading.Event | None = None,
        on_item: Callable[[ItemResult], None] = lambda _: None,
        on_progress: Callable[[IndexProgress], None] = lambda _: None,
    ) -> IngestReport:
        """Take in files, folders, addresses, feeds or ``"-"`` (standard input), and the sample articles if asked; never raises for an item.

        ``compare`` links articles that say the same and learns what an outlet repeats. Once ``stop`` is set, what is in hand is finished and the rest
        left. ``on_item`` hears of each item as it is stored, ``on_progress`` of reading and indexing, which overlap; both from other threads too.
        Where another process owns the indexes and takes in what is pending, it is followed to the end.

        Raises:
            LibraryBusy: another process owns the indexes and does not let go; what was read is stored.
        """
        from ingest.pipeline import IngestReport, Web, ingest
        from ingest.refresh import record
        from ingest.samples import sample_paths

        def read(stop: threading.Event) -> IngestReport:
            given: dict[str, Any] = {
                "library": self.library,
                "count_tokens": self.encoder.count_tokens,
                "link": compare,
                "stop": stop,
                "on_item": on_item,
                "on_progress": _as_reading(on_progress),
            }
            web = Web(allow_private=self.settings.allow_private)
            reports = [
                ingest(sources, options=options, web=web, on_visit=partial(record, library=self.library, follow=True), **given)
            ]
            if samples and not stop.is_set():
                reports.append(ingest(sample_paths(), sample=True, **given))
            return IngestReport(tuple(item for report in reports for item in report.items), stopped=stop.is_set())

        return self._read_and_index(read, compare=compare, stop=stop, on_progress=on_progress)

    def refresh(
        self,
        *,
        every_source: bool = False,
        stop: threading.Event | None = None,
        on_item: Callable[[ItemResult], None] = lambda _: None,
        on_progress: Callable[[IndexProgress], None] = lambda _: None,
    ) -> IngestReport:
        """Visit the feeds and pages that were added, those that are due or every one, and take in what is new; as ``add`` otherwise."""
        return self._read_and_index(
            lambda stop: self._visit(every_source=every_source, stop=stop, on_item=on_item, on_progress=on_progress),
            compare=True,
            stop=stop,
            on_progress=on_progress,
        )

    def sources(self) -> list[Source]:
        """The feeds, sitemaps and pages that are followed."""
        return self.library.sources()

    def unfollow(self, addresses: Iterable[str]) -> list[str]:
        """Follow these no longer; returns those that were followed. Their articles stay."""
        return self.library.unfollow(addresses)

    @contextmanager
    def keep_up(self, *, refresh_every: timedelta | None = None) -> Iterator[None]:
        """While this lasts, own the indexes, take in what other processes leave as pending, and visit followed sources as they are due."""
        stop = threading.Event()
        threads = [threading.Thread(target=self._take_in_regularly, args=(stop,), name="take in")]
        if refresh_every:
            threads.append(threading.Thread(target=self._visit_regularly, args=(stop, refresh_every), name="refresh"))
        with self._taking_in():
            for thread in threads:
                thread.start()
            try:
                yield
            finally:
                stop.set()
                for thread in threads:
                    thread.join()

    def remove(self, article_ids: Iterable[str]) -> list[str]:
        """Remove articles with all versions, original bytes and index entries; returns the ids that were there.

        Where another process owns the indexes, they are gone from the library at once, and that process drops the index entries.
        """
        if not self._owns():
            return self.library.remove(article_ids)
        indexes = self.indexes
        with self._writing:
            removed = self.library.remove(article_ids)
            indexes.purge()
        return removed

    def reindex(self, *, on_progress: Callable[[IndexProgress], None] = lambda _: None) -> int:
        """Rebuild both indexes from the library for the models and dictionaries that are set; returns how many articles they hold."""
        from ingest.articles import split
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

    def extract_again(
        self,
        *,
        stop: threading.Event | None = None,
        on_item: Callable[[ItemResult], None] = lambda _: None,
        on_progress: Callable[[IndexProgress], None] = lambda _: None,
    ) -> IngestReport:
        """Make every article anew from its kept original bytes; other words become a new version. As ``add`` otherwise."""
        from ingest.reextraction import extract_again

        return self._read_and_index(
            lambda stop: extract_again(
                self.library,
                count_tokens=self.encoder.count_tokens,
                stop=stop,
                on_item=on_item,
                on_progress=_as_reading(on_progress),
            ),
            compare=True,
            stop=stop,
            on_progress=on_progress,
        )

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

    # Reading and indexing side by side

    def _read_and_index(
        self,
        read: Callable[[threading.Event], IngestReport],
        *,
        compare: bool,
        stop: threading.Event | None,
        on_progress: Callable[[IndexProgress], None],
    ) -> IngestReport:
        """``read`` in a thread, and beside it index what it stores, until nothing is left to do or, once ``stop`` is set, nothing is in hand."""
        stop = stop or threading.Event()
        if self._owns():
            _ = self.indexes  # what is wrong with them is said before anything is read

        def read_all() -> IngestReport:
            report = read(stop)
            if compare and not stop.is_set():
                self._learn()
            return report

        with ThreadPoolExecutor(1, thread_name_prefix="read") as executor, self._taking_in():
            reading = executor.submit(read_all)
            try:
                self._index_beside(reading, stop=stop, on_progress=on_progress)
            except BaseException:
                stop.set()
                raise
            return reading.result()

    def _index_beside(
        self, reading: Future[IngestReport], *, stop: threading.Event, on_progress: Callable[[IndexProgress], None]
    ) -> None:
        from vectorstore.indexes import IndexProgress
        from vectorstore.ownership import owner_of

        done: Counter[str] = Counter()
        most, idle_since = 0, time.monotonic()
        while True:
            finished = reading.done()  # before looking for work: what is stored later is seen in the next round
            if finished and stop.is_set():
                return
            if self._owns():
                if taken := self._take_in():
                    done[taken.step] += taken.articles
                    on_progress(IndexProgress(taken.step, done[taken.step], done[taken.step] + (taken.total or 0)))
                    continue
                if finished:
                    return
            else:
                waiting = self._waiting()
                if finished and not waiting:
                    return
                most = max(most, waiting)
                on_progress(IndexProgress("articles", most - waiting, most))
                owner = owner_of(self.settings.library)
                if owner.takes_in or not finished:
                    idle_since = time.monotonic()
                elif time.monotonic() - idle_since > LOCK_WAIT:
                    raise LibraryBusy(self.settings.library, pid=owner.pid, waited=LOCK_WAIT)
            if finished:
                stop.wait(_POLL_SECONDS)
            else:
                wait([reading], timeout=_POLL_SECONDS)

    def _take_in(self) -> IndexProgress | None:
        with self._writing:
            return self.indexes.take_in(sentences=self.settings.sentence_vectors)

    def _waiting(self) -> int:
        """How many articles wait for the indexes."""
        unfinished: tuple[State, ...] = ("pending", "searchable") if self.settings.sentence_vectors else ("pending",)
        return self.library.count_articles(*unfinished)

    def _learn(self) -> None:
        from ingest.articles import split
        from ingest.furniture import learn

        learn(self.library, split=lambda article: split(article, count_tokens=self.encoder.count_tokens))

    def _visit(
        self,
        *,
        stop: threading.Event,
        every_source: bool = False,
        on_item: Callable[[ItemResult], None] = lambda _: None,
        on_progress: Callable[[IndexProgress], None] = lambda _: None,
    ) -> IngestReport:
        from ingest.pipeline import Web
        from ingest.refresh import refresh

        with Web(allow_private=self.settings.allow_private) as web:
            return refresh(
                self.library,
                count_tokens=self.encoder.count_tokens,
                web=web,
                every_source=every_source,
                stop=stop,
                on_item=on_item,
                on_progress=_as_reading(on_progress),
            )

    def _take_in_regularly(self, stop: threading.Event) -> None:
        said = ""
        while True:
            try:
                while not stop.is_set() and self._owns() and (self._waiting() or self.library.leavings(limit=1)):
                    self._take_in()
            except FundstelleError as error:
                if str(error) != said:
                    _LOG.warning("%s", error)
                said = str(error)
            if stop.wait(_TAKE_IN_SECONDS):
                return

    def _visit_regularly(self, stop: threading.Event, every: timedelta) -> None:
        while True:
            try:
                report = self._visit(stop=stop)
                if any(item.status in {"added", "updated"} for item in report.items) and not stop.is_set():
                    self._learn()
            except FundstelleError as error:
                _LOG.warning("%s", error)
            if stop.wait(every.total_seconds()):
                return

    @contextmanager
    def _taking_in(self) -> Iterator[None]:
        """While this lasts, other processes hear that the owner of the indexes takes in what they leave as pending."""
        with self._opening:
            self._takers += 1
            self._announce()
        try:
            yield
        finally:
            with self._opening:
                self._takers -= 1
                self._announce()

    def _announce(self) -> None:
        if self._lock:
            self._lock.announce(takes_in=self._takers > 0, service=self._service, program=program_version())

    @contextmanager
    def answering_at(self, service: Service) -> Iterator[None]:
        """While this lasts, other processes of this user may pass their questions on to ``service``, which asks this assistant."""
        with self._opening:
            self._service = service
            self._announce()
        try:
            yield
        finally:
            with self._opening:
                self._service = None
                self._announce()

    def _owner_elsewhere(self) -> Remote | None:
        """The process that owns the indexes and answers for others; None where this one has them, or needs none.

        Raises:
            LibraryBusy: another process has them, and neither answers for others nor lets go.
        """
        from vectorstore.ownership import owner_of

        waiting_since = time.monotonic()
        while not self._owns():
            owner = owner_of(self.settings.library)
            if owner.service and owner.alive:
                return Remote(owner, owner.service)
            if not self.library.count_articles("searchable", "complete"):
                return None
            if time.monotonic() - waiting_since > LOCK_WAIT:
                raise LibraryBusy(self.settings.library, pid=owner.pid, waited=LOCK_WAIT)
            time.sleep(_POLL_SECONDS)
        return None

    def _owns(self) -> bool:
        """Whether this process has the indexes, or can have them at once."""
        from vectorstore.ownership import Lock

        with self._opening:
            if self._lock is None:
                try:
                    self._lock = Lock(self.settings.library, wait=0)
                except LibraryBusy:
                    return False
                self._announce()
            return True

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

    def _answer(
        self, question: str, searched: Searched, result: SearchResult, *, language: str | None, earlier: Sequence[Citation]
    ) -> Answer:
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
        quotes, disagree = order_by_disagreement(
            finding.quotes,
            question=searched.question,
            language=result.terms.language,
            asks_about=lambda evidence, words: self._asks_about(evidence, words, result),
        )
        numbering = Numbering(earlier)
        for evidence in quotes:
            number = numbering.number(evidence.hit.article, evidence.span)
            citation = cite(evidence.hit.article, evidence.span, number=number, also_in=evidence.hit.also_in)
            if citation.verbatim:
                citations.append(with_dates(citation))
        text, sentences = quote_answer(citations, language=language, disagree=disagree)
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

    def _asks_about(self, evidence: Evidence, words: str, result: SearchResult) -> bool:
        from vectorstore.terms import text_terms

        found = text_terms(words, language=evidence.hit.article.language, glossary=self.glossary)
        return any(word.found_in(found) for word in result.terms.words)

    def _sentence_vectors(self, passage_ids: Sequence[str]) -> Mapping[str, Vectors]:
        found = self.indexes.vectors.get(passage_ids)
        return {passage_id: vectors.sentences for passage_id, vectors in found.items() if vectors.sentences is not None}

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
        from vectorstore.ownership import Lock

        if self._lock is None:
            self._lock = Lock(self.settings.library)
            self._announce()

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

    @property
    def chat_model(self) -> ChatModel | None:
        """The chat model that is set, if one is; without it answers only quote."""
        settings = self.settings
        with self._opening:
            if self._chat_model is None and settings.model:
                limits = ModelLimits(
                    silence=settings.model_timeout,
                    total=settings.model_total_timeout,
                    characters=settings.model_answer_characters,
                )
                self._chat_model = ChatModel(
                    settings.model, base_url=settings.model_base_url, limits=limits, tracing=settings.tracing
                )
            return self._chat_model

    @property
    def verifier(self) -> Verifier:
        """What checks the sentences of a chat model."""
        with self._opening:
            if self._verifier is None:
                self._verifier = Verifier(encoder=self.encoder, glossary=self.glossary)
            return self._verifier


def _as_reading(on_progress: Callable[[IndexProgress], None]) -> Callable[[ReadProgress], None]:
    """The progress of reading, told as a step."""
    from vectorstore.indexes import IndexProgress

    return lambda read: on_progress(IndexProgress("reading", read.done, read.planned if read.complete else None))


def _read_question(
    question: str, *, history: Sequence[Turn], filters: Filters, detect_period: bool
) -> tuple[Standalone, Searched]:
    """What a question leans on, and what is searched for it: its words without those of a period, which becomes a filter."""
    standalone = standalone_question(question, history=history)
    period = None
    if detect_period and not (filters.since or filters.until):
        period = question_period(question, language=standalone.language, today=datetime.now(UTC).date())
    if period is None:
        return standalone, Searched(question=standalone.question, filters=filters, carried=standalone.carried)
    standalone = standalone_question(period.removed(question), history=history)
    return standalone, Searched(
        question=standalone.question,
        filters=period.applied(filters),
        carried=standalone.carried,
        period=AskedPeriod(since=period.since, until=period.until, text=period.text),
    )


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
