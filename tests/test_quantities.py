"""Numbers and dates are the same in whichever language and form they are written."""

from __future__ import annotations

from datetime import date

import pytest

from assistant.quantities import Number, find_numbers, find_orders_and_places
from assistant.stated_days import Day, find_days

PUBLISHED = date(2023, 2, 23)
"""A Thursday."""


def number(text: str, language: str) -> Number:
    """The one number of a text."""
    found = find_numbers(text, language=language)
    assert len(found) == 1, f"{text!r} has {[item.text for item in found]}"
    return found[0]


def day(text: str, language: str) -> Day:
    """The one date of a text."""
    found = find_days(text, language=language)
    assert len(found) == 1, f"{text!r} has {[item.text for item in found]}"
    return found[0]


@pytest.mark.parametrize(
    ("language", "text", "value", "unit"),
    [
        ("de", "rund 25.000 Menschen", 25_000, ""),
        ("en", "some 25,000 people", 25_000, ""),
        ("fr", "300\u202f000 réservistes", 300_000, ""),
        ("de", "25 Tausend Menschen", 25_000, ""),
        ("en", "twenty-five thousand people", 25_000, ""),
        ("de", "zweihundertfünfzig Häuser", 250, ""),
        ("en", "two hundred and fifty houses", 250, ""),
        ("fr", "vingt et une personnes", 21, ""),
        ("de", "einundzwanzig Menschen", 21, ""),
        ("ru", "двадцать один человек", 21, ""),
        ("es", "treinta y cinco casas", 35, ""),
        ("fr", "quatre-vingt-dix maisons", 90, ""),
        ("tr", "20,4 milyon", 20_400_000, ""),
        ("de", "zwei Millionen Euro", 2_000_000, "EUR"),
        ("en", "2 million euros", 2_000_000, "EUR"),
        ("en", "€2m in aid", 2_000_000, "EUR"),
        ("es", "seis mil millones de euros", 6_000_000_000, "EUR"),
        ("de", "1,2 Mrd. Euro", 1_200_000_000, "EUR"),
        ("en", "$1.2 billion", 1_200_000_000, "USD"),
        ("de", "1,2 Billionen Dollar", 1_200_000_000_000, "USD"),
        ("ru", "6,15 миллиарда рупий", 6_150_000_000, "INR"),
        ("de", "7,5 Prozent", 7.5, "%"),
        ("en", "7.5%", 7.5, "%"),
        ("fr", "35 %", 35, "%"),
        ("de", "um 18 Uhr", 18 * 60, "time"),
        ("en", "at 6 p.m.", 18 * 60, "time"),
        ("de", "um 2.40 Uhr", 160, "time"),
        ("fr", "à 7 h 45", 7 * 60 + 45, "time"),
        ("de", "hat sich verfünffacht", 5, "times"),
        ("en", "grew fivefold", 5, "times"),
        ("en", "two thirds of them", 2 / 3, "share"),
        ("de", "die Hälfte der Stimmen", 1 / 2, "share"),
    ],
)
def test_a_number_has_one_value_in_all_its_forms(language: str, text: str, value: float, unit: str) -> None:
    """Groups, decimals, words, scales, signs and units are read as that language means them."""
    found = number(text, language)
    assert any(abs(read - value) < 1e-9 * max(1, value) for read in found.values), found
    assert found.unit == unit


@pytest.mark.parametrize(
    ("language", "text", "value", "measure"),
    [
        ("en", "two weeks", 14, "day"),
        ("de", "zwölf Monaten", 12, "month"),
        ("en", "7,600 kilometres", 7_600_000, "metre"),
        ("ru", "26 килограммов", 26, "kilogram"),
        ("ru", "2019 года", None, ""),
    ],
)
def test_measures_have_one_unit_in_all_languages(language: str, text: str, value: float | None, measure: str) -> None:
    """What is measured is counted in its smallest unit, whatever its ending; a year is not a duration."""
    found = number(text, language)
    assert (found.measure, found.measured) == (measure, frozenset() if value is None else frozenset({float(value)}))


@pytest.mark.parametrize(
    ("language", "text", "value", "unit"),
    [
        ("en", "tens of thousands of Russians", 10_000, "order"),
        ("de", "Zehntausende Russen", 10_000, "order"),
        ("fr", "des dizaines de milliers de signatures", 10_000, "order"),
        ("en", "the third goal", 3, "place"),
        ("de", "zum dritten Mal", 3, "place"),
    ],
)
def test_rough_amounts_and_places(language: str, text: str, value: float, unit: str) -> None:
    """Orders of size and places in a row are numbers of their own kind."""
    (found,) = find_orders_and_places(text, language=language)
    assert (found.values, found.unit) == (frozenset({float(value)}), unit)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("en", "25,000"), ("de", "25.000"), True),
        (("en", "25.000"), ("de", "25.000"), True),
        (("en", "2.5"), ("de", "2,5"), True),
        (("en", "25,000"), ("de", "2.500"), False),
        (("en", "1.2 billion"), ("de", "1,2 Milliarden"), True),
        (("en", "1.2 million"), ("de", "1,2 Milliarden"), False),
        (("en", "$5"), ("de", "5 Euro"), False),
        (("en", "5 euros"), ("de", "5"), True),
        (("en", "half"), ("de", "50 Prozent"), True),
        (("en", "at 2.35 p.m."), ("de", "um 14.35 Uhr"), True),
        (("en", "at 2.35 a.m."), ("de", "um 14.35 Uhr"), False),
        (("en", "doubled"), ("de", "verfünffacht"), False),
        (("en", "five weeks"), ("fr", "cinq mois"), False),
        (("en", "five weeks"), ("de", "fünf Wochen"), True),
        (("en", "7,600 kilometres"), ("de", "7600 Kilometer"), True),
        (("en", "7,600"), ("de", "7600 Kilometer"), True),
        (("en", "200 miles"), ("de", "320 Kilometer"), True),
        (("en", "200 miles"), ("de", "200 Kilometer"), False),
        (("en", "5 km"), ("de", "5 Kilometer"), True),
    ],
)
def test_numbers_are_compared_across_languages(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    """Equal values of units that do not contradict each other are the same number."""
    assert number(one[1], one[0]).same_as(number(other[1], other[0])) is same


@pytest.mark.parametrize(
    "text", ["one man", "G20", "Chandrayaan-3", "C5+1", "on 4 May 2023", "millions of families", "the third goal"]
)
def test_what_counts_nothing_is_no_number(text: str) -> None:
    """Articles, parts of names, dates and figures of speech are left out."""
    assert find_numbers(text, language="en") == ()


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "am 28. Februar", (None, 2, 28)),
        ("en", "on 28 February 2023", (2023, 2, 28)),
        ("en", "Feb. 28, 2023", (2023, 2, 28)),
        ("en", "on March 5", (None, 3, 5)),
        ("fr", "le 1er janvier", (None, 1, 1)),
        ("es", "el 1 de febrero de 2024", (2024, 2, 1)),
        ("ru", "19 августа", (None, 8, 19)),
        ("de", "12.01.2024", (2024, 1, 12)),
        ("en", "2023-02-28", (2023, 2, 28)),
        ("en", "in July 2022", (2022, 7, None)),
        ("tr", "3 Mart 2021", (2021, 3, 3)),
    ],
)
def test_dates_are_read_in_the_forms_of_their_languages(
    language: str, text: str, expected: tuple[int | None, int | None, int | None]
) -> None:
    """Day, month and year, as far as they are said."""
    found = day(text, language)
    assert (found.year, found.month, found.day) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("en", "28 February 2023"), ("de", "28. Februar"), True),
        (("en", "28 February 2024"), ("de", "28. Februar 2023"), False),
        (("en", "28 February"), ("de", "am Dienstag"), True),
        (("en", "1 March"), ("de", "am Dienstag"), False),
        (("en", "Tuesday"), ("ru", "во вторник"), True),
        (("en", "on Wednesday"), ("de", "am Dienstag"), False),
        (("en", "Thursday"), ("de", "heute"), True),
        (("en", "22 February"), ("fr", "hier"), True),
        (("en", "in February"), ("de", "am 28. Februar"), True),
        (("en", "on 3 February"), ("de", "im Februar"), False),
        (("en", "autumn 2026"), ("es", "otoño de 2026"), True),
        (("en", "spring 2026"), ("es", "otoño de 2026"), False),
    ],
)
def test_dates_are_compared_by_the_date_of_publication(one: tuple[str, str], other: tuple[str, str], same: bool) -> None:
    """Weekdays and words like "yesterday" are days around publication; what a source says less exactly does not confirm a date."""
    assert day(one[1], one[0]).same_as(day(other[1], other[0]), published=PUBLISHED) is same


def test_without_a_publication_date_weekdays_are_not_resolved() -> None:
    """A weekday then only equals a weekday."""
    assert not day("28 February", "en").same_as(day("am Dienstag", "de"), published=None)
    assert day("Tuesday", "en").same_as(day("am Dienstag", "de"), published=None)


def test_words_that_only_look_like_dates() -> None:
    """The verb "may", the morning in German and Spanish, and parts of words are no dates."""
    assert find_days("He may come; they march on. Areas May Benefit.", language="en") == ()
    assert len(find_days("in May, until March, 5 May", language="en")) == 3
    assert find_days("Am Morgen kam er.", language="de") == ()
    assert find_days("por la mañana", language="es") == ()
    assert [found.day for found in find_days("on 23 or 24 August", language="en")] == [23, 24]


def test_months_and_weekdays_in_other_forms_are_dates() -> None:
    """Weekdays that come again, and months behind a preposition where that changes their ending."""
    assert [found.weekday for found in find_days("on Mondays and Fridays", language="en")] == [0, 4]
    assert [found.month for found in find_days("в сентябре и в мае", language="ru")] == [9, 5]
