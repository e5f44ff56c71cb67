"""The days that the words of a quote mean, beside the quote: "am Dienstag [28.02.2023]". The quote itself is never changed.

Not here: which words mean which day (``ingest/relative_dates.py``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from ingest.relative_dates import resolve_dates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from assistant.types import Citation
    from ingest.relative_dates import DateMention
    from vectorstore.types import Precision

MAX_CHARACTERS = 5_000
"""How much of a quote is read for dates."""
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_GERMAN_MONTHS = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember".split()


def with_dates(citation: Citation) -> Citation:
    """``citation`` with the dates that its quote names by the day of publication, at offsets into the quote."""
    found = resolve_dates(
        citation.quote[:MAX_CHARACTERS],
        language=citation.language,
        published_at=citation.published_at,
        precision=cast("Precision | None", citation.published_precision),
    )
    return replace(citation, dates=tuple(found)) if found else citation


def pieces(citation: Citation, *, language: str) -> Iterator[tuple[str, bool]]:
    """The quote in pieces, behind each date what it means, in brackets; the flag tells such an insertion (true) from the quote's own words."""
    at = 0
    for mention in citation.dates:
        yield citation.quote[at : mention.end], False
        yield f" [{day_words(mention, language=language)}]", True
        at = mention.end
    yield citation.quote[at:], False


def day_words(mention: DateMention, *, language: str) -> str:
    """The days of a mention, short: "28 Feb 2023", "20–26 Feb 2023", "Nov 2022", "2022"; in German "28.02.2023" and so on."""
    first, last = mention.first, mention.last
    german = language == "de"
    if mention.precision == "year":
        return str(first.year)
    if mention.precision == "month":
        return f"{_GERMAN_MONTHS[first.month - 1] if german else _MONTHS[first.month - 1]} {first.year}"
    if german:
        return f"{first:%d.%m.%Y}" if first == last else f"{first:%d.%m.}–{last:%d.%m.%Y}"
    end = f"{last.day} {_MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return end
    if first.year != last.year:
        return f"{first.day} {_MONTHS[first.month - 1]} {first.year} – {end}"
    return f"{first.day}–{end}" if first.month == last.month else f"{first.day} {_MONTHS[first.month - 1]} – {end}"
