"""Why something was not added, as the German page tells it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import ingest
from assistant.web.reasons import german_reason, reason_html

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assistant import Assistant

ANYTHING: Final = "7"
"""Stands for whatever a message is filled with."""


def written_in(node: ast.AST) -> str:
    """The text of a string in the source, with ``ANYTHING`` in its gaps; empty for anything else."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else ANYTHING for part in node.values)  # type: ignore[misc]
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def reasons_of_ingest() -> Iterator[str]:
    """Every reason that ``ingest`` writes down where it raises, yields or reports it."""
    for path in sorted(Path(str(ingest.__file__)).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == "ItemResult":
                yield from (written_in(given.value) for given in node.keywords if given.arg == "reason")
            elif node.func.id.startswith("Source") and node.args:
                yield written_in(node.args[0])


def test_every_reason_has_its_words() -> None:
    """No reason that ingest may give is left in English on the German page: one that is new has to be added to the table in ``reasons``."""
    reasons = {reason for reason in reasons_of_ingest() if reason.strip(f"{ANYTHING}: .")}
    assert len(reasons) > 40
    assert {reason for reason in reasons if german_reason(reason) is None} - {
        f"about the {ANYTHING} itself: {ANYTHING}."
    } == set()


BAD_FILES = {
    "leer.txt": (b"", "Die Datei ist leer."),
    "bild.txt": (b"\x89PNG\r\n\x1a\n" + bytes(500), "Die Datei ist kein Text."),
    "kaputt.pdf": (b"%PDF-1.7\nrubbish", "Die Datei ist beschädigt"),
    "kaputt.zip": (b"PK\x03\x04rubbish", "Die Datei ist beschädigt"),
    "kurz.html": (b"<html><body><p>Start here.</p></body></html>", "Der Text ist kürzer, als Artikel sind"),
    "tabelle.csv": (b"title,text\n", "In der Tabelle ist keine Zeile."),
    "daten.txt": (b'{"a": [1, 2, 3], "b": {"c": "d"}}', "Die Datei ist JSON, kein Artikel."),
}


def test_reasons_are_told_in_german(open_assistant: Callable[..., Assistant], tmp_path: Path) -> None:
    """What really fails to be read has a reason of a known kind on the German page; the English page has it as it is told."""
    for name, (content, _) in BAD_FILES.items():
        (tmp_path / name).write_bytes(content)
    addresses = {
        "https://name:word@example.org/a": "Adressen mit Name oder Passwort darin",  # pragma: allowlist secret
        "http://127.0.0.1:9/a": "Die Adresse ist auf diesem Rechner oder in einem privaten Netz",
    }
    report = open_assistant().add([*(tmp_path / name for name in BAD_FILES), *addresses])
    told = {item.source.rsplit("/", 1)[-1] if item.source.startswith("/") else item.source: item.reason for item in report.items}
    for name, expected in [*((name, expected) for name, (_, expected) in BAD_FILES.items()), *addresses.items()]:
        shown = told.get(name) or next(reason for source, reason in told.items() if source.endswith(name.rsplit("@", 1)[-1]))
        assert (german_reason(shown) or "").startswith(expected), (name, shown)
        assert 'lang="en"' not in reason_html(shown, language="de")
        assert 'lang="en"' in reason_html(shown, language="en")


@pytest.mark.parametrize(
    ("reason", "german"),
    [
        (
            "there is no host no.such (Name or service not known). Check the address.",
            "Einen Rechner namens no.such gibt es nicht.",
        ),
        (
            "its robots.txt forbids programs to fetch it. Save the page in a browser and add the file.",
            "Die robots.txt der Website",
        ),
        ("HTTP 404: there is no such page. Check the address.", "HTTP 404: Diese Seite gibt es nicht."),
        ("HTTP 503: its server has trouble. Try again later.", "HTTP 503: Der Server hat Schwierigkeiten."),
        ("no connection within 10 s. Check the address, or try again later.", "Der Server antwortet nicht."),
        ("it is larger than 20 MB. Save what you need of it and add the file.", "Das sind mehr als 20 MB."),
        ("https://a.example/ is no feed: it is an HTML page. Add the page itself.", "Unter dieser Adresse ist kein Feed."),
        ("nearly the same text as ‹{0} {host}› (Post).", "Fast derselbe Text wie ‹{0} {host}› (Post)."),
        ("it is back; the same text as ‹A B›.", "Der Artikel ist wieder da. Derselbe"),
        ("1 file in it of no kind that is read: photo.raw.", "Darin ist 1 Datei einer Art, die nicht gelesen wird: photo.raw."),
        (
            "1,200 files in it of no kind that is read: a.raw, …",
            "Darin sind 1.200 Dateien einer Art, die nicht gelesen wird: a.raw, …",
        ),
        ("a.zip/b.txt: more than 20 MB. Unpack it, and add the file.", "Das sind mehr als 20 MB. Entpacken Sie das Archiv"),
        ("about the feed itself: no entries.", "Der Feed hat Mängel oder zu viele Einträge."),
        ("something that nobody has thought of.", None),
    ],
)
def test_a_reason_of_a_kind_that_is_known_is_german(reason: str, german: str | None) -> None:
    """With its names and numbers; any other stays as it is, and says that it is English."""
    told = german_reason(reason)
    assert (told or "").startswith(german or "")
    assert (told is None) == (german is None)
    assert ('lang="en"' in reason_html(reason, language="de")) == (german is None)
