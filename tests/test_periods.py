"""A question's time: a filter where it is about the reports, part of the question where it is part of the fact."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from assistant.extractive import period_note
from assistant.periods import question_period
from assistant.types import AskedPeriod
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from assistant import Assistant

FRIDAY = date(2023, 3, 10)


@pytest.mark.parametrize(
    ("language", "question", "since", "until", "rest"),
    [
        ("en", "What has Blinken said since last week?", "2023-02-27", None, "What has Blinken said?"),
        ("en", "How many ships have left since Tuesday?", "2023-03-07", None, "How many ships have left?"),
        ("en", "What has Blinken said since 1 March 2023?", "2023-03-01", None, "What has Blinken said?"),
        ("en", "What is known about the flood as of 1 March?", None, "2023-03-01", "What is known about the flood?"),
        ("en", "What did Blinken do yesterday?", "2023-03-09", None, "What did Blinken do?"),
        ("en", "What was reported on Meta in November?", "2022-11-01", "2022-11-30", "What was reported on Meta?"),
        (
            "en",
            "Which articles published before 3 March 2023 name Meta?",
            None,
            "2023-03-02",
            "Which articles published name Meta?",
        ),
        ("en", "What happened in Ashmere between 1 and 5 March 2023?", "2023-03-01", "2023-03-05", "What happened in Ashmere?"),
        (
            "en",
            "What happened in Ashmere from 28 February to March 5, 2023?",
            "2023-02-28",
            "2023-03-05",
            "What happened in Ashmere?",
        ),
        ("en", "What do yesterday's reports say about Meta?", "2023-03-09", "2023-03-09", "What do reports say about Meta?"),
        (
            "en",
            "When was the bridge closed, as reported on 2023-03-03?",
            "2023-03-03",
            "2023-03-03",
            "When was the bridge closed, as reported?",
        ),
        ("de", "Was sagt Blinken seit letzter Woche?", "2023-02-27", None, "Was sagt Blinken?"),
        ("de", "Was ist in Wehlsdorf seit dem 1. März 2023 passiert?", "2023-03-01", None, "Was ist in Wehlsdorf passiert?"),
        ("de", "Wie hoch ist der Schaden, Stand 1. März 2023?", None, "2023-03-01", "Wie hoch ist der Schaden?"),
        ("de", "Was geschah im Februar 2023 in Ahlen?", "2023-02-01", "2023-02-28", "Was geschah in Ahlen?"),
        ("de", "Was wurde vor dem 3. März über Blinken berichtet?", None, "2023-03-02", "Was wurde über Blinken berichtet?"),
        ("de", "Welche Meldungen vom 5.3.2023 nennen Ahlen?", "2023-03-05", "2023-03-05", "Welche Meldungen nennen Ahlen?"),
        (
            "de",
            "Was passierte zwischen dem 1. und dem 5. März 2023 in Ahlen?",
            "2023-03-01",
            "2023-03-05",
            "Was passierte in Ahlen?",
        ),
        ("de", "Was sagte der Minister vor zwei Tagen?", "2023-03-08", None, "Was sagte der Minister?"),
        ("fr", "Qu’a dit le ministre la semaine dernière ?", "2023-02-27", None, "Qu’a dit le ministre?"),
    ],
)
def test_a_time_of_the_reports_is_a_filter(language: str, question: str, since: str | None, until: str | None, rest: str) -> None:
    """Its words leave the question, for the articles do not say them; the days are those seen from Friday 10 March 2023."""
    period = question_period(question, language=language, today=FRIDAY)
    assert period is not None
    assert (period.since and period.since.isoformat(), period.until and period.until.isoformat()) == (since, until)
    assert question[period.start : period.end] == period.text
    assert period.removed(question) == rest
    assert period.applied(Filters(language="de")) == Filters(language="de", since=period.since, until=period.until)


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "When did Blinken visit Kazakhstan in 2019?"),
        ("en", "When was the bridge closed last week?"),
        ("en", "Who won the 2022 World Cup?"),
        ("en", "Who won the election in November?"),
        ("en", "How many people have died since 2019?"),
        ("en", "What did Blinken say between 1 and 5 March 2023?"),
        ("en", "What will happen next week?"),
        ("en", "What will happen in Ashmere after 20 March 2024?"),
        ("en", "Since when has the bridge been closed?"),
        ("en", "Is there a march in May?"),
        ("de", "Wie viele Benin-Bronzen hat Deutschland im Dezember 2022 zurückgegeben?"),
        ("de", "Seit wann ist die Brücke gesperrt?"),
        ("de", "Wer gewann die Wahl im November?"),
        ("de", "Wie viel Regen ist in Tressac seit Jahresbeginn gefallen?"),
        ("de", "Wie wird das Wetter am Wochenende in München?"),
        ("de", "Seit 2015 gibt es das Format, warum?"),
        ("xx", "What has Blinken said since last week?"),
    ],
)
def test_a_time_of_the_fact_stays_in_the_question(language: str, question: str) -> None:
    """The year of a match, the month of an election, what is asked with "when", what is to come."""
    assert question_period(question, language=language, today=FRIDAY) is None


@given(
    st.lists(
        st.sampled_from(
            [
                "since",
                "last",
                "week",
                "as of",
                "between",
                "and",
                "31",
                "30.",
                "February",
                "2023",
                "what happened",
                "'s",
                "?",
                "seit",
                "März",
                "vor",
                "zwei",
                "Tagen",
            ]
        ),
        max_size=9,
    ),
    st.sampled_from(["en", "de", "fr", "es", "ru", "und"]),
    st.dates(),
)
def test_whatever_is_asked_the_days_are_in_order(said: list[str], language: str, today: date) -> None:
    """Never an error, never a period that ends before it begins or begins after today, always the question's own words."""
    question = " ".join(said)
    period = question_period(question, language=language, today=today)
    if period:
        assert period.since or period.until
        assert period.since is None or period.since <= today
        assert not (period.since and period.until) or period.since <= period.until
        assert question[period.start : period.end] == period.text


@pytest.fixture
def dated(open_assistant: Callable[..., Assistant], tmp_path: Path) -> Assistant:
    """A library with an article of three days ago and one of three years ago on the same mill."""
    days = {"new": datetime.now(UTC).date() - timedelta(days=3), "old": datetime.now(UTC).date() - timedelta(days=3 * 365)}
    for name, day in days.items():
        owner = {"new": "Jonna Reith", "old": "Piet Harmsen"}[name]
        text = f"---\ntitle: The mill at Dornau\ndate: {day}\n---\nThe mill at Dornau belongs to {owner}, the council said.\n"
        (tmp_path / f"{name}.md").write_text(text, "utf-8")
    assistant = open_assistant()
    assistant.add([tmp_path / "new.md", tmp_path / "old.md"])
    return assistant


def test_the_filter_is_applied_shown_and_taken_away(dated: Assistant) -> None:
    """Since two weeks only the new article counts; without detection, or with filters of one's own, nothing is taken from the question."""
    question = "Who has owned the mill at Dornau since last month?"
    answer = dated.ask(question)
    assert answer.searched.period is not None
    assert answer.searched.period.applied
    assert answer.searched.filters.since == answer.searched.period.since
    assert answer.searched.question == "Who has owned the mill at Dornau?"
    dates = {hit.article.published_at for hit in answer.hits}
    assert {published.year for published in dates if published} == {(datetime.now(UTC) - timedelta(days=3)).year}
    document = answer.to_dict()["searched"]["period"]
    assert document["text"] == "since last month"
    assert document["since"] == answer.searched.period.since.isoformat() if answer.searched.period.since else None
    plain = dated.ask(question, detect_period=False)
    assert (plain.searched.period, plain.searched.filters, plain.searched.question) == (None, Filters(), question)
    assert len(plain.hits) == 2
    mine = Filters(until=date.today() - timedelta(days=365))  # noqa: DTZ011 - a day far enough away in any time zone
    assert dated.ask(question, filters=mine).searched.filters == mine


def test_a_period_without_articles_is_given_up_and_said(dated: Assistant) -> None:
    """Nothing is from today: all articles are searched instead, and the answer tells."""
    answer = dated.ask("Who has owned the mill at Dornau since yesterday?")
    assert answer.searched.period is not None
    assert not answer.searched.period.applied
    assert answer.searched.filters == Filters()
    assert len(answer.hits) == 2


def test_the_command_line_says_so(dated: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line above the answer names the days and the words; ``--no-period`` takes it away."""
    from assistant.cli import app

    folder = str(dated.settings.library)
    dated.close()
    question = "Who has owned the mill at Dornau since last month?"
    shown = CliRunner().invoke(app, ["--library", folder, "ask", question])
    assert shown.exit_code == 0, shown.output
    assert "“since last month”" in shown.output
    assert "--no-period" in shown.output
    without = CliRunner().invoke(app, ["--library", folder, "ask", "--no-period", question])
    assert "since last month" not in without.output


def test_the_note_in_both_languages() -> None:
    """Days as they are written there, the user's own words in quotation marks."""
    period = AskedPeriod(since=date(2023, 3, 1), until=date(2023, 3, 5), text="vom 1. bis 5. März")
    assert period_note(period, language="de") == "Nur Artikel vom 01.03.2023 bis 05.03.2023 („vom 1. bis 5. März“)."
    gone = AskedPeriod(since=date(2023, 3, 1), until=None, text="since 1 March", applied=False)
    assert period_note(gone, language="en") == "There are no articles from 2023-03-01 on (“since 1 March”), so all were searched."
