"""The numbers that a text states, in forms that can be compared across languages.

"25.000", "25,000", "25 Tausend" and "twenty-five thousand" are one number. Number words are known for English, German, French, Spanish and
Russian, measures (CLDR by Babel) in all languages. Not here: dates (``stated_days.py``), the tables of words (``numerals.py``), which numbers a
sentence must have (``absences.py``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from assistant import numerals
from assistant.stated_days import find_days
from vectorstore.languages import fold_accents, normalise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from assistant.stated_days import Day

_SPACE = r"[ \u00a0\u2009\u202f]"
_FIGURE = re.compile(
    r"(?<![\w.,])(?<![^\W\d_][-‑–+])(?<!\d\+)(?:\d{1,3}(?:[.,'’\u00a0\u2009\u202f ]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)?)(?![\d])"
)
_WORD = re.compile(r"[^\W\d_]+(?:[-‑][^\W\d_]+)*")
_AND = re.compile(r"\s+(?:(?:and|et|y)\s+)?")
_TIME = re.compile(
    rf"(?<![\d.,:])(?P<hour>[01]?\d|2[0-4])(?:(?:[:.]|{_SPACE}?h{_SPACE}?)(?P<minute>[0-5]\d))?{_SPACE}?"
    r"(?P<mark>[ap]\.?\s?m\b\.?|uhr\b|heures?\b|h\b|o['’]clock|horas\b|часов\b|час[ау]?\b|GMT\b)?",
    re.IGNORECASE,
)
_NIGHT_HALF = re.compile(r"p\.?\s?m|abend|nachmittag|soir|après-midi|tarde|noche|вечера|дня|evening|afternoon", re.IGNORECASE)
_ABOUT_ONE = re.compile(
    r"\b(?:almost|nearly|about|around|over|more than|less than|under|fast|beinahe|etwa|rund|gut|knapp|über|mehr als|weniger als|unter|presque|environ|plus d['’]"
    r"|moins d['’]|près d['’]|casi|más de|menos de|cerca de)\s?(?P<one>an?|eine?[nrm]?|une?|una?)\b",
    re.IGNORECASE,
)
_YEAR_RANGE = range(1500, 2101)
_EQUAL = 1e-9
_CONVERTED = 0.06
"""How much a length may differ, relative to it, where one text has miles or feet and the other kilometres or metres."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number at ``text[start:end]``: the values that it may mean and its unit.

    Units: ``"%"``, a currency's code, ``"time"`` (minutes since midnight), ``"share"`` (a fraction in words, 0 to 1), ``"times"`` (doubled: 2),
    ``"order"`` (hundreds: 100), ``"place"`` (third: 3) or ``""``. ``counts`` is what stands behind it, up to the next sign: the things that
    are counted. Where that is a measure, ``measure`` names its smallest unit (``"day"``, ``"metre"``), ``measured`` are the values in it, and
    ``imperial`` says that it was written in miles, feet and the like.
    """

    text: str
    start: int
    end: int
    values: frozenset[float]
    unit: str
    counts: str
    measure: str = ""
    measured: frozenset[float] = frozenset()
    imperial: bool = False

    def same_as(self, other: Number) -> bool:
        """Whether both may mean the same."""
        if self.unit in {"share", "%"} and other.unit in {"share", "%"} and self.unit != other.unit:
            return any(abs(mine - theirs) < 1 for mine in self.percent for theirs in other.percent)
        if not self.rivals(other):
            return False
        if self.measure and other.measure:
            apart = _CONVERTED if self.imperial != other.imperial else _EQUAL
            return any(_near(mine, theirs, apart) for mine in self.measured for theirs in other.measured)
        return any(_near(mine, theirs, _EQUAL) for mine in self.values for theirs in other.values)

    def rivals(self, other: Number) -> bool:
        """Whether both say how much of the same: one can stand in for the other. An unnamed unit may be any amount's."""
        special = {"time", "share", "times", "order", "place"}
        if self.unit in special or other.unit in special:
            return self.unit == other.unit
        mine, theirs = self.unit or self.measure, other.unit or other.measure
        return mine == theirs or not (mine and theirs)

    @property
    def percent(self) -> list[float]:
        """Its values in percent, of a share or a percentage."""
        return [value * 100 if self.unit == "share" else value for value in self.values]

    @property
    def is_year(self) -> bool:
        """Whether it looks like a year."""
        return not self.unit and self.text.isdecimal() and any(value in _YEAR_RANGE for value in self.values)


@lru_cache(maxsize=4_000)
def find_numbers(text: str, *, language: str) -> tuple[Number, ...]:
    """The numbers that ``text`` states outside its dates, in their order; those that are part of a name ("G20") are not.

    "One" is none, for as an article it counts nothing; orders and places are ``find_orders_and_places``.
    """
    covered = [(day.start, day.end) for day in find_days(text, language=language)]
    found: list[Number] = []
    for number in (
        *_times(text),
        *_figures(text, language=language),
        *(one for one in _ones(text, language=language) if one.measure),
        *_shares(text, language=language),
        *_spelled_out(text, language=language),
    ):
        if not any(number.start < end and start < number.end for start, end in covered):
            found.append(number)
            covered.append((number.start, number.end))
    return tuple(sorted(found, key=lambda number: number.start))


@lru_cache(maxsize=4_000)
def find_orders_and_places(text: str, *, language: str) -> tuple[Number, ...]:
    """Rough amounts in words ("hundreds", "Zehntausende") and places in a row ("third", "dritten"), in their order."""
    listed = find_numbers(text, language=language)
    found = (*_orders(text, language=language), *_ordinals(text, language=language))
    free = [number for number in found if not any(number.start < other.end and other.start < number.end for other in listed)]
    return tuple(sorted(free, key=lambda number: number.start))


def years_of(days: Sequence[Day]) -> tuple[Number, ...]:
    """The years of dates as the numbers that they are where a text gives no more of the date."""
    return tuple(Number(str(day.year), day.start, day.end, frozenset({float(day.year)}), "", "") for day in days if day.year)


# --- numbers


def _figures(text: str, *, language: str) -> Iterator[Number]:
    for match in _FIGURE.finditer(text):
        values = _figure_values(match.group(), language=language)
        if values:
            yield _with_unit(text, match.start(), match.end(), values, language=language, figure=True)


def _figure_values(figure: str, *, language: str) -> set[float]:
    plain = re.sub(rf"{_SPACE}|['’]", "", figure)
    marks = [char for char in plain if char in ".,"]
    if not marks:
        return {float(plain)}
    last = marks[-1]
    tail = plain.rsplit(last, 1)[1]
    whole = float(re.sub(r"[.,]", "", plain))
    split = float(re.sub(r"[.,]", "", plain[: -len(tail) - 1]) + "." + tail)
    if len(set(marks)) == 2:
        return {split}
    if len(marks) > 1:
        return {whole}
    if len(tail) == 3 and plain[0] != "0":  # "25.000": by the language, and what is usual elsewhere is possible too
        return {whole, split} if last != numerals.group_mark(language) else {whole}
    return {split}


def _spelled_out(text: str, *, language: str) -> Iterator[Number]:
    words = numerals.words_of(language)
    if not words:
        return
    run: list[re.Match[str]] = []
    for match in _WORD.finditer(text):
        if numerals.parts(match.group(), language=language) is None:
            continue
        if run and not _AND.fullmatch(text, run[-1].end(), match.start()):
            yield from _from_words(text, run, language=language)
            run = []
        run.append(match)
    if run:
        yield from _from_words(text, run, language=language)


def _ones(text: str, *, language: str) -> Iterator[Number]:
    """What "almost an hour" and "über ein Jahr" state: an article counts where it is said how far the amount is from one."""
    for match in _ABOUT_ONE.finditer(text):
        yield _with_unit(text, *match.span("one"), {1.0}, language=language, figure=False)


def _shares(text: str, *, language: str) -> Iterator[Number]:
    before: re.Match[str] | None = None
    for match in _WORD.finditer(text):
        form = fold_accents(normalise(match.group()))
        share, times = numerals.share(form, language=language), numerals.times(form, language=language)
        if times is not None:
            yield Number(match.group(), *match.span(), frozenset({times}), "times", "")
        elif share is not None:
            counted = numerals.parts(before.group(), language=language) if before else None
            if before and counted and counted[0] > 1 and text[before.end() : match.start()].isspace():
                yield Number(
                    text[before.start() : match.end()], before.start(), match.end(), frozenset({counted[0] * share}), "share", ""
                )
            elif _is_share(text, match):
                yield Number(match.group(), *match.span(), frozenset({share}), "share", "")
        before = match


def _orders(text: str, *, language: str) -> Iterator[Number]:
    """Rough amounts: "hundreds", "tens of thousands", "Zehntausende"."""
    orders = numerals.ORDERS.get(language, {})
    found: list[tuple[int, int, float]] = []
    for match in _WORD.finditer(text):
        order = orders.get(fold_accents(normalise(match.group())))
        if order is None:
            continue
        if found and re.fullmatch(r"\s+(?:of\s+|de\s+|von\s+)?", text[found[-1][1] : match.start()]):
            start, _, before = found.pop()
            found.append((start, match.end(), before * order))
        else:
            found.append((*match.span(), order))
    for start, end, order in found:
        yield Number(text[start:end], start, end, frozenset({order}), "order", "")


def _ordinals(text: str, *, language: str) -> Iterator[Number]:
    for match in _WORD.finditer(text):
        value = numerals.ordinal(fold_accents(normalise(match.group())), language=language)
        if value is not None:
            yield Number(match.group(), *match.span(), frozenset({value}), "place", "")


def _is_share(text: str, match: re.Match[str]) -> bool:
    """Whether "third" is a fraction: behind an article or a number, and not before what it could count off ("the third goal")."""
    before = re.search(r"([^\W_]+)\s+$", text[: match.start()])
    certain = fold_accents(normalise(match.group())) in numerals.CERTAIN_SHARES
    return certain or bool(before and fold_accents(normalise(before[1])) in numerals.BEFORE_SHARES)


def _from_words(text: str, run: Sequence[re.Match[str]], *, language: str) -> Iterator[Number]:
    value = numerals.value([match.group() for match in run], language=language)
    if value is not None:
        yield _with_unit(text, run[0].start(), run[-1].end(), {value}, language=language, figure=False)


def _with_unit(text: str, start: int, end: int, values: set[float], *, language: str, figure: bool) -> Number:
    unit = ""
    if figure:
        behind = re.match(rf"{_SPACE}?([^\W\d_]+\.?)", text[end : end + 24])
        scale = numerals.scale(behind[1], language=language, glued=behind[0][0].isalpha()) if behind else None
        second = re.match(rf"{_SPACE}?[^\W\d_]+\s+([^\W\d_]+)", text[end : end + 40]) if scale == 1e3 else None
        if behind and scale:
            end += behind.end()
            if second and numerals.scale(second[1], language=language, glued=False) == 1e6:  # "seis mil millones"
                scale, end = 1e9, end - behind.end() + second.end()
            values = {round(value * scale, 6) for value in values}
    before = re.search(r"(US\$|[$€£¥₽₹])\s?$", text[max(0, start - 5) : start])
    if before:
        start -= len(before[0])
        unit = numerals.SIGNS[before[1]]
    behind = re.match(r"[\s‑-]{0,2}(?:(?:de|d['’])\s?)?(%|[$€£¥₽₹]|[^\W\d_]+(?:\s?cent\b)?)", text[end : end + 28])
    named = numerals.unit(behind[1]) if behind else ""
    if named:
        unit, end = unit or named, end + (behind.end() if behind else 0)
    measured = numerals.measure(behind[1].split()[0], language=language) if behind and not unit else None
    if measured and measured[0] == "month" and values & set(_YEAR_RANGE):
        measured = None  # "2019 года" is a year, not a duration
    counts = re.match(r"[^.,;:!?()–—\n\d]*", text[end : end + 40])
    name, factor, imperial = measured or ("", 1.0, False)
    return Number(
        text[start:end],
        start,
        end,
        frozenset(values),
        unit,
        counts[0] if counts else "",
        measure=name,
        measured=frozenset(value * factor for value in values) if name else frozenset(),
        imperial=imperial,
    )


def _near(one: float, other: float, apart: float) -> bool:
    return abs(one - other) <= apart * max(1.0, abs(one))


def _times(text: str) -> Iterator[Number]:
    for match in _TIME.finditer(text):
        if not match["mark"] and not (match["minute"] and re.search("[:hH]", match.group())):
            continue
        minutes = int(match["hour"]) * 60 + int(match["minute"] or 0)
        around = (match["mark"] or "") + text[match.end() : match.end() + 14]
        mark = (match["mark"] or "").casefold()
        halves = {minutes % 1440}
        if minutes < 720 and _NIGHT_HALF.search(around):
            halves = {minutes + 720}
        elif minutes < 780 and not mark.startswith(("a", "uhr", "g")):
            halves |= {minutes + 720}
        elif mark.startswith("a") and minutes >= 720:
            halves = {minutes - 720}
        yield Number(match.group().strip(), match.start(), match.end(), frozenset(map(float, halves)), "time", "")
