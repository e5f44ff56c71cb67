"""The ingest run: files, folders, archives, standard input and tables become articles, each item with what became of it."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.files import MAX_BYTES
from ingest.pipeline import IngestReport, ingest
from ingest.plan import plan
from ingest.planned import Document, ItemResult, ReadOptions
from ingest.run import ReadProgress, Run
from ingest.web import WebPlanner
from vectorstore.library import Library
from vectorstore.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assistant import Assistant
    from vectorstore.embedding import Encoder

LIGHTHOUSE = """The Morning Ferry

Lighthouse at Skarven Point lit again

SKARVEN, 4 May 2023 – The lighthouse at Skarven Point has been lit again after eleven years in the dark. Engineers from the
harbour authority replaced its lamp and its gears over the winter.

The work cost 340,000 crowns, said the harbour master, Ingrid Solheim. Fishermen had asked for the light since 2012, when a
storm broke the lantern and the repair was put off.
"""
LIBRARY_BUS = """# Bibliotheksbus fährt wieder durch das Ahlental

Der Bücherbus der Stadtbibliothek Ahlen hält seit Montag wieder in zwölf Dörfern des Ahlentals. Die Stadt hatte ihn vor drei
Jahren stillgelegt, weil der alte Motor die Prüfung nicht bestand.

Für den neuen Bus gab der Kreis 210.000 Euro. Fahrerin Marion Tews sagte, sie habe schon am ersten Tag vierhundert Bücher verliehen.
"""
MARKET = """<!doctype html><html lang="fr"><head><title>Le marché de Brénac change de place</title></head><body>
<nav><a href="/">Accueil</a> <a href="/sport">Sport</a></nav><article><h1>Le marché de Brénac change de place</h1>
<p>Le marché du samedi quitte la place de l’Église pour les quais de Brénac, a annoncé la mairie lundi. Soixante marchands sont
concernés par ce déménagement, prévu pour le 3 juin.</p>
<p>La maire, Odile Castan, promet trois cents places de stationnement gratuites à deux minutes des étals.</p></article>
</body></html>"""
WORDS = """anchor barge council dredger estuary ferry granite harbour island jetty keel lantern mayor north oak pier quay river sail tide
under vessel warehouse yard zinc bridge crane dock engine fisher gull hull iron lamp mast net oar port rope sand tower wave""".split()


@dataclass
class Shelf:
    """A library on disk without indexes, and a folder to write sources into."""

    library: Library
    folder: Path
    count_tokens: Callable[..., list[int]]
    heard: list[ItemResult] = field(default_factory=list)

    def write(self, name: str, content: str | bytes) -> Path:
        """A file below the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def add(self, *sources: str | Path, sample: bool = False, options: ReadOptions | None = None) -> IngestReport:
        """Ingest ``sources``."""
        return ingest(sources, replace(self.run, sample=sample, on_item=self.heard.append), options=options)

    @property
    def run(self) -> Run:
        """Reading into the library."""
        return Run(library=self.library, count_tokens=self.count_tokens)

    def statuses(self, *sources: str | Path) -> list[str]:
        """What became of each item of ``sources``."""
        return [item.status for item in self.add(*sources).items]


@pytest.fixture
def shelf(tmp_path: Path, bundled_encoder: Encoder) -> Iterator[Shelf]:
    """An empty library whose passages are measured in the bundled model's tokens."""
    library = Library(tmp_path / "library")
    (tmp_path / "sources").mkdir()
    yield Shelf(library, tmp_path / "sources", bundled_encoder.count_tokens)
    library.close()


def test_a_file_becomes_an_article(shelf: Shelf) -> None:
    """Text, Markdown and HTML are read, each in its own language, with a passage or more, and wait to be indexed."""
    names = {"a.txt": LIGHTHOUSE, "b.md": LIBRARY_BUS, "c.html": MARKET}
    paths = [shelf.write(name, content) for name, content in names.items()]
    report = shelf.add(*paths)
    assert [(item.source, item.status, item.reason) for item in report.items] == [(str(path), "added", "") for path in paths]
    articles = [shelf.library.article(item.article_id or "") for item in report.items]
    assert [article.language for article in articles] == ["en", "de", "fr"]
    assert [article.title for article in articles] == [
        "Lighthouse at Skarven Point lit again",
        "Bibliotheksbus fährt wieder durch das Ahlental",
        "Le marché de Brénac change de place",
    ]
    assert articles[0].source == "The Morning Ferry"
    assert [article.path for article in articles] == [str(path.absolute()) for path in paths]
    assert {shelf.library.state(article) for article in articles} == {"pending"}
    for article, path in zip(articles, paths, strict=True):
        passages = shelf.library.passages(article)
        assert passages
        assert all(article.text[passage.start : passage.end].strip() for passage in passages)
        assert shelf.library.original(article) == (str(path), path.read_bytes())


def test_a_folder_is_read_in_a_stable_order(shelf: Shelf) -> None:
    """Every file of a known kind below it, sorted; hidden ones and other kinds are passed over."""
    shelf.write("press/2023/b.md", LIBRARY_BUS)
    shelf.write("press/a.txt", LIGHTHOUSE)
    shelf.write("press/c.HTML", MARKET)
    shelf.write("press/.hidden.txt", LIGHTHOUSE)
    shelf.write("press/.git/description.txt", LIGHTHOUSE)
    shelf.write("press/picture.png", b"\x89PNG")
    found = [item.source for item in shelf.add(shelf.folder / "press").items]
    assert found == [str(shelf.folder / "press" / name) for name in ("2023/b.md", "a.txt", "c.HTML")]


def test_what_belongs_to_a_saved_page_is_no_article(shelf: Shelf) -> None:
    """The folder that a browser saves beside a page, with frames of advertisements, is passed over; so is XML that is no feed."""
    shelf.write("press/Le marché.html", MARKET)
    shelf.write("press/Le marché_files/saved_resource.html", MARKET)
    shelf.write("press/other_files/a.txt", LIGHTHOUSE)
    shelf.write("press/settings.xml", "<settings><quay>Tresk</quay></settings>")
    found = [item.source for item in shelf.add(shelf.folder / "press").items]
    assert found == [str(shelf.folder / "press" / name) for name in ("Le marché.html", "other_files/a.txt")]


def test_standard_input_is_an_article(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` reads one document; the same words again are the same article."""
    for expected in ("added", "unchanged"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LIGHTHOUSE.encode())))
        report = shelf.add("-")
        assert [(item.source, item.status) for item in report.items] == [("-", expected)]
    assert shelf.library.count_articles() == 1


def test_standard_input_may_be_many_articles(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON lines and zip archives are known by their first bytes, a CSV by the options that say how it is written."""

    def add(content: bytes, options: ReadOptions | None = None) -> list[str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        return [item.status for item in shelf.add("-", options=options).items]

    row = {"_id": "n1", "text": "The lighthouse at Skarven Point has been lit again."}
    assert add(json.dumps(row).encode()) == ["added"]
    assert shelf.library.article("n1").text.startswith("The lighthouse at")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.txt", LIGHTHOUSE)
        archive.writestr("b.html", MARKET)
    assert add(packed.getvalue()) == ["added", "added"]
    table = "harbour;The quay of Tresk was opened on a Tuesday by its mayor.\ncity;The bus stops in twelve villages of the valley again.\n"
    assert add(table.encode(), ReadOptions(delimiter=";", header=False)) == ["added", "added"]
    assert shelf.library.count_articles() == 5


def test_rows_of_a_table_are_articles(shelf: Shelf) -> None:
    """A JSON-lines file gives an article per row, under the row's own id, named by file and row."""
    rows = [
        {"_id": "n1", "title": "Lighthouse lit", "text": "The lighthouse at Skarven Point has been lit again."},
        {"_id": "n2", "text": "Der Bücherbus hält wieder in zwölf Dörfern des Ahlentals.", "metadata": {"language": "de"}},
    ]
    path = shelf.write("table.jsonl", "\n".join(json.dumps(row) for row in rows))
    report = shelf.add(path)
    assert [(item.source, item.status, item.article_id) for item in report.items] == [
        (f"{path}#n1", "added", "n1"),
        (f"{path}#n2", "added", "n2"),
    ]
    assert shelf.library.article("n1").text.startswith("Lighthouse lit\n\nThe lighthouse")
    assert shelf.library.article("n1").path is None
    assert shelf.library.article("n2").language == "de"
    assert shelf.statuses(path) == ["unchanged", "unchanged"]


def test_a_broken_row_does_not_stop_the_others(shelf: Shelf) -> None:
    """It is reported with its number and why."""
    path = shelf.write(
        "t.jsonl", '{"id": "a", "text": "The lighthouse is lit."}\n{broken\n\n[1]\n{"id": "d"}\n{"id": "e", "text": "A market."}'
    )
    report = shelf.add(path)
    assert [item.status for item in report.items] == ["added", "failed", "failed", "failed", "added"]
    assert "line 2" in report.items[1].reason
    assert "JSON" in report.items[1].reason
    assert "line 5: no text" in report.items[3].reason
    assert report.count("failed") == 3


def test_the_same_file_twice_changes_nothing(shelf: Shelf) -> None:
    """Added again, in another run or in the same one or through its folder, it is unchanged and stays one article."""
    path = shelf.write("press/a.txt", LIGHTHOUSE)
    assert shelf.statuses(path, path, path.parent) == ["added", "unchanged", "unchanged"]
    before = shelf.library.articles()
    assert shelf.statuses(path) == ["unchanged"]
    assert shelf.library.articles() == before


def test_a_file_has_the_same_id_however_it_is_named(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The id comes from the absolute path; the report names the path as it was given."""
    path = shelf.write("a.txt", LIGHTHOUSE)
    monkeypatch.chdir(shelf.folder)
    monkeypatch.setenv("HOME", str(shelf.folder))
    items = [shelf.add(name).items[0] for name in (str(path), "a.txt", "~/a.txt")]
    assert [item.source for item in items] == [str(path), "a.txt", "~/a.txt"]
    assert len({item.article_id for item in items}) == 1
    assert [item.status for item in items] == ["added", "unchanged", "unchanged"]


def test_a_changed_file_is_a_new_version(shelf: Shelf) -> None:
    """It keeps its id; until the indexes have it the old version goes on answering."""
    path = shelf.write("a.txt", LIGHTHOUSE)
    article_id = shelf.add(path).items[0].article_id or ""
    old = shelf.library.article(article_id)
    shelf.library.make_searchable([entry.row for entry in shelf.library.pending(limit=10)])
    shelf.write("a.txt", LIGHTHOUSE.replace("340,000 crowns", "410,000 crowns"))
    assert [(item.status, item.article_id) for item in shelf.add(path).items] == [("updated", article_id)]
    assert shelf.library.article(article_id) == old
    assert shelf.library.count_articles() == 1
    shelf.library.make_searchable([entry.row for entry in shelf.library.pending(limit=10)])
    assert "410,000" in shelf.library.article(article_id).text
    assert shelf.library.article(article_id, version=old.version) == old


def test_the_indexes_follow_a_change(open_assistant: Callable[..., Assistant], tmp_path: Path) -> None:
    """After a change exactly the new version's passages are in both indexes and among the vectors, and answers come from it."""
    assistant, path = open_assistant(), tmp_path / "a.txt"
    path.write_text(LIGHTHOUSE, "utf-8")
    assistant.add([path])
    path.write_text(LIGHTHOUSE.replace("340,000 crowns", "410,000 crowns"), "utf-8")
    assert assistant.add([path]).to_dict()["updated"] == 1
    indexes, wanted = assistant.indexes, {passage.id for passage in assistant.library.passages(assistant.articles()[0])}
    assert set(assistant.library.matching_ids(Filters())) == wanted
    assert indexes.dense.count() == indexes.lexical.count() == indexes.vectors.count() == len(wanted)
    assert set(indexes.vectors.get(list(wanted))) == wanted
    hits = assistant.search("How much did the work at Skarven Point cost?")
    assert hits
    assert all("340,000" not in hit.text for hit in hits)


def test_removing_leaves_nothing_behind(open_assistant: Callable[..., Assistant], tmp_path: Path) -> None:
    """A removed article is gone from store, originals and indexes; an unknown id is not reported as removed."""
    assistant = open_assistant()
    for name, content in {"a.txt": LIGHTHOUSE, "b.md": LIBRARY_BUS}.items():
        (tmp_path / name).write_text(content, "utf-8")
    first, second = (item.article_id or "" for item in assistant.add([tmp_path / "a.txt", tmp_path / "b.md"]).items)
    kept = len(assistant.library.passages(assistant.article(second)))
    assert assistant.remove([first, "nobody"]) == [first]
    assert [article.id for article in assistant.articles()] == [second]
    indexes = assistant.indexes
    assert indexes.dense.count() == indexes.lexical.count() == indexes.vectors.count() == kept
    assert assistant.library.leavings(limit=10) == []
    assert all(hit.article.id == second for hit in assistant.search("lighthouse at Skarven Point"))


def test_what_fails_says_why_and_stops_nothing(shelf: Shelf) -> None:
    """Each failing item names its source and a reason; those around it are added."""
    (shelf.folder / "nothing").mkdir()
    sources = {
        str(shelf.folder / "missing.txt"): "no such file",
        str(shelf.write("empty.txt", "")): "empty",
        str(shelf.write("blank.txt", " \n\t\n")): "empty",
        str(shelf.write("picture.txt", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4)): "PNG",
        str(shelf.write("noise.txt", bytes(range(256)) * 40)): "not",
        str(shelf.write("paper.pdf", b"%PDF-1.7\n...")): "damaged",
        str(shelf.folder / "nothing"): "no file in this folder",
        "http://127.0.0.1:9/news.html": "--allow-private",
        "": "no such file",
        "~nobody-of-this-name/a.txt": "no such file",
        "a\0b.txt": "no such file",
        "x" * 5000: "",
        str(shelf.write("table.jsonl", "")): "no row",
        os.devnull: "not an ordinary file",
    }
    first, last = shelf.write("first.txt", LIGHTHOUSE), shelf.write("last.md", LIBRARY_BUS)
    report = shelf.add(first, *sources, last)
    assert [item.status for item in report.items] == ["added", *["failed"] * len(sources), "added"]
    for item, (named, reason) in zip(report.items[1:-1], sources.items(), strict=True):
        source = named.replace("\0", "\\x00")
        assert item.source == source
        assert item.article_id is None
        assert reason in item.reason, (source[:80], item.reason)
        assert item.reason.endswith((".", ")")), item.reason
        assert source in item.reason or not source
    assert shelf.library.count_articles() == 2
    assert shelf.heard == list(report.items)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_reported(shelf: Shelf) -> None:
    """A file or folder without permission fails with the system's reason; its neighbours are read."""
    shelf.write("press/a.txt", LIGHTHOUSE)
    shut, closed = shelf.write("press/b.txt", LIBRARY_BUS), shelf.write("press/closed/c.txt", MARKET).parent
    shut.chmod(0)
    closed.chmod(0)
    try:
        report = shelf.add(shelf.folder / "press")
    finally:
        closed.chmod(0o700)
    assert [(item.source, item.status) for item in report.items] == [
        (str(shelf.folder / "press" / "a.txt"), "added"),
        (str(shut), "failed"),
        (str(closed), "failed"),
    ]
    assert all("Permission denied" in item.reason for item in report.items[1:])


def test_a_closed_folder_does_not_hide_its_neighbours(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same without another user: what the system refuses to list is reported, the rest of the folder is read."""
    shelf.write("press/a.txt", LIGHTHOUSE)
    closed = shelf.write("press/closed/c.txt", MARKET).parent
    scan = os.scandir

    def refuse(path: str) -> object:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", str(closed))
        return scan(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert [(item.source, item.status) for item in shelf.add(shelf.folder / "press").items] == [
        (str(shelf.folder / "press" / "a.txt"), "added"),
        (str(closed), "failed"),
    ]


@pytest.mark.parametrize(("name", "shown"), [(b"caf\xe9.txt", "caf\\udce9.txt"), (b"red\x1b[31m\n.txt", "red\\x1b[31m\\n.txt")])
def test_a_file_name_that_is_no_text(name: bytes, shown: str, shelf: Shelf) -> None:
    """File names are bytes: one that is not UTF-8 or that would steer a terminal is read, and shown with an escape."""
    path = Path(os.fsdecode(os.fsencode(shelf.folder) + b"/" + name))
    try:
        path.write_text(LIGHTHOUSE, "utf-8")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    for source in (path, shelf.folder):
        report = shelf.add(source)
        assert json.dumps(report.to_dict(), ensure_ascii=False).encode()
        assert report.items[0].source == str(shelf.folder / shown)
    assert [item.status for item in report.items] == ["unchanged"]
    assert shelf.library.count_articles() == 1


def test_too_large_a_file_is_not_read(shelf: Shelf) -> None:
    """A file beyond the limit fails by its size alone."""
    path = shelf.folder / "large.txt"
    with path.open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    item = shelf.add(path).items[0]
    assert item.status == "failed"
    assert "64 MB" in item.reason


def test_the_report_has_the_keys_of_the_contract(shelf: Shelf) -> None:
    """``add --json``: schema first, counts that add up, and four keys an item."""
    path = shelf.write("a.txt", LIGHTHOUSE)
    report = shelf.add(path, path, shelf.folder / "missing.txt").to_dict()
    assert list(report) == ["schema", "added", "updated", "unchanged", "duplicates", "failed", "skipped", "items"]
    assert [report[name] for name in list(report)[:-1]] == [1, 1, 0, 1, 0, 1, 0]
    assert isinstance(report["items"], list)
    assert [list(item) for item in report["items"]] == [["source", "status", "article_id", "reason"]] * 3
    json.dumps(report)


def test_samples_are_marked(shelf: Shelf) -> None:
    """What is added as a sample says so."""
    shelf.add(shelf.write("a.txt", LIGHTHOUSE), sample=True)
    assert [article.sample for article in shelf.library.articles()] == [True]
    assert shelf.library.sample_ids() == [shelf.library.articles()[0].id]


def test_planning_reads_files_one_at_a_time(shelf: Shelf) -> None:
    """The plan is lazy: nothing of a large folder is read before it is needed."""
    shelf.write("press/a.txt", LIGHTHOUSE)
    shelf.write("press/b.txt", LIGHTHOUSE)
    options = ReadOptions()
    web = WebPlanner(options=options, fetch=lambda *_, **__: None, known_pages=shelf.library.pages)  # type: ignore[arg-type]
    found = list(plan([shelf.folder / "press"], options=options, web=web))
    (shelf.folder / "press" / "a.txt").write_text("Changed since it was planned.", "utf-8")
    first, second = found
    assert isinstance(first, Document)
    assert isinstance(second, Document)
    assert first.load().content == b"Changed since it was planned."
    (shelf.folder / "press" / "b.txt").unlink()
    with pytest.raises(FileNotFoundError):
        second.load()


def test_a_file_that_vanishes_is_reported(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gone between planning and reading, it fails with the system's reason; the others are read."""
    paths = [shelf.write(name, f"{name} of Skarven was painted green on Monday, said the mayor.") for name in ("a.txt", "b.txt")]
    read = Path.open

    def vanish(path: Path, *arguments: Any, **given: Any) -> Any:
        if path == paths[0]:
            path.unlink()
        return read(path, *arguments, **given)

    monkeypatch.setattr(Path, "open", vanish)
    report = shelf.add(*paths)
    assert [item.status for item in report.items] == ["failed", "added"]
    assert "No such file" in report.items[0].reason


def test_an_archive_holds_articles(shelf: Shelf) -> None:
    """The files of a zip archive, tables among them, are articles named by archive and file, and known when they come again."""
    rows = '{"id": "row-1", "text": "The ferry of Skarven was sold to Tresk."}\n'
    path = shelf.folder / "press.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {"a.txt": LIGHTHOUSE, "in/b.md": LIBRARY_BUS, "t.jsonl": rows, "picture.png": "?"}.items():
            archive.writestr(name, content)
    report = shelf.add(path)
    assert [(item.source, item.status) for item in report.items] == [
        (f"{path}/a.txt", "added"),
        (f"{path}/in/b.md", "added"),
        (f"{path}/t.jsonl#row-1", "added"),
        (str(path), "skipped"),
    ]
    assert report.items[3].reason == "1 file in it of no kind that is read: picture.png."
    assert (report.count("added"), report.count("skipped"), report.count("failed")) == (3, 1, 0)
    assert shelf.library.article(report.items[1].article_id or "").title == "Bibliotheksbus fährt wieder durch das Ahlental"
    assert shelf.statuses(path) == [*["unchanged"] * 3, "skipped"]


def test_a_table_is_read_as_it_is_said_to_be_written(shelf: Shelf) -> None:
    """Separator, quote, header and columns of a CSV can be given."""
    path = shelf.write("t.csv", "Der Leuchtturm brennt wieder.|eins\n'Die Fähre | verkauft.'|zwei\n")
    options = ReadOptions(delimiter="|", quote="'", header=False, columns={"text": 1, "title": 2})
    report = ingest([path], shelf.run, options=options)
    texts = [shelf.library.article(item.article_id or "").text for item in report.items]
    assert texts == ["eins\n\nDer Leuchtturm brennt wieder.", "zwei\n\nDie Fähre | verkauft."]


def test_the_same_text_twice_is_a_duplicate(shelf: Shelf) -> None:
    """It is stored and linked to the first, and the report says to which; unless comparing is turned off."""
    one, other = (shelf.write(f"{name}.txt", LIGHTHOUSE) for name in "ab")
    report = shelf.add(one, other)
    assert [item.status for item in report.items] == ["added", "duplicate"]
    assert report.to_dict()["duplicates"] == 1
    assert "Lighthouse at Skarven Point lit again" in report.items[1].reason
    assert shelf.library.article(report.items[1].article_id or "").duplicate_of == report.items[0].article_id
    third = shelf.write("c.txt", LIGHTHOUSE)
    apart = ingest([third], replace(shelf.run, link=False))
    assert [item.status for item in apart.items] == ["added"]


def test_a_page_that_is_not_all_says_so(shelf: Shelf) -> None:
    """The reason of an item names what was noted of its text."""
    page = (
        '<html lang="en"><head><title>Quay sold</title><script type="application/ld+json">{"@type": "NewsArticle", "headline": "Quay sold", '
        '"isAccessibleForFree": false}</script></head><body><article><h1>Quay sold</h1><p>The quay of Tresk was sold on Monday.</p></article></body></html>'
    )
    item = shelf.add(shelf.write("a.html", page)).items[0]
    assert item.status == "added"
    assert "subscribers" in item.reason


def test_a_full_disk_fails_each_item_and_stores_nothing_half(shelf: Shelf) -> None:
    """What cannot be stored is reported with the database's reason; with space again the same run takes it in."""
    paths = [
        shelf.write(f"{n}.txt", f"{LIGHTHOUSE}\n\nPart {n}. " + " ".join(random.Random(n).choices(WORDS, k=6_000)))
        for n in range(3)
    ]

    def limit(pages: int) -> None:
        shelf.library._engine.dispose()

        def set_limit(connection: Any, _: object) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")

        sa.event.listen(shelf.library._engine, "connect", set_limit)

    limit(10)
    report = shelf.add(*paths)
    assert [item.status for item in report.items] == ["failed"] * 3
    assert "full" in report.items[0].reason
    assert shelf.library.count_articles() == 0
    limit(100_000)
    assert shelf.statuses(*paths) == ["added"] * 3


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the peak")
def test_thousands_of_rows_in_bounded_memory(tmp_path: Path) -> None:
    """5,000 tiny articles of one table are all stored; memory does not grow with their number, and the second time none is parsed again."""
    path = tmp_path / "many.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for n in range(5_000):
            words = " ".join(random.Random(n).sample(WORDS, 12))
            file.write(json.dumps({"id": f"n{n}", "title": f"Report {n}", "text": f"Report {n}: {words}."}) + "\n")
    script = f"""
from pathlib import Path
from ingest.pipeline import ingest
from ingest.run import Run
from tests.test_kill import HashingEncoder
from vectorstore.library import Library
library = Library(Path({str(tmp_path / "library")!r}))
def add():
    return ingest([{str(path)!r}], Run(library=library, count_tokens=HashingEncoder().count_tokens, link=False))
first = add()
peak = next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
again = add()
print(first.count("added"), again.count("unchanged"), library.count_articles("pending"), peak)
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1]
    )
    added, unchanged, pending, kilobytes = map(int, ran.stdout.split())
    assert (added, unchanged, pending) == (5_000, 5_000, 5_000)
    assert kilobytes < 600_000


def test_what_is_known_is_looked_up_in_batches(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that was added before costs a look-up a batch and no reading."""
    path = shelf.write(
        "t.jsonl", "".join(json.dumps({"id": f"n{n}", "text": f"Quay {n} of Tresk was sold."}) + "\n" for n in range(200))
    )
    shelf.add(path)
    looked: list[int] = []
    look = Library.stored_among

    def counted(library: Library, ids: Any) -> Any:
        looked.append(len(list(ids)))
        return look(library, ids)

    monkeypatch.setattr(Library, "stored_among", counted)
    assert shelf.add(path).count("unchanged") == 200
    assert sum(looked) == 200
    assert len(looked) <= 5


def test_progress_knows_how_much_there_is(shelf: Shelf) -> None:
    """Once all is planned, the total is that of the items."""
    path = shelf.write(
        "t.jsonl", "".join(json.dumps({"id": f"n{n}", "text": f"Quay {n} of Tresk was sold."}) + "\n" for n in range(150))
    )
    told: list[ReadProgress] = []
    ingest([path], replace(shelf.run, on_progress=told.append))
    assert [step.done for step in told] == sorted(step.done for step in told)
    assert told[-1] == ReadProgress(done=150, planned=150, complete=True)


def test_stopping_keeps_what_is_in_hand(shelf: Shelf) -> None:
    """Once told to stop, a run ends soon, stores whole batches only, says that it was stopped, and the next one goes on."""
    path = shelf.write(
        "t.jsonl", "".join(json.dumps({"id": f"n{n}", "text": f"Quay {n} of Tresk was sold."}) + "\n" for n in range(300))
    )
    stop = threading.Event()
    report = ingest([path], replace(shelf.run, stop=stop, on_item=lambda _: stop.set()))
    assert report.stopped
    assert 0 < report.count("added") < 300
    assert shelf.library.count_articles("pending") == report.count("added")
    again = shelf.add(path)
    assert not again.stopped
    assert (again.count("unchanged"), again.count("added")) == (report.count("added"), 300 - report.count("added"))


def test_adding_and_removing_leaves_nothing(open_assistant: Callable[..., Assistant], tmp_path: Path) -> None:
    """Tables of the library and both indexes are as before: no version, original, passage, band, paragraph or vector is left."""
    assistant = open_assistant()
    for name, content in {"a.txt": LIGHTHOUSE, "b.md": LIBRARY_BUS, "c.html": MARKET, "copy.txt": LIGHTHOUSE}.items():
        (tmp_path / name).write_text(content, "utf-8")
    paths = [tmp_path / name for name in ("a.txt", "b.md", "c.html", "copy.txt")]
    report = assistant.add(paths)
    (tmp_path / "b.md").write_text(LIBRARY_BUS.replace("210.000", "220.000"), "utf-8")
    assistant.add(paths)
    assistant.remove([item.article_id or "" for item in report.items])
    indexes = assistant.indexes
    assert (indexes.dense.count(), indexes.lexical.count(), indexes.vectors.count()) == (0, 0, 0)
    connection = sqlite3.connect(assistant.settings.library / "library.db")
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if name != "facts"]
    counts = {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}
    connection.close()
    assert counts == dict.fromkeys(tables, 0)


@settings(max_examples=60, deadline=None)
@given(
    content=st.one_of(st.binary(max_size=400), st.text(max_size=400).map(lambda text: text.encode("utf-8", "surrogatepass"))),
    suffix=st.sampled_from([".txt", ".md", ".html", ".jsonl"]),
)
def test_no_bytes_break_a_run(
    content: bytes, suffix: str, bundled_encoder: Encoder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Whatever is in a file, the run goes on to the next one, and adding it again changes nothing."""
    folder = tmp_path_factory.mktemp("any")
    library = Library(folder / "library")
    shelf = Shelf(library, folder, bundled_encoder.count_tokens)
    path, sound = shelf.write(f"any{suffix}", content), shelf.write("sound.txt", LIGHTHOUSE)
    try:
        first = shelf.add(path, sound)
        assert first.items[-1].status == "added"
        for article in library.articles():
            for passage in library.passages(article):
                assert passage.end <= len(article.text)
        again = shelf.add(path, sound)
        assert again.count("added") == 0
        assert again.count("failed") == first.count("failed")
    finally:
        library.close()
        shutil.rmtree(folder)
