"""Publication dates: stated ones only, with their precision and where they came from."""

from __future__ import annotations

from datetime import UTC, datetime

import lxml.html
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.date_lines import date_in_text
from ingest.dates import parse_date
from ingest.page_dates import date_in_html

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "line", "day", "came_from"),
    [
        ("de", "Stand: 24.02.2023, 18:30 Uhr", "2023-02-24", "published line"),
        ("de", "Erschienen am Donnerstag, den 2. März 2023", "2023-03-02", "published line"),
        ("de", "Donnerstag, 23.02.2023, 18:30 Uhr", "2023-02-23", "date line"),
        ("de", "23.02.2023 | Von Jana Beck", "2023-02-23", "date line"),
        ("de", "BERLIN, 23. Februar 2023 – Der Rat hat heute beschlossen, die Brücke zu sperren.", "2023-02-23", "dateline"),
        ("en", "Published 3 March 2023", "2023-03-03", "published line"),
        ("en", "The Echo | Thursday, 22 December 2022 | By Jo Lane", "2022-12-22", "date line"),
        ("en", "LONDON, March 3, 2023 (Newsline) - The council met.", "2023-03-03", "dateline"),
        ("fr", "Publié le 1er mars 2023 à 7 h 45", "2023-03-01", "published line"),
        ("es", "Publicado el 3 de marzo de 2023", "2023-03-03", "published line"),
        ("ru", "Опубликовано 3 марта 2023 г.", "2023-03-03", "published line"),
        ("ru", "1 марта 2023, 09:20", "2023-03-01", "date line"),
    ],
)
def test_a_stamp_or_dateline_gives_a_day(language: str, line: str, day: str, came_from: str) -> None:
    """Stamps, date lines and datelines with a year are publication dates; without a time zone they are days."""
    found = date_in_text(f"A headline\n\n{line}", now=NOW, language=language)
    assert found is not None
    if came_from == "dateline":
        assert found.came_from in {"dateline", "date line"}
    else:
        assert found.came_from == came_from
    assert (found.at, found.precision) == (datetime.fromisoformat(day).replace(tzinfo=UTC), "day")


@pytest.mark.parametrize(
    "line",
    [
        "Am 24. Februar 2022 griff Russland an – und alles wurde anders.",
        "Der Vertrag vom 24. Februar 2022",
        "Krieg: Was am 24. Februar 2022 geschah",
        "24 February 2022 – One Year Later",
        "Stand 12. Mai 2021 waren 300 Menschen geimpft.",
        "3 марта 2023 года министр приехал в город.",
        "Le 24 février 2022, la guerre commence. Depuis, tout a changé.",
        "Updated 3 March 2023",
        "Aktualisiert am 3. März 2023",
        "Published 3 March 2033",
        "Published 03/04/2023",
        "Donnerstag, 18:30 Uhr",
        "WASHINGTON – Am Donnerstag hat der Rat beschlossen, die Brücke zu sperren.",
    ],
)
def test_what_is_not_stated_is_not_guessed(line: str) -> None:
    """Dates of the story, of changes, in the future, ambiguous or without a year are none of publication."""
    assert date_in_text(f"A headline\n\n{line}", now=NOW, language="und") is None


def test_a_time_counts_with_its_zone_only() -> None:
    """With a zone the minute is known, in UTC."""
    found = date_in_text("A headline\nPublished: March 3, 2023 at 5:30 p.m. EST", now=NOW, language="en")
    assert found is not None
    assert (found.at, found.precision) == (datetime(2023, 3, 3, 22, 30, tzinfo=UTC), "minute")


@pytest.mark.parametrize(
    ("value", "at", "precision"),
    [
        ("2023-02-24T18:30:05+01:00", datetime(2023, 2, 24, 17, 30, 5, tzinfo=UTC), "second"),
        ("2023-02-24T18:30Z", datetime(2023, 2, 24, 18, 30, tzinfo=UTC), "minute"),
        ("2023-02-24 18:30", datetime(2023, 2, 24, tzinfo=UTC), "day"),
        ("Fri, 24 Feb 2023 18:30:00 GMT", datetime(2023, 2, 24, 18, 30, tzinfo=UTC), "second"),
        ("24/02/2023", datetime(2023, 2, 24, tzinfo=UTC), "day"),
        ("2023-02", datetime(2023, 2, 1, tzinfo=UTC), "month"),
        ("2023", datetime(2023, 1, 1, tzinfo=UTC), "year"),
    ],
)
def test_fields_keep_their_precision(value: str, at: datetime, precision: str) -> None:
    """A metadata field gives no more precision than it states."""
    found = parse_date(value, came_from="meta", now=NOW)
    assert found is not None
    assert (found.at, found.precision, found.came_from) == (at, precision, "meta")


@pytest.mark.parametrize(
    ("head", "came_from"),
    [
        (
            '<script type="application/ld+json">{"@graph": [{"@type": "NewsArticle", "datePublished": "2023-03-03"}]}</script>',
            "json-ld",
        ),
        ('<meta property="article:published_time" content="2023-03-03">', "meta"),
        ('<script type="application/ld+json">{broken</script><meta name="date" content="2023-03-03">', "meta"),
    ],
)
def test_a_page_says_where_its_date_is(head: str, came_from: str) -> None:
    """JSON-LD first, then meta elements; broken JSON is passed over."""
    tree = lxml.html.document_fromstring(f"<html><head>{head}</head><body><p>Text of 4 May 2021.</p></body></html>")
    found = date_in_html(tree, now=NOW)
    assert found is not None
    assert (found.at, found.came_from) == (datetime(2023, 3, 3, tzinfo=UTC), came_from)


def test_a_page_without_a_stamp_has_no_date() -> None:
    """A date in the running text of a page is not its own."""
    tree = lxml.html.document_fromstring(
        "<html><body><p>On 4 May 2021 the mill was sold to a family from the valley.</p></body></html>"
    )
    assert date_in_html(tree, now=NOW) is None


@settings(deadline=None, max_examples=200)
@given(st.text(alphabet="0123456789-./:, TZ+年月日 abMärzJune", max_size=30))
def test_no_date_is_ever_in_the_future(value: str) -> None:
    """Whatever is read, the result is aware, in UTC and not after now."""
    found = parse_date(value, came_from="meta", now=NOW)
    if found:
        assert found.at.utcoffset() is not None
        assert found.at.tzinfo is UTC
        assert (found.at - NOW).total_seconds() <= 14 * 3600
    date_in_text(value, now=NOW)
