"""One question, asked of a chat model: its words as they come, its sentences checked beside them, and what went wrong in one word.

A sentence is checked in a thread of its own as soon as it is whole, so that no word waits for a check. Not here: the model
(``generative.py``), what it is sent (``prompts.py``), the checks (``verification.py``), what is shown (``checked.py``).
"""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from assistant.checked import write_up
from assistant.claims import split_claims
from assistant.explanations import explain
from assistant.extractive import TRANSLATED, phrase
from assistant.generative import ModelFailed
from assistant.prompts import answer_messages, choose_blocks
from assistant.quoted_dates import with_dates
from assistant.translation import translate_quotes
from assistant.types import AnswerEvent, LeftOut, Sentence
from assistant.verification import Source
from vectorstore.languages import question_languages, stop_words, words
from vectorstore.types import Hit

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
    from concurrent.futures import Future

    from assistant.checked import Checked
    from assistant.claims import Claim
    from assistant.generative import ChatModel
    from assistant.prompts import Block
    from assistant.types import Answer, Citation
    from assistant.verification import Verdict, Verifier
    from vectorstore.embedding import Vectors

_LOOK_SECONDS = 0.15
"""How often the words that have come are looked through for whole sentences."""
_REPEATS = 3
"""So often a sentence is said before the model is taken to run in a circle."""
_CIRCLE_CHARACTERS = range(8, 200)
_ENOUGH_WORDS = 8
"""With fewer words, names apart, a text's language is not judged."""
_SURELY = 0.95
_ALIKE = ({"bs", "hr", "sh", "sr"}, {"da", "nb", "nn", "no"}, {"id", "ms"}, {"gl", "pt"})
"""Languages that are not told apart well enough to reject an answer."""
_UNSPACED = frozenset({"ja", "th", "zh"})
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”“’»)]*\s*(?:[\[【][^\]】\n]{1,20}[\]】]\s*)*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """What came of asking a model.

    ``checked`` is what can be shown, None where nothing can. ``refused``: it says that the passages do not answer. ``happened`` is the name
    of a phrase for what went wrong, with ``detail``; with ``checked`` the answer is what was said until then. ``timings`` are seconds.
    """

    checked: Checked | None = None
    refused: bool = False
    happened: str = ""
    detail: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)


def generate(
    question: str,
    *,
    blocks: Sequence[Block],
    language: str,
    model: ChatModel,
    verifier: Verifier,
    vectors: Mapping[str, Vectors],
    earlier: Sequence[Citation] = (),
    cancel: threading.Event | None = None,
) -> Generator[AnswerEvent, None, Generated]:
    """Ask ``model`` about the passages in ``blocks`` and check what it says; yields its words and, as they are checked, its sentences.

    ``vectors`` are those of the sentences of passages, by passage id, where they are at hand; ``earlier`` are the citations of the
    conversation so far, which keep their numbers. Closing the generator, or setting
    ``cancel``, ends the request.
    """
    hits = {block.number: block.hit for block in blocks}
    sources = [
        Source(number=number, article=hit.article, passage=hit.passage, vectors=vectors.get(hit.passage.id))
        for number, hit in hits.items()
    ]
    messages = answer_messages(question, blocks=blocks, language=language, refusal=phrase("weak", language=language))
    asked, timings = time.perf_counter(), dict[str, float]()
    text, failure = "", None
    with closing(_Checking(verifier, sources=sources, language=language)) as checking:
        try:
            with closing(model.stream(messages, cancel=cancel)) as pieces:
                for piece in pieces:
                    timings.setdefault("first words", time.perf_counter() - asked)
                    text += piece
                    yield AnswerEvent(kind="text", text=piece)
                    if checking.look(text) and _runs_in_a_circle(text, checking.claims):
                        raise ModelFailed("repeats")
                    yield from checking.events()
        except ModelFailed as error:
            failure = error
        timings["model"] = time.perf_counter() - asked
        if is_refusal(text, language=language):
            return Generated(refused=True, timings=timings)
        happened, detail = (failure.kind, failure.detail) if failure else ("", "")
        claims = _whole(text, language=language) if failure else split_claims(text, language=language)
        if not claims:
            return Generated(happened=happened or "no answer", detail=detail, timings=timings)
        if _is_foreign(claims, language=language):
            return Generated(happened="other language", timings=timings)
        checked_from = time.perf_counter()
        verdicts = checking.verdicts(claims)
        timings["check"] = time.perf_counter() - checked_from
        yield from checking.events()
    shown = text[: claims[-1].end] if failure else text
    checked = write_up(shown, verdicts, sources=hits, language=language, earlier=earlier)
    if failure is None and not any(claim.markers for claim in claims):
        return Generated(happened="no markers", timings=timings)
    if failure is not None and not checked.any_borne_out:
        return Generated(happened=happened, detail=detail, timings=timings)
    return Generated(checked=checked, happened=happened, detail=detail, timings=timings)


def write(
    quoted: Answer,
    *,
    question: str,
    model: ChatModel,
    verifier: Verifier,
    count_tokens: Callable[[Sequence[str]], list[int]],
    budget: int,
    vectors_of: Callable[[Sequence[str]], Mapping[str, Vectors]],
    translate: bool,
    earlier: Sequence[Citation] = (),
    trouble: ModelFailed | None = None,
    cancel: threading.Event | None = None,
) -> Generator[AnswerEvent, None, Answer]:
    """The answer of ``model`` to ``question`` from the hits of ``quoted``, or that answer by quoting where there is none, saying why.

    ``trouble`` is how the model failed before, for the same question: then it is not asked again. ``vectors_of`` gives those of the
    sentences of passages by their ids, ``earlier`` are the citations of the conversation so far.
    """
    hits = [hit for hit in quoted.hits if isinstance(hit, Hit)]
    blocks, left_out = choose_blocks(hits, count_tokens=count_tokens, budget=budget)
    if trouble:
        generated = Generated(happened=trouble.kind, detail=trouble.detail)
    else:
        yield AnswerEvent(kind="step", text="write")
        vectors = vectors_of([block.hit.passage.id for block in blocks])
        generated = yield from generate(
            question,
            blocks=blocks,
            language=quoted.language,
            model=model,
            verifier=verifier,
            vectors=vectors,
            earlier=earlier,
            cancel=cancel,
        )
    answer = conclude(quoted, generated, model=model.name, left_out=left_out)
    foreign = any(citation.language not in {answer.language, "und"} for citation in answer.citations)
    if translate and foreign and answer.model and not generated.happened:
        yield AnswerEvent(kind="step", text="translate")
        began = time.perf_counter()
        citations = translate_quotes(answer.citations, language=answer.language, model=model, cancel=cancel)
        timings = {**answer.timings, "translate": time.perf_counter() - began}
        answer = replace(answer, citations=citations, timings=timings)
    return answer


def conclude(quoted: Answer, generated: Generated, *, model: str, left_out: Sequence[Hit]) -> Answer:
    """What the reader gets: what the model said, its refusal, or the quotes, with a notice of what went wrong."""
    unread = tuple(LeftOut(article_id=hit.article.id, start=hit.passage.start, end=hit.passage.end) for hit in left_out)
    answer = replace(quoted, timings={**quoted.timings, **generated.timings}, left_out=unread)
    if generated.refused:
        text = quoted.text if quoted.abstained else phrase("weak", language=quoted.language)
        return replace(answer, text=text, sentences=(), citations=(), abstained=True, reason=text, model=model)
    notice = ""
    if generated.happened:
        detail = f" ({generated.detail})" if generated.detail else ""
        notice = phrase(generated.happened, language=quoted.language, model=model, detail=detail)
        if generated.checked or not quoted.abstained:
            shown = "said until then" if generated.checked else "quotes instead"
            notice += f" {phrase(shown, language=quoted.language)}"
    if generated.checked is None:
        return replace(answer, notice=notice)
    checked = generated.checked
    citations = tuple(with_dates(citation) for citation in checked.citations)
    return replace(
        answer,
        text=checked.text,
        sentences=checked.sentences,
        citations=citations,
        abstained=False,
        reason="",
        model=model,
        notice=notice,
    )


def is_refusal(text: str, *, language: str) -> bool:
    """Whether a model says the one phrase for passages that do not answer, in ``language`` or another, and nothing else.

    Case, marks around it and white space do not count.
    """
    said = _plain(text)
    return bool(said) and any(said == _plain(phrase("weak", language=known)) for known in {language, *TRANSLATED})


class _Checking:
    """Checks the sentences of a growing text in one thread, in their order."""

    def __init__(self, verifier: Verifier, *, sources: Sequence[Source], language: str) -> None:
        self.claims: list[Claim] = []
        self._verifier = verifier
        self._sources = sources
        self._language = language
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="check")
        self._executor.submit(verifier.prepare, sources)  # what fails there fails in the first check again, where it is heard
        self._verdicts: dict[Claim, Future[Verdict]] = {}
        self._told: set[Claim] = set()
        self._looked = 0.0

    def close(self) -> None:
        """Check nothing more."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    def look(self, text: str) -> bool:
        """Hand in the sentences that are whole by now; False if that was done a moment ago."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return False
        self.claims = split_claims(text, language=self._language, finished=False)
        for claim in self.claims:
            self._submit(claim)
        self._looked = time.monotonic()
        return True

    def events(self) -> Iterator[AnswerEvent]:
        """The sentences that have been checked since."""
        for claim, verdict in self._verdicts.items():
            if claim not in self._told and verdict.done():
                self._told.add(claim)
                found = verdict.result()
                borne_out = found.evidence if found.support in {"quoted", "supported"} else ()
                sentence = Sentence(
                    start=claim.start,
                    end=claim.end,
                    citations=tuple(dict.fromkeys(number for number, _ in borne_out)),
                    support=found.support,
                    reason=explain(found, language=self._language),
                )
                yield AnswerEvent(kind="sentence", sentence=sentence)

    def verdicts(self, claims: Sequence[Claim]) -> list[Verdict]:
        """The verdicts on the sentences of the text as it is in the end; waits for them."""
        for claim in claims:
            self._submit(claim)
        final = set(claims)
        for claim in set(self._verdicts) - final:  # they went on after all
            self._verdicts.pop(claim).cancel()
        return [self._verdicts[claim].result() for claim in claims]

    def _submit(self, claim: Claim) -> None:
        if claim not in self._verdicts:
            check = self._verifier.check
            self._verdicts[claim] = self._executor.submit(check, claim, sources=self._sources, language=self._language)


def _whole(text: str, *, language: str) -> list[Claim]:
    """The sentences of a text that broke off: without the last if it has no end, and without what is only said again."""
    claims = split_claims(text, language=language)
    if claims and not _SENTENCE_END.search(text):
        claims.pop()
    said: set[str] = set()
    for position, claim in enumerate(claims):
        if claim.text in said:
            return claims[:position]
        said.add(claim.text)
    return claims


def _runs_in_a_circle(text: str, claims: Sequence[Claim]) -> bool:
    """Whether a text ends with the same words over and over, or has the same sentence too often."""
    for length in _CIRCLE_CHARACTERS:
        tail = text[-length:]
        if len(text) >= length * (_REPEATS + 2) and text.endswith(tail * (_REPEATS + 2)):
            return True
    listed = [claim.text for claim in claims]
    return any(listed.count(said) >= _REPEATS for said in set(listed))


def _is_foreign(claims: Sequence[Claim], *, language: str) -> bool:
    """Whether sentences, their quotations apart, are clearly in another language."""
    text = " ".join(_outside_quotations(claim) for claim in claims)
    likely = question_languages(text)
    best = max(likely, key=lambda known: likely[known])
    if (
        best == language
        or likely[best] < _SURELY
        or not stop_words(language)
        or any({best, language} <= alike for alike in _ALIKE)
    ):
        return False
    ordinary = [word for word in words(text) if word.text[0].islower()]
    return len(ordinary) >= _ENOUGH_WORDS or best in _UNSPACED


def _outside_quotations(claim: Claim) -> str:
    text = claim.text
    for quoted in claim.quoted_words:
        text = text.replace(quoted, " ")
    return text


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.casefold()).split())
