"""What an article says is not known yet is answered from a later article of its story, where that is sure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from assistant.evidence import Evidence
from assistant.later_reports import given_answer, in_date_order, open_question
from ingest.samples import sample_questions
from vectorstore.types import Article, Filters, Hit, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assistant import Assistant


@dataclass(frozen=True)
class Story:
    """An earlier article, a later one, and a question that only the later one answers, in these words."""

    question: str
    language: str
    earlier: str
    later: str
    answer: str


STORIES = {
    "cause, English": Story(
        "Why did the ferry Maribel run aground?",
        "en",
        "The ferry Maribel ran aground off Tornby on Monday night with 84 people aboard. It is unclear why the ferry ran aground. All passengers were brought ashore.",
        "The Maribel was pulled free off Tornby on Thursday. The ferry ran aground because its rudder had jammed, investigators said. She will be repaired in Tornby.",
        "because its rudder had jammed",
    ),
    "cause, German": Story(
        "Warum ist die Turnhalle in Brelow abgebrannt?",
        "de",
        "In Brelow ist am Samstag die Turnhalle abgebrannt. Warum die Turnhalle in Brelow brannte, ist noch nicht bekannt. Die Schule fällt am Montag aus.",
        "In Brelow wird über die Turnhalle beraten. Die Turnhalle ist wegen eines Fehlers an der Lüftung abgebrannt, teilte die Polizei mit. Gebaut wird frühestens im Sommer.",
        "wegen eines Fehlers an der Lüftung",
    ),
    "day, English": Story(
        "When will the Hollin tunnel reopen?",
        "en",
        "The Hollin tunnel was closed after a lorry fire. It is not known when the Hollin tunnel will reopen. Drivers take the pass.",
        "Work in the Hollin tunnel is nearly done. The Hollin tunnel will reopen on 14 May, the road authority said. It has new fans.",
        "on 14 May",
    ),
    "name, German": Story(
        "Wer wird Nachfolger von Intendantin Grete Maurach in Lossow?",
        "de",
        "Intendantin Grete Maurach verlässt das Theater Lossow. Wer ihr in Lossow nachfolgt, steht noch nicht fest. Sie war neun Jahre dort.",
        "Das Theater Lossow hat sich entschieden. Nachfolger von Grete Maurach in Lossow wird der Regisseur Jorin Vandal. Er beginnt im Herbst.",
        "Jorin Vandal",
    ),
}  # fmt: skip


def stored(assistant: Assistant, folder: Path, *texts: tuple[str, str], language: str) -> None:
    """Articles of these days and words, in a library."""
    files = []
    for number, (day, text) in enumerate(texts):
        files.append(folder / f"{number}.md")
        title = " ".join(text.split()[:4])
        files[-1].write_text(f"---\ntitle: {title} ({day})\nlanguage: {language}\ndate: {day}\n---\n{text}\n", "utf-8")
    assistant.add(files)


@pytest.mark.parametrize("name", STORIES)
def test_the_later_answer_comes_first_and_what_it_answers_second(
    name: str, open_assistant: Callable[..., Assistant], tmp_path: Path
) -> None:
    """Both are quoted, the newest first, whichever was stored first."""
    story = STORIES[name]
    assistant = open_assistant()
    stored(assistant, tmp_path, ("2023-03-09", story.later), ("2023-03-01", story.earlier), language=story.language)
    answer = assistant.ask(story.question)
    assert not answer.abstained
    assert story.answer in answer.citations[0].quote
    assert [cited.published_at.day for cited in answer.citations if cited.published_at][:2] == [9, 1]
    assert {cited.article_id for cited in answer.citations} <= {hit.article.id for hit in answer.hits}


@pytest.mark.parametrize("day", ["2023-02-01", "2024-03-09"])
def test_only_the_months_behind_an_article_know_more(day: str) -> None:
    """An article from before, or from a year later, is about something else: what is not known stays the answer."""
    story = STORIES["day, English"]
    opened = open_question(said(story.earlier, day="2023-03-01"), question=story.question, language="en")
    assert opened is not None
    within = opened.later(Filters())
    assert within is not None
    assert within.since is not None
    assert within.until is not None
    assert not within.since <= date.fromisoformat(day) <= within.until


def said(text: str, *, day: str, language: str = "en", sentence: int | None = None) -> list[Evidence]:
    """A quote of an article of that day: one of its sentences, or all of it."""
    ends = [position + 1 for position, char in enumerate(text) if char == "." and text[position + 1 : position + 2] in {" ", ""}]
    starts = [0, *(end + 1 for end in ends[:-1])]
    spans = tuple(Span(start, end) for start, end in zip(starts, ends, strict=True))
    article = Article(
        id=f"{day} {text[:20]}", text=text, language=language, published_at=datetime.fromisoformat(day).replace(tzinfo=UTC),
        published_precision="day", fetched_at=datetime(2024, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    passage = Passage(article_id=article.id, version=article.version, start=0, end=len(text), sentences=spans)
    hit = Hit(passage=passage, article=article, score=1.0, cosine=0.9, sentence_scores=(0.9,) * len(spans))
    return [Evidence(hit=hit, span=Span(0, len(text)) if sentence is None else spans[sentence], score=0.9)]


@pytest.mark.parametrize(
    ("question", "language", "text", "is_open"),
    [
        ("Why did it burn?", "en", "The cause of the fire is still unknown.", True),
        ("Warum brannte es?", "de", "Die Ursache ist ungeklärt.", True),
        ("Pourquoi le pont a-t-il cédé ?", "fr", "On ne sait pas pourquoi le pont a cédé.", True),
        ("¿Por qué cayó el puente?", "es", "Se desconoce por qué cayó el puente.", True),
        ("Почему рухнул мост?", "ru", "Почему рухнул мост, пока неизвестно.", True),
        ("How many people were hurt?", "en", "It is unclear how many people were hurt.", True),
        ("How many people were hurt?", "en", "It is unclear why the bridge fell. Nine people were hurt.", False),
        ("Why did it burn?", "en", "It burned because a cable was worn.", False),
        ("Wann öffnet das Bad?", "de", "Das Bad öffnet am 3. Mai. Unbekannte hatten es beschädigt.", False),
        ("What is the bridge called?", "en", "It is unclear what the bridge is called.", False),
    ],
)
def test_only_what_is_asked_for_is_an_open_question(question: str, language: str, text: str, *, is_open: bool) -> None:
    """In the samples' languages; what else is not known, or a question whose kind of answer cannot be told, opens none."""
    found = open_question(said(text, day="2023-03-01", language=language), question=question, language=language)
    assert (found is not None) == is_open


def test_what_is_still_not_known_or_says_nothing_new_answers_nothing() -> None:
    """Neither the same again, nor the figures that the earlier article had, nor words without a cause."""
    earlier = "Nine people were hurt in Dornau on 3 May. It is not known when the mill will reopen. It is unclear why it burned."
    when, why = "When will the mill reopen?", "Why did the mill burn?"
    for question, later in (
        (when, "It is not known when the mill will reopen."),
        (when, "The mill in Dornau will reopen."),
        (when, "The mill, which burned on 3 May, will reopen."),
        (why, "The mill burned down."),
    ):
        opened = open_question(said(earlier, day="2023-05-04"), question=question, language="en")
        assert opened is not None
        assert given_answer(opened, said(later, day="2023-05-09")) is None, later
        assert given_answer(opened, said(earlier, day="2023-05-04")) is None
    opened = open_question(said(earlier, day="2023-05-04"), question=why, language="en")
    assert opened is not None
    (given,) = said("It burned because a cable was worn.", day="2023-05-09")
    assert given_answer(opened, [given]) is given
    others = said("The mill is old.", day="2023-05-10")
    assert in_date_order(given, opened, [opened.evidence, *others], at_most=2) == [given, opened.evidence]
    assert in_date_order(given, opened, [opened.evidence, *others], at_most=3) == [given, opened.evidence, *others]


def test_a_story_that_tells_no_more_leaves_the_answer_as_it_is(open_assistant: Callable[..., Assistant], tmp_path: Path) -> None:
    """A later article of another story in the same town gives a cause, but not of this."""
    story = STORIES["cause, English"]
    other = "The museum in Tornby closed on Thursday because its roof leaked. Visitors may come again in the spring."
    assistant = open_assistant()
    stored(assistant, tmp_path, ("2023-03-01", story.earlier), ("2023-03-09", other), language="en")
    answer = assistant.ask(story.question)
    assert not answer.abstained
    assert "roof" not in answer.citations[0].quote


def test_the_sample_story_is_told_to_its_end(samples: Assistant) -> None:
    """The cause that experts found comes before the report that none is known."""
    (asked,) = [question for question in sample_questions() if question.id == "q032"]
    for question in ("Warum brach der Deich?", "Why did the dyke break?"):
        quotes = [citation.quote for citation in samples.ask(question).citations]
        told = [position for position, quote in enumerate(quotes) if asked.answers[0] in " ".join(quote.split())]
        unknown = [position for position, quote in enumerate(quotes) if "ist unklar" in quote]
        assert told == [0], question
        assert unknown == [1], question
