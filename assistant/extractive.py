"""Answering by quoting: the sentences that answer, each with its marker; framing and refusals in the reader's language.

Quotes are never changed. Not here: choosing them (``evidence.py``), checking them (``citations.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.types import Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assistant.types import Citation

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "open": "“",
        "close": "”",
        "empty": "There are no articles yet. Add some with `fundstelle add FILE`, or the samples with `fundstelle add --samples`.",
        "pending": "None of the articles can be searched yet. `fundstelle add` finishes them.",
        "filtered": "No article matches the filters.",
        "weak": "The articles do not answer this question.",
        "missing": "The articles do not answer this question: nothing in the closest one is about {names}.",
        "question": "Please ask a question.",
    },
    "de": {
        "open": "„",
        "close": "“",
        "empty": "Es sind noch keine Artikel da. `fundstelle add DATEI` fügt welche hinzu, `fundstelle add --samples` die Beispiele.",
        "pending": "Noch kann keiner der Artikel durchsucht werden. `fundstelle add` stellt sie fertig.",
        "filtered": "Kein Artikel passt zu den Filtern.",
        "weak": "Die Artikel beantworten diese Frage nicht.",
        "missing": "Die Artikel beantworten diese Frage nicht: Im nächstliegenden kommt {names} nicht vor.",
        "question": "Bitte stellen Sie eine Frage.",
    },
}
TRANSLATED = frozenset(_WORDS)


def phrase(name: str, *, language: str, **values: str) -> str:
    """A fixed phrase in ``language``, or in English where it is not translated."""
    return _WORDS.get(language, _WORDS["en"])[name].format(**values)


def quote_answer(citations: Sequence[Citation], *, language: str) -> tuple[str, tuple[Sentence, ...]]:
    """The answer's text, one quoted sentence with its marker a line, and its sentences."""
    text = ""
    sentences = []
    for citation in citations:
        start = len(text)
        words = " ".join(citation.quote.split())
        text += f"{phrase('open', language=language)}{words}{phrase('close', language=language)} [{citation.number}]"
        sentences.append(Sentence(start=start, end=len(text), citations=(citation.number,), support="quoted"))
        text += "\n\n"
    return text.rstrip("\n"), tuple(sentences)
