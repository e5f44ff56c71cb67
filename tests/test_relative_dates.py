"""Dates named by the day of publication: resolved where there is one reading, left out where there are two."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.date_words import LANGUAGES, date_patterns, date_words
from ingest.relative_dates import DateMention, resolve_dates
from vectorstore.types import Precision

THURSDAY = datetime(2023, 2, 23, tzinfo=UTC)
"""The publication of most texts here; the days around it: Monday 20 February, Monday 27 February, Wednesday 1 March."""


def found(text: str, *, language: str, published_at: datetime | None = THURSDAY, precision: Precision | None = "day") -> str:
    """The mentions as ``words=first`` or ``words=first..last``, joined by semicolons."""
    mentions = resolve_dates(text, language=language, published_at=published_at, precision=precision)
    return "; ".join(
        f"{text[mention.start : mention.end]}={mention.first}" + (f"..{mention.last}" if mention.last != mention.first else "")
        for mention in mentions
    )


ENGLISH = [
    ("The council met on Tuesday.", "Tuesday=2023-02-21"),
    ("The minister said on Thursday that the bridge was safe.", "Thursday=2023-02-23"),
    ("The bridge was closed on Friday after cracks were found.", "Friday=2023-02-17"),
    ("The council will vote on Tuesday.", "Tuesday=2023-02-28"),
    ("The talks are due to begin on Monday.", "Monday=2023-02-27"),
    ("He is expected to arrive on Wednesday night.", "Wednesday=2023-03-01"),
    ("She said she would leave on Saturday.", "Saturday=2023-02-25"),
    ("Police announced on Wednesday that the road will reopen on Saturday.", "Wednesday=2023-02-22; Saturday=2023-02-25"),
    ("On Monday officials said the ferry would stop on Sunday.", "Monday=2023-02-20; Sunday=2023-02-26"),
    ("After talks in Tashkent on Wednesday, he will fly home.", "Wednesday=2023-03-01"),
    ("Traffic has been blocked since Tuesday.", "since Tuesday=2023-02-21"),
    ("The drone sent up last Friday returned with pictures.", "last Friday=2023-02-17"),
    ("A meeting will be held next Monday at 7 p.m.", "next Monday=2023-02-27"),
    ("The fair opens this Saturday.", "this Saturday=2023-02-25"),
    ("It was signed this past Monday.", "this past Monday=2023-02-20"),
    ("They met on Tuesday of last week.", "Tuesday of last week=2023-02-14"),
    ("The hearing is on Tuesday next week.", "Tuesday next week=2023-02-28"),
    ("The fire broke out yesterday.", "yesterday=2023-02-22"),
    ("The day before yesterday it rained.", "The day before yesterday=2023-02-21"),
    ("The ferry runs again from tomorrow.", "tomorrow=2023-02-24"),
    ("The mayor resigned this morning.", "this morning=2023-02-23"),
    ("Three people were rescued last night.", "last night=2023-02-22"),
    ("The mill burned down two days ago.", "two days ago=2023-02-21"),
    ("The strike ended three weeks ago.", "three weeks ago=2023-01-30..2023-02-05"),
    ("The plant closed two months ago.", "two months ago=2022-12-01..2022-12-31"),
    ("The law was passed five years ago.", "five years ago=2018-01-01..2018-12-31"),
    ("Prices rose again last month.", "last month=2023-01-01..2023-01-31"),
    ("Sales fell by a tenth last year.", "last year=2022-01-01..2022-12-31"),
    ("The board meets again next week.", "next week=2023-02-27..2023-03-05"),
    ("The new line opens next year.", "next year=2024-01-01..2024-12-31"),
    ("Thousands marched at the weekend, and police made arrests.", "at the weekend=2023-02-18..2023-02-19"),
    ("Thousands marched over the weekend.", "over the weekend=2023-02-18..2023-02-19"),
    ("The treaty was signed in November.", "in November=2022-11-01..2022-11-30"),
    ("The bridge will reopen in March.", "in March=2023-03-01..2023-03-31"),
    ("The bridge will reopen in early April.", "early April=2023-04-01..2023-04-10"),
    ("Rents have risen since October.", "since October=2022-10-01..2022-10-31"),
    ("The vote was held in March last year.", "in March last year=2022-03-01..2022-03-31"),
    ("Talks are planned for Tuesday, Feb. 28, in the capital.", "Tuesday, Feb. 28=2023-02-28"),
    ("He met the president on 14 February.", "14 February=2023-02-14"),
    ("The ministers will meet on March 2nd.", "March 2nd=2023-03-02"),
    ("The hearing will be held on Tuesday.", "Tuesday=2023-02-28"),
    ("Votes from Sunday’s election were counted.", "Sunday=2023-02-19"),
    # Left out
    ("Exporters will feel Tuesday’s walkout for days.", ""),
    ("The minister said Monday’s vote would be close.", ""),
    ("The road was closed until Tuesday.", ""),
    ("He asked for berths until the end of October.", ""),
    ("It was put off until September.", ""),
    ("He met the president on 14 February 2023.", ""),
    ("Talks are planned for Tuesday, Feb. 28, 2023.", ""),
    ("The court is to rule in March 2025.", ""),
    ("The council will vote on Thursday.", ""),
    ("Talks in Tashkent on Wednesday", ""),
    ("The drone sent up last Monday returned with pictures.", ""),
    ("A meeting will be held next Friday.", ""),
    ("The shop is closed on Mondays.", ""),
    ("The choir sings every Tuesday.", ""),
    ("Shops were crowded on Black Friday.", ""),
    ("The vote was due to take place on Tuesday.", ""),
    ("If the talks fail on Tuesday, staff will walk out.", ""),
    ("The mill burned down more than two years ago.", ""),
    ("“We decided that yesterday,” she said.", ""),
    ("Rain may march in.", ""),
    ("Over the last year prices have doubled.", ""),
    ("Russia attacked on 24 February.", ""),
]
GERMAN = [
    ("Der Rat stimmte am Dienstag dafür.", "Dienstag=2023-02-21"),
    ("Das teilte das Ministerium am Donnerstag mit und wurde bestätigt.", "Donnerstag=2023-02-23"),
    ("Außenminister Antony Blinken bricht in der kommenden Woche auf, wie sein Ministerium am Donnerstag bekannt gab.", "kommenden Woche=2023-02-27..2023-03-05; Donnerstag=2023-02-23"),
    ("Dort trifft Blinken am Dienstag, dem 28. Februar, den Präsidenten.", "Dienstag, dem 28. Februar=2023-02-28"),
    ("Am Mittwoch fliegt der Minister weiter nach Taschkent.", "Mittwoch=2023-03-01"),
    ("Der Rat wird am Montag entscheiden.", "Montag=2023-02-27"),
    ("Die Brücke soll am Samstag wieder öffnen.", "Samstag=2023-02-25"),
    ("Er sagte am Mittwoch, die Fähre werde am Sonntag fahren.", "Mittwoch=2023-02-22; Sonntag=2023-02-26"),
    ("Die Brücke wurde am Freitag gesperrt.", "Freitag=2023-02-17"),
    ("Im Hafen ruht seit Dienstagmorgen die Arbeit.", "seit Dienstagmorgen=2023-02-21"),
    ("Am Montagabend hat der Kreistag dafür gestimmt.", "Montagabend=2023-02-20"),
    ("In der Nacht zum Mittwoch hat der Deich nachgegeben.", "Mittwoch=2023-02-22"),
    ("Sie kamen am vergangenen Dienstag an.", "vergangenen Dienstag=2023-02-21"),
    ("Der Markt beginnt am kommenden Samstag.", "kommenden Samstag=2023-02-25"),
    ("An diesem Freitag jährt sich der Überfall zum ersten Mal.", "diesem Freitag=2023-02-24"),
    ("Am nächsten Montag ist Versammlung.", "nächsten Montag=2023-02-27"),
    ("Das Gericht hat am letzten Freitag geurteilt.", "letzten Freitag=2023-02-17"),
    ("Sie einigten sich am Dienstag vergangener Woche.", "Dienstag vergangener Woche=2023-02-14"),
    ("Sie tagen nächste Woche Dienstag.", "nächste Woche Dienstag=2023-02-28"),
    ("Das Feuer brach gestern aus.", "gestern=2023-02-22"),
    ("Vorgestern schneite es.", "Vorgestern=2023-02-21"),
    ("Die Fähre fährt ab heute wieder.", ""),
    ("Heute beginnt der Prozess.", "Heute=2023-02-23"),
    ("Der Scheitel der Flutwelle wird für morgen Nachmittag erwartet.", "morgen=2023-02-24"),
    ("Übermorgen soll es schneien.", "Übermorgen=2023-02-25"),
    ("Die Mühle brannte vor zwei Tagen ab.", "vor zwei Tagen=2023-02-21"),
    ("Vor drei Wochen begann der Streik.", "Vor drei Wochen=2023-01-30..2023-02-05"),
    ("Vor zehn Jahren hatte der Deich gehalten.", "Vor zehn Jahren=2013-01-01..2013-12-31"),
    ("Bei der letzten Runde in der vergangenen Woche gab es keine Einigung.", "vergangenen Woche=2023-02-13..2023-02-19"),
    ("Im vergangenen Jahr machte das Haus Verlust.", "vergangenen Jahr=2022-01-01..2022-12-31"),
    ("Noch in diesem Jahr soll gebaut werden.", "diesem Jahr=2023-01-01..2023-12-31"),
    ("Im nächsten Monat wird abgestimmt.", "nächsten Monat=2023-03-01..2023-03-31"),
    ("Am Wochenende kamen Tausende.", "Am Wochenende=2023-02-18..2023-02-19"),
    ("Am kommenden Wochenende wird gefeiert.", "kommenden Wochenende=2023-02-25..2023-02-26"),
    ("Die Brücke soll Anfang März öffnen.", "Anfang März=2023-03-01..2023-03-10"),
    ("Das Land nahm Ende Dezember Tausende auf.", "Ende Dezember=2022-12-21..2022-12-31"),
    ("Das Abkommen wurde im November unterzeichnet.", "im November=2022-11-01..2022-11-30"),
    ("Mit einer Entscheidung wird im Mai gerechnet.", "im Mai=2023-05-01..2023-05-31"),
    ("Das beschloss der Rat im März vergangenen Jahres.", "im März vergangenen Jahres=2022-03-01..2022-03-31"),
    ("Das Treffen ist für den 1. und 2. März angesetzt.", "2. März=2023-03-02"),
    # Left out
    ("Die Straße war bis Dienstag gesperrt.", ""),
    ("Am 24. Februar griff Russland an.", ""),
    ("Am 24. Februar 2022 griff Russland an.", ""),
    ("Am Dienstag, dem 28. Februar 2023, wird gewählt.", ""),
    ("Die Abstimmung am Donnerstag wird knapp.", ""),
    ("Treffen am Dienstag", ""),
    ("Der Bus fährt dienstags und jeden Donnerstag.", ""),
    ("Die Abstimmung sollte am Dienstag stattfinden.", ""),
    ("Am Rosenmontag und am Karfreitag war geschlossen.", ""),
    ("„Das haben wir gestern beschlossen“, sagte sie.", ""),
    ("Bis heute wurde niemand gefunden.", ""),
    ("Die Stadt von morgen wird grün.", ""),
    ("Am Morgen kam die Polizei.", ""),
    ("Die Mühle brannte vor gut zwei Wochen ab.", ""),
    ("Das Gericht hat am letzten Dienstag geurteilt.", ""),
    ("In den letzten Jahren stiegen die Mieten.", ""),
]  # fmt: skip
OTHERS = [
    ("fr", "Le conseil a voté mardi dernier.", "mardi dernier=2023-02-21"),
    ("fr", "Le pont a fermé il y a trois jours.", "il y a trois jours=2023-02-20"),
    ("fr", "Il s’est envolé hier.", "hier=2023-02-22"),
    ("fr", "La réunion aura lieu la semaine prochaine.", "la semaine prochaine=2023-02-27..2023-03-05"),
    ("fr", "Il a été reçu mercredi.", ""),
    ("es", "El puente se cerró ayer.", "ayer=2023-02-22"),
    ("es", "La votación será el próximo martes.", "próximo martes=2023-02-28"),
    ("es", "Llegó hace dos días.", "hace dos días=2023-02-21"),
    ("ru", "Мост закрыли вчера.", "вчера=2023-02-22"),
    ("ru", "Он приехал в прошлый вторник.", "прошлый вторник=2023-02-21"),
    ("ru", "Завод закрыли два месяца назад.", "два месяца назад=2022-12-01..2022-12-31"),
]


SNIPPETS = (
    *(
        "Tuesday",
        " last ",
        " next ",
        "next week",
        " 31 June",
        "Feb. 29",
        " yesterday",
        " will ",
        " was ",
        "in March",
        " two years ago",
    ),
    *("am Dienstag", "vor 99 Jahren", " 31. Juni", "Ende Mai", "gestern", "il y a 9 ans", "hace dos días", "в прошлый вторник"),
)


@pytest.mark.parametrize(("text", "expected"), ENGLISH)
def test_english_words(text: str, expected: str) -> None:
    """Past on or before Thursday 23 February 2023, plans after it; two readings or a full date: nothing."""
    assert found(text, language="en") == expected


@pytest.mark.parametrize(("text", "expected"), GERMAN)
def test_german_words(text: str, expected: str) -> None:
    """Past on or before Thursday 23 February 2023, plans after it; two readings or a full date: nothing."""
    assert found(text, language="de") == expected


@pytest.mark.parametrize(("language", "text", "expected"), OTHERS)
def test_other_languages_without_tense(language: str, text: str, expected: str) -> None:
    """French, Spanish and Russian have the expressions that say by themselves which day is meant."""
    assert found(text, language=language) == expected


def test_nothing_is_resolved_without_a_day() -> None:
    """No publication date, no resolution; of a month or year only what is as coarse; no language, no words."""
    text = "The council met yesterday, last month and last year."
    assert found(text, language="en", published_at=None, precision=None) == ""
    assert found(text, language="en", precision="month") == "last month=2023-01-01..2023-01-31; last year=2022-01-01..2022-12-31"
    assert found(text, language="en", precision="year") == "last year=2022-01-01..2022-12-31"
    assert found(text, language="und") == ""


def test_near_midnight_only_what_is_sure() -> None:
    """Published at 23:30 UTC it may have been the next day there: "yesterday" is unsure, a weekday in between is not."""
    late = THURSDAY.replace(hour=23, minute=30)
    text = "The council met on Tuesday. It met again yesterday. The mayor spoke on Friday. Prices rose last month."
    assert (
        found(text, language="en", published_at=late, precision="minute")
        == "Tuesday=2023-02-21; last month=2023-01-01..2023-01-31"
    )
    noon = THURSDAY.replace(hour=12)
    assert "yesterday=2023-02-22" in found(text, language="en", published_at=noon, precision="minute")


def test_a_leap_day_and_the_turn_of_the_year() -> None:
    """Months and years roll over; a day that no near year has is left out."""
    january = datetime(2024, 1, 2, tzinfo=UTC)
    assert found("The council met last month.", language="en", published_at=january) == "last month=2023-12-01..2023-12-31"
    assert found("It was closed on 30 December.", language="en", published_at=january) == "30 December=2023-12-30"
    assert found("It was closed on 30 February.", language="en", published_at=january) == ""
    assert found("It will open on 29 February.", language="en", published_at=january) == "29 February=2024-02-29"


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_listed_word_is_read(language: str) -> None:
    """Each name of a language fits exactly the one place of its table; seven days, twelve months, patterns that compile."""
    words = date_words(language)
    assert words is not None
    assert (len(words.weekdays), len(words.months), len(words.counts)) == (7, 12, 10)
    assert len(date_patterns(language)) == len(words.expressions)


@given(
    st.lists(st.sampled_from([*SNIPPETS, *"abM.,0159-“”„\n' "]) | st.text(max_size=3), max_size=30).map("".join),
    st.sampled_from(["en", "de", "fr", "es", "ru"]),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(["day", "minute", "month", "year"]),
)
def test_spans_are_exact_and_nothing_is_raised(text: str, language: str, published_at: datetime, precision: Precision) -> None:
    """Whatever the text: spans within it, in order, apart; the first day not after the last, a day is one day."""
    before = 0
    for mention in resolve_dates(text, language=language, published_at=published_at, precision=precision):
        assert isinstance(mention, DateMention)
        assert before <= mention.start < mention.end <= len(text)
        assert mention.first <= mention.last
        assert (mention.precision == "day") is (mention.first == mention.last)
        before = mention.end


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2100, 1, 1)))
def test_a_week_around_any_day(day: date) -> None:
    """Past weekdays are the last seven days with the publication's, planned ones the six after it."""
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    for number, name in enumerate(("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")):
        [past] = resolve_dates(f"The council met on {name}.", language="en", published_at=at, precision="day")
        assert past.first.weekday() == number
        assert timedelta(0) <= day - past.first < timedelta(7)
        planned = resolve_dates(f"The council will meet on {name}.", language="en", published_at=at, precision="day")
        assert [mention.first.weekday() for mention in planned] == ([] if number == day.weekday() else [number])
        assert all(timedelta(0) < mention.first - day < timedelta(7) for mention in planned)
