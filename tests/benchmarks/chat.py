"""Answers of a chat model, end to end over the sample questions: ``python -m tests.benchmarks.chat [--slips]``.

The model is scripted but real HTTP (``tests/chat_server.py``): for each question it is asked through ``Assistant`` it says what stands in
``tests/model_answers.jsonl``, written before it was first run (one sentence has got other words since, where "31." ended it). First the truth, each sentence with the marker of the passage that says it;
then lies, each with the marker of the passage that says otherwise, and true sentences with a wrong marker. Measured: how many true sentences are
supported, how many false ones are marked, whether every citation is verbatim, how long after the model's first words they leave, and what a
question costs without a model. Not here: the checks alone, over written sentences and other texts (``verification.py``).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePath
from statistics import median, quantiles

from assistant import Answer, Assistant, Settings, Turn
from ingest.samples import SampleQuestion, sample_questions
from tests.benchmarks import machine
from tests.chat_server import Block, ChatServer, Prompt

ANSWERS = Path(__file__).parents[1] / "model_answers.jsonl"
MODEL = "openai:scripted"
OTHER_STORY, OTHER_PASSAGE = "marker of another story", "marker of another passage"
WRONG_MARKERS = frozenset({OTHER_STORY, OTHER_PASSAGE})
_BORNE_OUT = frozenset({"quoted", "supported"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One sentence that the scripted model says. ``near`` are words of the passage whose marker it gets, or should get.

    ``kind`` is ``"true"``, a kind of lie, or one of the two kinds of wrong marker behind a true sentence.
    """

    question: SampleQuestion
    kind: str
    text: str
    near: str

    @property
    def held_out(self) -> bool:
        """Whether it is in the half whose slips are not read: that of its article, as ``verification.py`` splits them."""
        return bool(zlib.crc32((self.question.article or "").encode()) % 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What became of a sentence: ``accepted`` where a reader sees it borne out by a source that it should not, or rightly, have."""

    said: Said
    accepted: bool
    support: str
    reason: str

    @property
    def is_right(self) -> bool:
        """Whether a true sentence was accepted or a false one was not."""
        return self.accepted == (self.said.kind == "true")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One answer: the sentences that the model said, what became of them, and the seconds between its first words and ours.

    ``unseen`` are the sentences that it did not say since no passage that it saw says so.
    """

    answer: Answer
    judged: tuple[Judged, ...]
    unseen: tuple[Said, ...]
    delay: float | None


@dataclass(frozen=True)
class Sheet:
    """What the model is to say to one question; ``standalone`` is what it makes of a follow-up."""

    question: SampleQuestion
    standalone: str
    true: tuple[Said, ...]
    lies: tuple[Said, ...]

    @cached_property
    def wrong_markers(self) -> tuple[Said, ...]:
        """The first true sentence once more, with the marker of another story and with that of another passage of its article."""
        first = self.true[0]
        return tuple(
            Said(question=first.question, kind=kind, text=first.text, near=first.near) for kind in (OTHER_STORY, OTHER_PASSAGE)
        )


def read_sheets(path: Path = ANSWERS) -> list[Sheet]:
    """What the model says to every answerable sample question, in the questions' order."""
    questions = {question.id: question for question in sample_questions()}
    sheets = []
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        question = questions[row["question"]]
        quote = question.quote or ""
        true = tuple(
            Said(question=question, kind="true", text=said["sentence"], near=said.get("near", quote)) for said in row["true"]
        )
        lies = tuple(Said(question=question, kind=said["kind"], text=said["sentence"], near=quote) for said in row["lies"])
        sheets.append(Sheet(question, row.get("standalone", question.question), true, lies))
    return sheets


class Interview:
    """Asks an assistant whose chat model is ``server`` the sample questions, and tells the model what to say."""

    def __init__(self, assistant: Assistant, server: ChatServer) -> None:
        self._assistant = assistant
        self._server = server
        self._texts = {PurePath(article.path or "").name: _plain(article.text) for article in assistant.articles()}
        self._turns: dict[str, tuple[Turn, ...]] = {}

    def truth(self, sheet: Sheet) -> Told:
        """The answer where the model says the truth; later follow-ups have it behind them."""
        told = self._ask(sheet, sheet.true)
        history = self._turns.get(sheet.question.follows or "", ())
        self._turns[sheet.question.id] = (*history, Turn.of(told.answer))
        return told

    def lies(self, sheet: Sheet) -> Told:
        """The answer where it lies, and where it names wrong sources; only in German and English."""
        return self._ask(sheet, (*sheet.lies, *sheet.wrong_markers))

    def _ask(self, sheet: Sheet, listed: Sequence[Said]) -> Told:
        spoken: list[tuple[Said, Block]] = []
        self._server.script = partial(self._script, sheet=sheet, listed=listed, spoken=spoken)
        history = self._turns.get(sheet.question.follows or "", ())
        answer, heard = None, None
        for event in self._assistant.stream(sheet.question.question, history=history):
            if event.kind == "text" and heard is None:
                heard = time.monotonic()
            answer = event.answer or answer
        assert answer is not None
        began = self._server.requests[-1].first_words_at
        judged = self._judge(answer, spoken)
        said = {claim for claim, _ in spoken}
        return Told(
            answer=answer,
            judged=tuple(judged),
            unseen=tuple(claim for claim in listed if claim not in said),
            delay=heard - began if spoken and heard and began else None,
        )

    def _script(self, prompt: Prompt, *, sheet: Sheet, listed: Sequence[Said], spoken: list[tuple[Said, Block]]) -> str:
        if prompt.kind == "conversation":
            return sheet.standalone
        spoken += [(said, block) for said in listed if (block := self._marked(said, prompt.blocks))]
        if not spoken:
            return prompt.refusal
        return " ".join(_with_marker(said.text, number=block.number) for said, block in spoken)

    def _marked(self, said: Said, blocks: Sequence[Block]) -> Block | None:
        """The passage whose number the model writes behind a sentence; None where there is no such passage before it."""
        right = next((block for block in blocks if _plain(said.near) in _plain(block.text)), None)
        if said.kind not in WRONG_MARKERS or right is None:
            return right
        story = {said.question.article, *said.question.also}
        articles = {block: self._article_of(block) for block in blocks}
        if said.kind == OTHER_PASSAGE:
            return next((block for block in blocks if block != right and articles[block] == articles[right]), None)
        return next((block for block in blocks if articles[block] not in story), None)

    def _article_of(self, block: Block) -> str:
        tail = _plain(block.text)[-80:]
        return next(name for name, text in self._texts.items() if tail in text)

    @staticmethod
    def _judge(answer: Answer, spoken: Sequence[tuple[Said, Block]]) -> Iterator[Judged]:
        """A sentence each; what is said with a wrong marker is accepted only with a citation from the passage that it names."""
        if not spoken:
            return
        quotes = {citation.number: _plain(citation.quote) for citation in answer.citations}
        for (said, block), sentence in zip(spoken, answer.sentences, strict=True):
            written = answer.text[sentence.start : sentence.end]
            assert written.startswith(said.text[:-2]), (said, written)
            accepted = sentence.support in _BORNE_OUT
            if said.kind in WRONG_MARKERS:
                accepted = accepted and any(quotes[number] in _plain(block.text) for number in sentence.citations)
            yield Judged(said=said, accepted=accepted, support=sentence.support, reason=sentence.reason)


def _with_marker(sentence: str, *, number: int) -> str:
    return f"{sentence[:-1]} [{number}]." if sentence.endswith(".") else f"{sentence} [{number}]"


def _plain(text: str) -> str:
    return " ".join(text.split())


# --- reporting


def rate(judged: Sequence[Judged]) -> float:
    """The share that was judged rightly."""
    return sum(each.is_right for each in judged) / len(judged)


def table(judged: Sequence[Judged]) -> str:
    """What was judged wrongly, by kind and language, as a Markdown table."""
    lines = ["| said | language | sentences | wrongly judged | in the half that was not looked at |", "|---|---|---|---|---|"]
    groups: dict[tuple[str, str], list[Judged]] = defaultdict(list)
    for each in judged:
        kind = "true" if each.said.kind == "true" else f"false: {each.said.kind}"
        for key in ((kind, each.said.question.language), ("**true**" if kind == "true" else "**false**", "all")):
            groups[key].append(each)
    for (kind, language), these in sorted(groups.items()):
        wrong = [each for each in these if not each.is_right]
        held = [each for each in these if each.said.held_out]
        held_wrong = sum(not each.is_right for each in held)
        lines.append(
            f"| {kind} | {language} | {len(these)} | {len(wrong)} ({len(wrong) / len(these):.1%}) | {held_wrong} of {len(held)} |"
        )
    return "\n".join(lines)


def milliseconds(seconds: Sequence[float]) -> str:
    """Median and 95th percentile."""
    return f"p50 {median(seconds) * 1000:.1f} ms, p95 {quantiles(seconds, n=20)[-1] * 1000:.1f} ms of {len(seconds)}"


def quoting_seconds(assistant: Assistant) -> list[float]:
    """How long each sample question takes without a model, after one round to warm up; follow-ups stand alone."""
    seconds = []
    for question in sample_questions():
        assistant.ask(question.question)
    for question in sample_questions():
        began = time.perf_counter()
        assistant.ask(question.question)
        seconds.append(time.perf_counter() - began)
    return seconds


def settings_for(server: ChatServer, *, library: Path, given: Mapping[str, object] | None = None) -> Settings:
    """Settings for an assistant that asks ``server``; translations, which nothing checks, are left out."""
    chosen = {"model": MODEL, "model_base_url": server.base_url, "model_translates": False, "library": library}
    return Settings.model_validate({**Settings().model_dump(), **chosen, **(given or {})})


def main(arguments: Sequence[str] | None = None) -> None:
    """Ask everything and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.chat", description=__doc__)
    parser.add_argument("--slips", action="store_true", help="list what is judged wrongly in the half that may be looked at")
    parser.add_argument("--all-slips", action="store_true", help="list all of it")
    chosen = parser.parse_args(arguments)
    write = sys.stdout.write
    write(f"{machine.describe()}\n\n")
    with tempfile.TemporaryDirectory() as temporary, ChatServer() as server:
        library = Path(temporary) / "library"
        with Assistant.open(library) as assistant:
            assistant.add(samples=True)
            quoting = quoting_seconds(assistant)
        with Assistant(settings_for(server, library=library)) as assistant:
            interview, sheets = Interview(assistant, server), read_sheets()
            truths = [interview.truth(sheet) for sheet in sheets]
            lies = [interview.lies(sheet) for sheet in sheets if sheet.lies]
    told = [*truths, *lies]
    judged = [each for one in told for each in one.judged]
    citations = [citation for one in told for citation in one.answer.citations]
    write(table(judged) + "\n\n")
    unseen = [said for one in truths for said in one.unseen]
    write(f"not before the model: {len(unseen)} true sentences ({', '.join(said.question.id for said in unseen)})\n")
    write(f"citations: {len(citations)}, verbatim: {sum(citation.verbatim for citation in citations)}\n")
    write(f"first words behind the model's: {milliseconds([one.delay for one in told if one.delay is not None])}\n")
    write(f"a question without a model: {milliseconds(quoting)}\n")
    for each in judged if chosen.slips or chosen.all_slips else ():
        if not each.is_right and (chosen.all_slips or not each.said.held_out):
            write(f"{each.said.question.id} {each.said.kind}: {each.said.text}\n    {each.support} {each.reason}\n")


if __name__ == "__main__":
    main()
