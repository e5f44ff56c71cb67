"""Every word of the page's own, in German and English. What articles and answers say is not here."""

from __future__ import annotations

from typing import Final, Literal

Language = Literal["de", "en"]

TEXTS: Final[dict[Language, dict[str, str]]] = {
    "en": {
        "tagline": "Answers from your articles, with the exact place that says so.",
        "articles_one": "1 article",
        "articles_many": "{count} articles",
        "articles_none": "No articles yet",
        "question_label": "Question",
        "question_placeholder": "Ask the articles a question",
        "suggestions_heading": "For example",
        "new_conversation": "New conversation",
        "add_articles": "Add articles",
        "add_files": "Files to add",
        "adding": "Reading {count} …",
        "files_one": "1 file",
        "files_many": "{count} files",
        "added": "added",
        "updated": "new version",
        "unchanged": "unchanged",
        "duplicate": "same text as another article",
        "failed": "not added",
        "empty_heading": "There are no articles to ask yet.",
        "empty_files": "Open “Add articles” above and drop files there, or add them on the command line:",
        "searching": "Searching the articles …",
        "sources": "Sources",
        "citation_marker": "Source {number}",
        "verbatim": "Word for word as in the article",
        "not_verbatim": "Not checked word for word",
        "unsupported": "not borne out by the source",
        "original": "Open original",
        "sample": "Sample",
        "sample_hint": "An invented article that came with Fundstelle",
        "undated": "undated",
        "date_from": "Date taken from: {origin}",
        "untitled": "Untitled article",
        "unknown_language": "language unknown",
        "new_window": "opens a new tab",
        "no_answer": "The articles do not answer this.",
        "searched_for": "Searched for: {question}",
        "nearest_one": "The nearest passage",
        "nearest_many": "The {count} nearest passages",
        "pending_one": "1 article is not searchable yet and was left out.",
        "pending_many": "{count} articles are not searchable yet and were left out.",
        "by_model": "Written by {model} from the sources below.",
        "failed_heading": "That did not work.",
        "failed_unexpectedly": "Something unexpected went wrong. The details are in the terminal that runs Fundstelle. Please try again.",
    },
    "de": {
        "tagline": "Antworten aus Ihren Artikeln, mit der genauen Fundstelle.",
        "articles_one": "1 Artikel",
        "articles_many": "{count} Artikel",
        "articles_none": "Noch keine Artikel",
        "question_label": "Frage",
        "question_placeholder": "Frage an die Artikel",
        "suggestions_heading": "Zum Beispiel",
        "new_conversation": "Neues Gespräch",
        "add_articles": "Artikel hinzufügen",
        "add_files": "Dateien zum Hinzufügen",
        "adding": "{count} wird gelesen …",
        "files_one": "1 Datei",
        "files_many": "{count} Dateien",
        "added": "hinzugefügt",
        "updated": "neue Fassung",
        "unchanged": "unverändert",
        "duplicate": "gleicher Text wie ein anderer Artikel",
        "failed": "nicht hinzugefügt",
        "empty_heading": "Noch gibt es keine Artikel, die man fragen kann.",
        "empty_files": "Oben „Artikel hinzufügen“ öffnen und Dateien ablegen, oder auf der Befehlszeile:",
        "searching": "Die Artikel werden durchsucht …",
        "sources": "Quellen",
        "citation_marker": "Quelle {number}",
        "verbatim": "Wörtlich wie im Artikel",
        "not_verbatim": "Nicht wörtlich geprüft",
        "unsupported": "von der Quelle nicht gedeckt",
        "original": "Original öffnen",
        "sample": "Beispiel",
        "sample_hint": "Ein erfundener Artikel, der mit Fundstelle kam",
        "undated": "ohne Datum",
        "date_from": "Datum aus: {origin}",
        "untitled": "Artikel ohne Titel",
        "unknown_language": "Sprache unbekannt",
        "new_window": "öffnet einen neuen Tab",
        "no_answer": "Die Artikel beantworten das nicht.",
        "searched_for": "Gesucht wurde: {question}",
        "nearest_one": "Die nächstliegende Stelle",
        "nearest_many": "Die {count} nächstliegenden Stellen",
        "pending_one": "1 Artikel ist noch nicht durchsuchbar und blieb außen vor.",
        "pending_many": "{count} Artikel sind noch nicht durchsuchbar und blieben außen vor.",
        "by_model": "Geschrieben von {model} nach den Quellen unten.",
        "failed_heading": "Das hat nicht geklappt.",
        "failed_unexpectedly": "Etwas Unerwartetes ist schiefgegangen. Einzelheiten stehen im Terminal, in dem Fundstelle läuft. "
        "Bitte versuchen Sie es noch einmal.",
    },
}


def pick_language(accept_language: str | None) -> Language:
    """The page's language for an ``Accept-Language`` header: German where the reader puts it before English, else English."""
    wanted: list[tuple[float, int, str]] = []
    for position, part in enumerate((accept_language or "").split(",")):
        tag, _, quality = part.strip().partition(";")
        try:
            weight = float(quality.replace(" ", "").removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        wanted.append((-weight, position, tag.strip().lower().split("-")[0]))
    first = next((tag for weight, _, tag in sorted(wanted) if weight < 0 and tag in TEXTS), "en")
    return "de" if first == "de" else "en"
