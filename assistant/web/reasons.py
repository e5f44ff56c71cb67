"""Why something was not added, in the reader's language: a table of the kinds of failure that ``ingest`` tells of in English.

A reason of a kind that is not in the table stays in English, and is marked so. Not here: telling (``ingest``), the page's other words (``texts``).
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from assistant.web.texts import Language

# What is searched for in the English reason, and the German one; names and numbers are taken over by the names of the groups.
_GERMAN: Final = tuple(
    (re.compile(pattern, re.DOTALL), told)
    for pattern, told in (
        # what is added, but
        (r"^it is shorter than articles are", "Der Text ist kürzer, als Artikel sind: Vielleicht wurde nicht alles gelesen."),
        (r"^the page says that it is for subscribers", "Die Seite ist für Abonnenten: Vielleicht wurde nur ihr Anfang gelesen."),
        (r"^the feed's own text was taken, for the page has less", "Genommen wurde der Text des Feeds, denn auf der Seite steht weniger."),
        (r"^the feed's own text was taken", "Genommen wurde der Text des Feeds, denn die Seite war nicht zu haben oder nicht zu lesen."),
        (r"^it is back\.?$", "Der Artikel ist wieder da."),
        (r"^nearly the same text as (?P<other>‹.*›.*?)\.?$", "Fast derselbe Text wie {other}."),
        (r"^the same text as (?P<other>‹.*›.*?)\.?$", "Derselbe Text wie {other}."),
        # addresses
        (r"(?:^|: )there is no host (?P<host>\S+)", "Einen Rechner namens {host} gibt es nicht. Prüfen Sie die Adresse."),
        (r"(?:^|: )(?P<host>\S+) (?:cannot be looked up|has no address)", "{host} ist nicht zu finden. Prüfen Sie die Adresse."),
        (
            r"is on this machine or in a private network",
            "Die Adresse ist auf diesem Rechner oder in einem privaten Netz und wird nicht abgerufen. Trauen Sie ihr: fundstelle add --allow-private.",
        ),
        (r"(?:^|: )only http:// and https://", "Nur Adressen mit http:// und https:// werden abgerufen. Prüfen Sie die Adresse."),
        (r"(?:^|: )addresses with a user name", "Adressen mit Name oder Passwort darin werden nicht abgerufen. Lassen Sie diesen Teil weg."),
        (r"(?:^|: )(?:this is no web address|this address names no host)", "Das ist keine Webadresse. Prüfen Sie sie."),
        (
            r"robots\.txt forbids",
            "Die robots.txt der Website verbietet Programmen diese Seite. Sichern Sie sie im Browser, und fügen Sie die Datei hinzu.",
        ),
        (r"robots\.txt cannot be had", "Die robots.txt der Website ist nicht zu haben, und ohne sie wird nichts abgerufen. Versuchen Sie es später."),
        (r"HTTP (?P<status>401)\b", "HTTP {status}: Die Seite verlangt eine Anmeldung. Sichern Sie sie im Browser, und fügen Sie die Datei hinzu."),
        (r"HTTP (?P<status>402)\b", "HTTP {status}: Die Seite kostet Geld. Sichern Sie sie im Browser, und fügen Sie die Datei hinzu."),
        (r"HTTP (?P<status>403)\b", "HTTP {status}: Der Server gibt sie Programmen nicht. Sichern Sie sie im Browser, und fügen Sie die Datei hinzu."),
        (r"HTTP (?P<status>404)\b", "HTTP {status}: Diese Seite gibt es nicht. Prüfen Sie die Adresse."),
        (r"HTTP (?P<status>410)\b", "HTTP {status}: Die Seite wurde endgültig entfernt. Nehmen Sie sie aus dem, was Sie hinzufügen."),
        (r"HTTP (?P<status>429)\b", "HTTP {status}: Der Server hatte zu viele Anfragen. Versuchen Sie es später."),
        (r"HTTP (?P<status>451)\b", "HTTP {status}: Die Seite wird aus rechtlichen Gründen nicht gezeigt."),
        (r"HTTP (?P<status>5\d\d)\b", "HTTP {status}: Der Server hat Schwierigkeiten. Versuchen Sie es später."),
        (r"HTTP (?P<status>\d{3})\b", "HTTP {status}: Der Server antwortet nicht mit einer Seite. Prüfen Sie die Adresse."),
        (r"asks to be left alone", "Der Server bittet darum, in Ruhe gelassen zu werden. Versuchen Sie es später."),
        (
            r"(?:^|: )(?:no connection|the connection broke off|its server was silent|not complete after)",
            "Der Server antwortet nicht. Prüfen Sie die Adresse und die Verbindung, oder versuchen Sie es später.",
        ),
        (r"certificate is not to be trusted", "Dem Zertifikat des Servers ist nicht zu trauen. Prüfen Sie die Adresse."),
        (r"redirects", "Die Adresse wird weitergeleitet, aber nicht zu einer Seite. Prüfen Sie sie."),
        (r"(?:^|: )it is larger than (?P<size>[\d.,]+ MB)", "Das sind mehr als {size}. Sichern Sie, was Sie davon brauchen, und fügen Sie die Datei hinzu."),
        (r"compressed", "Die Antwort des Servers ist beschädigt oder unvollständig. Versuchen Sie es später."),
        (r"the page names no feed", "Die Seite nennt keinen Feed. Fügen Sie die Seite selbst hinzu, oder die Adresse ihres Feeds."),
        (r"is no (?:feed|sitemap)\b", "Unter dieser Adresse ist kein Feed. Prüfen Sie die Adresse, oder fügen Sie die Seite selbst hinzu."),
        (r"(?:^|: )it was removed from the library", "Der Artikel wurde aus der Bibliothek entfernt. Fügen Sie seine eigene Adresse hinzu, wenn Sie ihn wieder wollen."),
        (r"is no web address: it begins with", "Das ist keine Webadresse: Sie beginnt mit http:// oder https://. Berichtigen Sie sie, oder lassen Sie sie weg."),
        (r"is a feed itself", "Das ist selbst ein Feed. Fügen Sie ihn mit seiner eigenen Adresse hinzu."),
        (r"lists more than [\d,]+ sitemaps", "Die Sitemap nennt zu viele weitere Sitemaps. Fügen Sie die hinzu, die Sie wollen."),
        (r"names more than (?P<count>[\d,]+) pages that are not", "Das sind mehr als {count} Seiten, die nicht in der Bibliothek sind. Fügen Sie die Adresse noch einmal hinzu, für die nächsten."),
        (r"^about the (?:feed|sitemap) itself", "Der Feed hat Mängel oder zu viele Einträge. Was davon zu lesen war, ist da."),
        (r"Look for its new address", "Unter dieser Adresse ist nicht mehr, was dort war. Suchen Sie die neue, oder beobachten Sie sie nicht mehr."),
        # archives and tables
        (r"^1 file in it of no kind that is read: (?P<names>.+?)\.?$", "Darin ist 1 Datei einer Art, die nicht gelesen wird: {names}."),
        (r"^(?P<count>[\d,]+) files in it of no kind that is read: (?P<names>.+?)\.?$", "Darin sind {count} Dateien einer Art, die nicht gelesen wird: {names}."),
        (r"its name leads out of the archive", "Der Name führt aus dem Archiv hinaus, wie es schädliche Archive tun. Fügen Sie die Datei einzeln hinzu, wenn Sie sie kennen."),
        (r"a link or device|not an ordinary file", "Das ist keine gewöhnliche Datei. Fügen Sie die Datei selbst hinzu."),
        (r"locked with a password", "Die Datei ist mit einem Passwort verschlossen. Entpacken Sie sie damit, und fügen Sie sie hinzu."),
        (r"come out of it", "Im Archiv ist zu viel. Entpacken Sie es, und fügen Sie den Ordner hinzu."),
        (r"more than (?P<size>\d+ MB)\. Unpack it", "Das sind mehr als {size}. Entpacken Sie das Archiv, und fügen Sie die Datei hinzu."),
        (r"times its size, as bombs do", "Entpackt ist das um ein Vielfaches größer, wie bei Archivbomben. Entpacken Sie es, und fügen Sie die Datei hinzu, wenn sie ist, was Sie erwarten."),
        (r"packed in a way that is not known", "Das Archiv ist beschädigt oder auf unbekannte Art gepackt. Entpacken Sie es, und fügen Sie die Datei hinzu."),
        (r"an archive in an archive", "Das ist ein Archiv in einem Archiv in einem Archiv. Entpacken Sie es, und fügen Sie hinzu, was darin ist."),
        (r"not JSON in UTF-8", "Diese Zeile ist kein JSON in UTF-8. Berichtigen Sie sie, oder lassen Sie sie weg."),
        (r"not a JSON object with a text column", "Diese Zeile ist kein JSON-Objekt mit einer Spalte für den Text."),
        (r"opens and never closes", "In dieser Zeile beginnt ein Anführungszeichen und endet nicht. Berichtigen Sie sie, oder lassen Sie sie weg."),
        # files
        (r"there is no such file or folder", "Diese Datei gibt es nicht."),
        (r" to read, which no article does", "Das zu lesen dauert zu lange. Teilen Sie die Datei auf, oder fügen Sie ihren Text hinzu."),
        (r"Add a smaller part of it", "Das ist zu viel auf einmal. Fügen Sie einen kleineren Teil davon hinzu."),
        (r"is XML, but no feed and no sitemap", "Die Datei ist XML, aber weder Feed noch Sitemap. Fügen Sie ihre Artikel in einem anderen Format hinzu."),
        (r"Save the page again, as HTML", "In der MHTML-Datei ist keine Seite, die zu lesen ist. Sichern Sie die Seite noch einmal, als HTML."),
        (r"does not say where its contents are", "Das EPUB sagt nicht, wo sein Inhalt ist. Besorgen Sie es neu."),
        (r" is empty\. There is nothing to add", "Die Datei ist leer."),
        (
            r"pages are pictures",
            "In der Datei sind nur Bilder von Seiten, kein Text. Lassen Sie eine Texterkennung darüber laufen, und fügen Sie das Ergebnis hinzu.",
        ),
        (
            r"shows letters without saying which",
            "Das PDF zeigt Buchstaben, sagt aber nicht, welche. Lassen Sie eine Texterkennung darüber laufen, und fügen Sie das Ergebnis hinzu.",
        ),
        (
            r"nothing in it reads like an article|no text that could be an article|no HTML in it that could be an article|without text",
            "Darin ist kein Text, der ein Artikel sein könnte. Sichern Sie die Seite im Browser, und fügen Sie diese Datei hinzu.",
        ),
        (r"PDF with a password|is a locked PDF|locked by digital rights", "Die Datei ist mit einem Passwort oder Kopierschutz versehen. Fügen Sie eine Kopie ohne ihn hinzu."),
        (
            r"(?: is .{1,60}, not a text\.| is binary)",
            "Die Datei ist kein Text. Fügen Sie sie als HTML, PDF, DOCX, EPUB, Markdown oder einfachen Text hinzu.",
        ),
        (r" is JSON, not an article", "Die Datei ist JSON, kein Artikel. Wenn ihre Einträge Artikel sind: Geben Sie ihr die Endung .jsonl oder .json."),
        (r"is of a kind that is read|no file in this folder that can be read", "Darin ist keine Datei einer Art, die gelesen wird."),
        (r"which no article does|more than an article|more text than an article", "Das ist mehr, als ein Artikel hat. Teilen Sie es auf."),
        (r"there is no row in it", "In der Tabelle ist keine Zeile."),
        (r"no text \(looked for", "In dieser Zeile ist kein Text. Sagen Sie auf der Befehlszeile, in welcher Spalte er steht."),
        (
            r"cannot be read|cannot be unpacked|is damaged|that is damaged|damaged or cut off|the program part that reads it crashed|no zip archive",
            "Die Datei ist beschädigt und nicht zu lesen. Sichern Sie sie neu, oder fügen Sie ihren Text hinzu.",
        ),
        (r"(?:^|: )There is no text", "Da ist kein Text. Fügen Sie die Wörter des Artikels ein."),
        (r"stopped before it was", "Angehalten, bevor es an der Reihe war. Fügen Sie es noch einmal hinzu."),
    )
)  # fmt: skip


def reason_html(reason: str, *, language: Language) -> str:
    """A reason as an element, in ``language`` if its kind is known; nothing where there is none."""
    told = reason_text(reason, language=language)
    english = ' lang="en"' if told == reason else ""
    return f'<span class="why"{english} dir="auto">{escape(told)}</span>' if reason else ""


def reason_text(reason: str, *, language: Language) -> str:
    """The reason in ``language`` if its kind is known, else as it is."""
    return (german_reason(reason) if language == "de" else None) or reason


def german_reason(reason: str) -> str | None:
    """The reason in German, None if its kind, or that of one of several, is not known."""
    several = [_one_in_german(part) for part in reason.split("; ")]
    return " ".join(part for part in several if part) if all(several) else _one_in_german(reason)


def _one_in_german(reason: str) -> str | None:
    for pattern, told in _GERMAN:
        if match := pattern.search(reason):
            found = match.groupdict()
            return told.format(**{**found, "count": found.get("count", "").replace(",", ".")})
    return None
