"""The reasons of a verdict in words for readers, in German and English.

Not here: what leads to a verdict (``verification.py``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from assistant.verification import Verdict

REASONS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "": "",
        "nothing to check": "says nothing that could be checked",
        "no marker": "names no source",
        "no marker, but said": "names no source, though one of those at hand says so",
        "no such source": "names a source that there is not",
        "marker corrected": "the model named another source; this is said in {what}",
        "quotation differs": "“{what}” does not stand like that in the source",
        "number differs": "the source does not have “{what}”",
        "date differs": "the source does not have the date “{what}”",
        "name differs": "the article does not mention “{what}”",
        "number unlike": "the passage gives another number for this",
        "date unlike": "the passage gives another date for this",
        "name unlike": "the passage says this of somebody or somewhere else",
        "denied": "one of the two denies what the other says",
        "opposite": "the passage says the opposite",
        "added": "the cited passage does not have “{what}”",
        "not said": "the cited passage does not say this",
    },
    "de": {
        "": "",
        "nothing to check": "sagt nichts, was sich prüfen ließe",
        "no marker": "nennt keine Quelle",
        "no marker, but said": "nennt keine Quelle, obwohl eine der vorliegenden es sagt",
        "no such source": "nennt eine Quelle, die es nicht gibt",
        "marker corrected": "das Modell nannte eine andere Quelle; gesagt wird es in {what}",
        "quotation differs": "„{what}“ steht so nicht in der Quelle",
        "number differs": "„{what}“ steht nicht in der Quelle",
        "date differs": "das Datum „{what}“ steht nicht in der Quelle",
        "name differs": "„{what}“ kommt im Artikel nicht vor",
        "number unlike": "die Textstelle nennt dafür eine andere Zahl",
        "date unlike": "die Textstelle nennt dafür ein anderes Datum",
        "name unlike": "die Textstelle sagt das über jemand anderen oder einen anderen Ort",
        "denied": "das eine verneint, was das andere sagt",
        "opposite": "die Textstelle sagt das Gegenteil",
        "added": "„{what}“ hat die angegebene Textstelle nicht",
        "not said": "die angegebene Textstelle sagt das nicht",
    },
}


def explain(verdict: Verdict, *, language: str) -> str:
    """The reason of a verdict for a reader, in ``language`` or in English; empty where there is nothing to say."""
    return REASONS.get(language, REASONS["en"])[verdict.reason].format(what=verdict.what)


def explained_in(reason: str, *, language: str) -> str:
    """A reason that ``explain`` worded, in ``language`` (or English) whatever language it was worded in; any other text as it is."""
    for known in REASONS.values():
        for key, template in known.items():
            before, placeholder, after = template.partition("{what}")
            pattern = re.escape(before) + ("(.*)" if placeholder else "") + re.escape(after)
            if key and (match := re.fullmatch(pattern, reason, re.DOTALL)):
                return REASONS.get(language, REASONS["en"])[key].format(what=match.group(1) if placeholder else "")
    return reason
