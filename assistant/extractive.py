"""Answering by quoting: the sentences that answer, each with its marker; framing and refusals in the reader's language.

Quotes are never changed. Not here: choosing them (``evidence.py``), checking them (``citations.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.types import Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from assistant.types import AskedPeriod, Citation

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
        "disagree": "The articles disagree (newest first):",
        "which article": "Which article is meant? Please say what it is about (“the article about …”).",
        "reported by": "Reported by {outlets}:",
        "author known": "Written by {known} ({where}):",
        "author unknown": "The library knows no author of this article ({where}):",
        "date known": "Published {known} ({where}):",
        "date unknown": "The library knows no date of publication of this article ({where}):",
        "since": "from {since} on",
        "until": "up to {until}",
        "between": "from {since} to {until}",
        "period": "Only articles {days} (“{words}”).",
        "no_period": "There are no articles {days} (“{words}”), so all were searched.",
        "quotes instead": "Instead, the articles are quoted.",
        "said until then": "What it had said until then is shown.",
        "unreachable": "The chat model {model} cannot be reached; is it running?",
        "no first word": "The chat model {model} did not begin to answer in time.",
        "stalled": "The chat model {model} stopped in the middle of its answer.",
        "too slow": "The chat model {model} took too long.",
        "rate limited": "The chat model {model} takes no more questions at the moment (rate limit).",
        "server error": "The chat model {model} failed with an error of its own.",
        "dropped": "The connection to the chat model {model} broke.",
        "endless": "The chat model {model} did not come to an end.",
        "cut": "The chat model {model} ran into its limit of length.",
        "repeats": "The chat model {model} only repeated itself.",
        "no answer": "The chat model {model} gave an empty answer.",
        "unauthorised": "The chat model {model} refused the access; check the provider's API key.",
        "no such model": "The server knows no chat model {model}; check its name and the address that is set.",
        "refused request": "The chat model {model} refused the request{detail}.",
        "unreadable": "What the server of the chat model {model} answered cannot be read; check the address that is set.",
        "failed": "The chat model {model} failed{detail}.",
        "no markers": "The chat model {model} named no source for anything it said.",
        "other language": "The chat model {model} answered in another language than asked.",
        "stopped": "The chat model {model} was stopped.",
        "no such number": "There is no source {numbers} in this conversation.",
        "numbers so far": "So far there are {numbers}.",
        "source gone": "The article behind {numbers} is no longer in the library, or no longer in that version.",
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
        "disagree": "Die Artikel widersprechen sich (der neueste zuerst):",
        "which article": "Welcher Artikel ist gemeint? Bitte sagen, wovon er handelt („der Artikel über …“).",
        "reported by": "Darüber berichten {outlets}:",
        "author known": "Geschrieben von {known} ({where}):",
        "author unknown": "Wer diesen Artikel geschrieben hat, weiß die Bibliothek nicht ({where}):",
        "date known": "Veröffentlicht {known} ({where}):",
        "date unknown": "Wann dieser Artikel erschienen ist, weiß die Bibliothek nicht ({where}):",
        "since": "ab {since}",
        "until": "bis {until}",
        "between": "vom {since} bis {until}",
        "period": "Nur Artikel {days} („{words}“).",
        "no_period": "Es gibt keine Artikel {days} („{words}“); darum wurden alle durchsucht.",
        "quotes instead": "Stattdessen werden die Artikel zitiert.",
        "said until then": "Gezeigt wird, was es bis dahin gesagt hatte.",
        "unreachable": "Das Sprachmodell {model} ist nicht erreichbar; läuft es?",
        "no first word": "Das Sprachmodell {model} hat nicht rechtzeitig zu antworten begonnen.",
        "stalled": "Das Sprachmodell {model} hat mitten in der Antwort aufgehört.",
        "too slow": "Das Sprachmodell {model} hat zu lange gebraucht.",
        "rate limited": "Das Sprachmodell {model} nimmt zurzeit keine weiteren Fragen an (Ratenbegrenzung).",
        "server error": "Beim Sprachmodell {model} ist ein Fehler aufgetreten.",
        "dropped": "Die Verbindung zum Sprachmodell {model} ist abgebrochen.",
        "endless": "Das Sprachmodell {model} fand kein Ende.",
        "cut": "Das Sprachmodell {model} ist an seine Längengrenze gestoßen.",
        "repeats": "Das Sprachmodell {model} hat sich nur noch wiederholt.",
        "no answer": "Das Sprachmodell {model} hat leer geantwortet.",
        "unauthorised": "Das Sprachmodell {model} hat den Zugang verweigert; bitte den API-Schlüssel des Anbieters prüfen.",
        "no such model": "Der Server kennt kein Sprachmodell {model}; bitte Namen und eingestellte Adresse prüfen.",
        "refused request": "Das Sprachmodell {model} hat die Anfrage abgelehnt{detail}.",
        "unreadable": "Was der Server des Sprachmodells {model} antwortet, ist nicht lesbar; bitte die eingestellte Adresse prüfen.",
        "failed": "Das Sprachmodell {model} ist ausgefallen{detail}.",
        "no markers": "Das Sprachmodell {model} hat für nichts eine Quelle genannt.",
        "other language": "Das Sprachmodell {model} hat in einer anderen Sprache geantwortet als gefragt.",
        "stopped": "Das Sprachmodell {model} wurde angehalten.",
        "no such number": "Eine Quelle {numbers} gibt es in diesem Gespräch nicht.",
        "numbers so far": "Bisher gibt es {numbers}.",
        "source gone": "Der Artikel hinter {numbers} ist nicht mehr in der Bibliothek oder nicht mehr in dieser Fassung.",
    },
}
TRANSLATED = frozenset(_WORDS)


def phrase(name: str, *, language: str, **values: str) -> str:
    """A fixed phrase in ``language``, or in English where it is not translated."""
    return _WORDS.get(language, _WORDS["en"])[name].format(**values)


def period_note(period: AskedPeriod, *, language: str) -> str:
    """What a time in the question did to the search."""

    def written(day: date | None) -> str:
        return "" if day is None else f"{day:%d.%m.%Y}" if language == "de" else day.isoformat()

    kind = "between" if period.since and period.until else "since" if period.since else "until"
    days = phrase(kind, language=language, since=written(period.since), until=written(period.until))
    return phrase("period" if period.applied else "no_period", language=language, days=days, words=period.text)


def quote_answer(citations: Sequence[Citation], *, language: str, lead: str = "") -> tuple[str, tuple[Sentence, ...]]:
    """The answer's text, one quoted sentence with its marker a line, and its sentences; behind ``lead`` if there is one."""
    text = f"{lead}\n\n" if lead else ""
    sentences = []
    for citation in citations:
        start = len(text)
        words = " ".join(citation.quote.split())
        text += f"{phrase('open', language=language)}{words}{phrase('close', language=language)} [{citation.number}]"
        sentences.append(Sentence(start=start, end=len(text), citations=(citation.number,), support="quoted"))
        text += "\n\n"
    return text.rstrip("\n"), tuple(sentences)
