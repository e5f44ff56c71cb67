"""The ``fundstelle`` command: results on standard output, the rest on standard error, exit codes, and JSON by the contract."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from assistant import Assistant, cli
from assistant.commands import terminal
from ingest import reextraction
from ingest.extract import extract
from ingest.fetch import Fetcher
from tests.news_server import QUICK, NewsServer, Reply, html
from vectorstore import indexes
from vectorstore.errors import SettingsError
from vectorstore.library import Library
from vectorstore.types import Article

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

QUESTION = "Wann wurde der Leuchtturm von Skarven Point wieder angezündet?"


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        document: dict[str, Any] = json.loads(self.out)
        assert next(iter(document)) == "schema"
        assert document["schema"] == 1
        return document

    @property
    def said(self) -> str:
        """Standard error in one line."""
        return " ".join(self.err.split())


class Command:
    """The command in this process, over one library."""

    def __init__(self, library: Path, capture: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self.library = library
        self._capture = capture
        self._patch = patch

    def __call__(self, *arguments: str | Path, stdin: str | None = None) -> Ran:
        """Run ``fundstelle --library … ARGUMENTS``."""
        self._patch.setattr(sys, "argv", ["fundstelle", "--library", str(self.library), *map(str, arguments)])
        if stdin is not None:
            reading, writing = os.pipe()
            os.write(writing, stdin.encode())
            os.close(writing)
            self._patch.setattr(sys, "stdin", os.fdopen(reading, encoding="utf-8"))
        self._capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        if stdin is not None:
            sys.stdin.close()
            self._patch.undo()
        written = self._capture.readouterr()
        return Ran(int(ended.value.code or 0), written.out, written.err)


@pytest.fixture
def run(loaded_once: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """The command over an empty library."""
    with pytest.MonkeyPatch.context() as patch:
        yield Command(tmp_path / "library", capsys, patch)


@pytest.fixture
def filled(run: Command, two_articles: Path) -> Command:
    """The command over a library of two articles."""
    shutil.copytree(two_articles, run.library)
    return run


def in_a_process(library: Path, *arguments: str | Path, **environment: str) -> Ran:
    """The installed command, as a user runs it."""
    command = Path(sys.executable).with_name("fundstelle")
    ran = subprocess.run(
        [command, "--library", library, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


# Adding


def test_adding_reports_each_item(run: Command, tmp_path: Path, lamp: str) -> None:
    """Counts on standard output, items with what became of them on standard error, exit 0."""
    (tmp_path / "a.txt").write_text(lamp, "utf-8")
    ran = run("add", tmp_path / "a.txt")
    assert (ran.code, ran.out) == (0, "added: 1\n")
    assert f"added: {tmp_path / 'a.txt'}" in ran.said
    again = run("add", tmp_path / "a.txt")
    assert (again.code, again.out) == (0, "unchanged: 1\n")


def test_adding_as_json(run: Command, tmp_path: Path, lamp: str) -> None:
    """One document by the contract, nothing else on standard output; the same file again is unchanged."""
    (tmp_path / "a.txt").write_text(lamp, "utf-8")
    first = run("add", "--json", tmp_path / "a.txt")
    document = first.document
    assert list(document) == ["schema", "added", "updated", "unchanged", "duplicates", "failed", "skipped", "items"]
    (item,) = document["items"]
    assert item == {"source": str(tmp_path / "a.txt"), "status": "added", "article_id": item["article_id"], "reason": ""}
    assert first.err == ""
    again = run("add", tmp_path / "a.txt", "--json").document
    assert (again["added"], again["unchanged"]) == (0, 1)
    assert again["items"][0]["article_id"] == item["article_id"]


def test_a_failing_item_exits_1_and_the_rest_is_kept(run: Command, tmp_path: Path, lamp: str) -> None:
    """The reason is told; the others are in the library."""
    (tmp_path / "a.txt").write_text(lamp, "utf-8")
    (tmp_path / "empty.txt").write_text("", "utf-8")
    ran = run("add", "--json", tmp_path / "missing.txt", tmp_path / "a.txt", tmp_path / "empty.txt")
    assert ran.code == 1
    assert [item["status"] for item in ran.document["items"]] == ["failed", "added", "failed"]
    assert "no such file" in ran.said
    assert "is empty" in ran.said
    assert len(run("articles", "--json").document["items"]) == 1


def test_adding_from_standard_input(run: Command, lamp: str) -> None:
    """``-`` reads one article."""
    ran = run("add", "--json", "-", stdin=lamp)
    assert ran.code == 0
    assert [(item["source"], item["status"]) for item in ran.document["items"]] == [("-", "added")]


def test_adding_nothing_is_bad_usage(run: Command) -> None:
    """It says what could be added."""
    ran = run("add")
    assert (ran.code, ran.out) == (2, "")
    assert "--samples" in ran.said


def test_adding_a_table_as_it_is_written(run: Command, tmp_path: Path) -> None:
    """Options say how a CSV is written and which column is what; one that makes no sense is bad usage."""
    path = tmp_path / "t.csv"
    path.write_text("Quay sold|The quay of Tresk was sold on Monday to a shipyard.\n", "utf-8")
    ran = run("add", "--json", path, "--delimiter", "|", "--no-header", "--column", "title=1", "--column", "text=2")
    (item,) = ran.document["items"]
    assert run("show", "--json", item["article_id"]).document["title"] == "Quay sold"
    wrong = run("add", path, "--column", "text")
    assert wrong.code == 2
    assert "--column text=Inhalt" in wrong.said


# Following


@pytest.fixture
def site(news_server: NewsServer, monkeypatch: pytest.MonkeyPatch, lamp: str) -> NewsServer:
    """A server with an article and a feed that names it, to be fetched without pauses."""
    defaults = Fetcher.__init__.__kwdefaults__
    assert defaults
    monkeypatch.setitem(defaults, "limits", QUICK)
    paragraphs = "".join(f"<p>{paragraph}</p>" for paragraph in lamp.split("\n\n")[2:])
    news_server.add(
        "/lamp", html(f"<html lang='en'><body><article><h1>Lighthouse lit again</h1>{paragraphs * 2}</article></body></html>")
    )
    item = f"<item><title>Lighthouse lit again</title><link>{news_server.url('/lamp')}</link></item>"
    rss = f'<rss version="2.0"><channel><title>Morning Ferry</title>{item}</channel></rss>'
    news_server.add("/feed", Reply(rss.encode(), "application/rss+xml", etag='"1"'))
    return news_server


def test_a_feed_is_added_listed_refreshed_and_forgotten(run: Command, site: NewsServer) -> None:
    """From the command line: its articles, the list of what is followed, a visit that finds nothing new, and no more."""
    refused = run("add", site.url("/feed"))
    assert refused.code == 1
    assert "--allow-private" in refused.said
    added = run("add", "--json", "--allow-private", site.url("/feed"))
    assert [(item["source"], item["status"]) for item in added.document["items"]] == [(site.url("/lamp"), "added")]
    (source,) = run("sources", "--json").document["items"]
    assert (source["address"], source["kind"], source["title"]) == (site.url("/feed"), "feed", "Morning Ferry")
    assert "Morning Ferry" in run("sources").out
    assert run("refresh", "--allow-private").out == "nothing due\n"
    visited = run("refresh", "--allow-private", "--all", "--json")
    assert [(item["source"], item["status"]) for item in visited.document["items"]] == [(site.url("/feed"), "unchanged")]
    assert run("unfollow", "--json", site.url("/feed"), "nobody").document == {
        "schema": 1,
        "unfollowed": [site.url("/feed")],
        "missing": ["nobody"],
    }
    assert "Nothing is followed" in run("refresh").said
    assert len(run("articles", "--json").document["items"]) == 1


def test_private_addresses_by_setting(run: Command, site: NewsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """``FUNDSTELLE_ALLOW_PRIVATE`` does what ``--allow-private`` does."""
    monkeypatch.setenv("FUNDSTELLE_ALLOW_PRIVATE", "true")
    assert run("add", site.url("/lamp")).out == "added: 1\n"


@pytest.mark.parametrize(("written", "seconds"), [("15m", 900), ("2h", 7200), ("1h30m", 5400), ("90s", 90)])
def test_spans_of_time(written: str, seconds: int) -> None:
    """As ``--every`` and ``--refresh`` take them."""
    assert terminal.duration(written).total_seconds() == seconds


@pytest.mark.parametrize("written", ["", "15", "soon", "0m", "59s", "-5m", "m"])
def test_what_is_no_span_of_time(written: str) -> None:
    """It is bad usage, with an example."""
    with pytest.raises(SettingsError, match="15m"):
        terminal.duration(written)


def test_a_server_refreshes_in_the_background(run: Command, site: NewsServer, open_assistant: Callable[..., Assistant]) -> None:
    """While an assistant keeps up, sources that are due are visited and what is new is found; it ends with the block."""
    run("add", "--allow-private", site.url("/feed"))
    assistant = open_assistant(allow_private=True)
    source = assistant.sources()[0]
    assistant.library.record_visit(source.address, at=source.added_at, next_visit=source.added_at, status=200)
    site.add(
        "/ferry",
        html(
            "<html><body><article><h1>Ferry sold</h1><p>"
            + "The ferry of Tresk was sold to a school. " * 20
            + "</p></article></body></html>"
        ),
    )
    item = f"<item><title>Ferry sold</title><link>{site.url('/ferry')}</link></item>"
    site.add(
        "/feed",
        Reply(f'<rss version="2.0"><channel><title>Morning Ferry</title>{item}</channel></rss>'.encode(), "application/rss+xml"),
    )
    with assistant.keep_up(refresh_every=timedelta(minutes=15)):
        deadline = time.monotonic() + 60
        while assistant.library.count_articles("complete") < 2:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    assert not [thread for thread in threading.enumerate() if thread.name in {"take in", "refresh"}]


def test_extracting_again(run: Command, tmp_path: Path, lamp: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """``reindex --extract`` makes articles anew from the kept bytes: nothing changes, until extraction does; then there is another version."""
    (tmp_path / "a.txt").write_text(lamp, "utf-8")
    run("add", tmp_path / "a.txt")
    (tmp_path / "a.txt").unlink()
    assert run("reindex", "--extract").out == "unchanged: 1\n"

    def better(*given: Any, **named: Any) -> Any:
        found = extract(*given, **named)
        return replace(found, text=found.text.replace("340,000", "350,000"))

    monkeypatch.setattr(reextraction, "extract", better)
    ran = run("reindex", "--extract", "--json")
    assert (ran.document["updated"], ran.code) == (1, 0)
    (item,) = run("articles", "--json").document["items"]
    assert "350,000" in run("show", item["id"]).out
    assert len(run("show", item["id"], "--versions", "--json").document["versions"]) == 2


# Asking


def test_an_answer_shows_its_quotes_and_where_they_are_from(filled: Command) -> None:
    """The quote with its marker, then headline, outlet, day and language, and the quote in its context."""
    ran = filled("ask", QUESTION)
    assert ran.code == 0
    assert ran.err == ""
    assert "lit again on Tuesday after eleven years in the dark.“ [1]" in " ".join(ran.out.split())
    assert "[1] Lighthouse at Skarven Point lit again" in ran.out
    assert "The Morning Ferry · 2023-05-04 · en" in ran.out


def test_an_answer_as_json(filled: Command) -> None:
    """Each quote equals the slice of the text that ``show`` gives for its article and version."""
    ran = filled("ask", "--json", QUESTION)
    answer = ran.document
    assert (ran.code, ran.err, answer["abstained"], answer["language"]) == (0, "", False, "de")
    assert answer["citations"]
    for citation in answer["citations"]:
        article = filled("show", citation["article_id"], "--version", citation["version"], "--json").document
        assert article["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert citation["verbatim"] is True
        assert citation["published_at"] == "2023-05-04T00:00:00+00:00"


def test_declining_is_a_result(filled: Command) -> None:
    """An answer that abstains says why and exits 0."""
    ran = filled("ask", "Who won the football world cup in 2022?")
    assert ran.code == 0
    assert ran.out.startswith("The articles do not answer this question")
    document = filled("ask", "Who won the football world cup in 2022?", "--json").document
    assert document["abstained"] is True
    assert document["citations"] == []
    assert document["hits"]


def test_asking_an_empty_library(run: Command) -> None:
    """It says so and how to add something, in both forms; exit 0."""
    ran = run("ask", "Why is Blinken visiting Astana?")
    assert ran.code == 0
    assert "fundstelle add" in ran.out
    document = run("ask", "Why is Blinken visiting Astana?", "--json").document
    assert document["abstained"] is True
    assert "fundstelle add" in document["text"]


def test_filters_and_the_language_of_the_answer(filled: Command) -> None:
    """``--language``, ``--source``, ``--since``, ``--until`` and ``--answer-language`` reach the search and the answer."""
    arguments = ["--language", "en", "--source", "The Morning Ferry", "--since", "2023-05-01", "--until", "2023-05-31"]
    document = filled("ask", "--json", QUESTION, *arguments, "--answer-language", "en").document
    wanted = {"language": "en", "source": "The Morning Ferry", "since": "2023-05-01", "until": "2023-05-31", "undated": False}
    assert document["searched"]["filters"] == wanted
    assert document["language"] == "en"
    assert document["abstained"] is False
    nothing = filled("ask", "--json", QUESTION, "--language", "fr").document
    assert nothing["hits"] == []
    undated = [filled("search", "--json", "Bücherbus", "--since", "2000-01-01", *more).document for more in ([], ["--undated"])]
    assert [{hit["language"] for hit in document["items"]} for document in undated] == [{"en"}, {"de", "en"}]


@pytest.mark.parametrize(
    "arguments",
    [
        ["ask", "x", "--since", "yesterday"],
        ["ask", "x", "--since", "2023-05-02", "--until", "2023-05-01"],
        ["ask"],
        ["ask", "x", "--unknown"],
        ["search", "x", "--limit", "0"],
        ["nothing"],
        ["--unknown"],
        ["show"],
    ],
)
def test_bad_usage_exits_2(arguments: list[str], run: Command) -> None:
    """Nothing on standard output, what is wrong on standard error, no traceback, no library made."""
    ran = run(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.strip()
    assert "Traceback" not in ran.err


def test_searching(filled: Command) -> None:
    """Ranked passages in both forms, as many as asked for."""
    document = filled("search", "--json", QUESTION, "--limit", "1").document
    assert list(document) == ["schema", "items"]
    (hit,) = document["items"]
    assert {"article_id", "title", "start", "end", "text", "score", "ranks"} <= set(hit)
    assert hit["title"] == "Lighthouse at Skarven Point lit again"
    ran = filled("search", QUESTION)
    assert ran.out.startswith("1. Lighthouse at Skarven Point lit again")
    assert "2. Bibliotheksbus" in ran.out


# What is in the library


def test_listing(filled: Command, run: Command) -> None:
    """Newest first with their state; an undated one last."""
    document = filled("articles", "--json").document
    assert list(document) == ["schema", "items"]
    assert [item["title"] for item in document["items"]] == [
        "Lighthouse at Skarven Point lit again",
        "Bibliotheksbus fährt wieder durch das Ahlental",
    ]
    assert {item["state"] for item in document["items"]} == {"complete"}
    assert {"id", "version", "url", "source", "language", "published_at", "fetched_at", "sample"} <= set(document["items"][0])
    assert "text" not in document["items"][0]
    table = filled("articles").out
    assert all(item["id"] in table and item["title"] in table for item in document["items"])
    assert "undated" in table


def test_listing_an_empty_library(run: Command) -> None:
    """An empty list; people are told how to add something."""
    assert run("articles", "--json").document["items"] == []
    ran = run("articles")
    assert (ran.code, ran.out) == (0, "")
    assert "fundstelle add" in ran.said


def test_showing(filled: Command) -> None:
    """The text with its furniture and passages as offsets into it; an unknown id is an error with a way out."""
    id_ = filled("articles", "--json").document["items"][0]["id"]
    document = filled("show", "--json", id_).document
    assert document["id"] == id_
    assert "Ingrid Solheim" in document["text"]
    assert document["passages"]
    assert all(set(span) == {"start", "end"} for span in document["passages"])
    assert all(set(mark) == {"start", "end", "reason"} for mark in document["furniture"])
    assert "Ingrid Solheim" in filled("show", id_).out
    missing = filled("show", "nobody")
    assert (missing.code, missing.out) == (1, "")
    assert "fundstelle articles" in missing.said


def test_showing_versions(run: Command, tmp_path: Path) -> None:
    """Every version with what it changed, newest first; an older one is read by the beginning of its hash."""
    page = tmp_path / "ferry.txt"
    for price in ("two", "three"):
        page.write_text(f"The ferry was sold\n\nThe ferry to the island was sold. It cost {price} million crowns.\n", "utf-8")
        assert run("add", page).code == 0
    id_ = run("articles", "--json").document["items"][0]["id"]
    new, old = run("show", "--json", "--versions", id_).document["versions"]
    assert (new["state"], old["state"], old["changes"]) == ("complete", "retired", [])
    assert new["changes"] == [{"removed": "It cost two million crowns.", "added": "It cost three million crowns."}]
    shown = run("show", "--versions", id_)
    assert "- It cost two million crowns." in shown.out
    assert "+ It cost three million crowns." in shown.out
    assert "two million" in run("show", id_, "--version", old["version"][:10]).out
    assert "two million" not in run("show", id_).out
    assert run("show", "nobody", "--versions").code == 1


def test_showing_a_copy(run: Command) -> None:
    """An article that says the same as another names it, and both name the other's outlet."""
    with closing(Library(run.library)) as library:
        for id_, source, repeated in (("first", "Post", None), ("copy", "Echo", "first")):
            article = Article(
                id=id_,
                text="The ferry was sold.",
                title="Sale",
                source=source,
                duplicate_of=repeated,
                fetched_at=datetime.now(UTC),
            )
            library.put(article, [], original=b"", name=id_)
        library.make_searchable([entry.row for entry in library.pending(limit=9)])
    assert "says the same as: Sale · Post" in run("show", "copy").out
    assert "also in: Post" in run("show", "copy").out
    assert "also in: Echo" in run("show", "first").out
    assert "says the same" not in run("show", "first").out
    document = run("show", "--json", "copy").document
    assert (document["duplicate_of"], document["also_in"]) == ("first", ["Post"])
    assert {item["id"]: item["duplicate_of"] for item in run("articles", "--json").document["items"]} == {
        "first": None,
        "copy": "first",
    }


def test_removing(filled: Command) -> None:
    """What was there is removed and named; what was not is named too, and exits 1."""
    id_ = filled("articles", "--json").document["items"][0]["id"]
    ran = filled("remove", "--json", id_, "nobody")
    assert ran.code == 1
    assert ran.document == {"schema": 1, "removed": [id_], "missing": ["nobody"]}
    assert "'nobody'" in ran.said
    assert [item["id"] for item in filled("articles", "--json").document["items"]] != [id_]
    left = filled("articles", "--json").document["items"][0]["id"]
    assert (filled("remove", left).code, filled("articles", "--json").document["items"]) == (0, [])


def test_reindexing(filled: Command) -> None:
    """Both indexes are made anew, and answers are as before."""
    before = filled("ask", "--json", QUESTION).document["citations"]
    ran = filled("reindex", "--json")
    assert (ran.code, ran.document) == (0, {"schema": 1, "articles": 2})
    assert filled("ask", "--json", QUESTION).document["citations"] == before


def test_doctor(filled: Command) -> None:
    """Findings with remedies in both forms; fine here, so exit 0."""
    ran = filled("doctor", "--json")
    assert list(ran.document) == ["schema", "items"]
    assert all(set(item) == {"name", "found", "fine", "remedy", "lost", "mended"} for item in ran.document["items"])
    assert ran.code == (0 if all(item["fine"] for item in ran.document["items"]) else 1)
    text = filled("doctor").out
    assert "library" in text
    assert "2 articles" in " ".join(text.split())


def test_another_model_is_refused_with_the_way_out(filled: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Indexes made with other weights or another analyzer are not searched: the message names ``fundstelle reindex``."""
    with Assistant.open(filled.library) as opened:
        opened.library.set_facts(signature="other", embedding="tiny-model")
    ran = filled("ask", QUESTION)
    assert (ran.code, ran.out) == (1, "")
    assert "made with tiny-model" in ran.said
    assert "fundstelle reindex" in ran.said
    assert filled("reindex").code == 0
    assert filled("ask", QUESTION).code == 0


@pytest.mark.parametrize(("variable", "value"), [("FUNDSTELLE_SENTENCE_VECTORS", "perhaps")])
def test_a_setting_that_cannot_be_used_exits_2(variable: str, value: str, run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the setting."""
    monkeypatch.setenv(variable, value)
    ran = run("ask", "x")
    assert (ran.code, ran.out) == (2, "")
    assert "sentence_vectors" in ran.said


def test_a_library_that_cannot_be_made(run: Command, tmp_path: Path) -> None:
    """A file where the folder should be is an error with a way out, not a traceback."""
    (tmp_path / "library").write_text("", "utf-8")
    ran = run("ask", "x")
    assert (ran.code, ran.out) == (1, "")
    assert "--library" in ran.said


def test_stopped_by_the_keyboard(run: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lamp: str) -> None:
    """Exit 130 with what to do next, without a traceback; the lock is free again."""
    (tmp_path / "a.txt").write_text(lamp, "utf-8")

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(indexes.Indexes, "take_in", interrupt)
        ran = run("add", tmp_path / "a.txt")
    assert (ran.code, ran.out) == (130, "")
    assert ran.said.endswith("Stopped. What was stored stays; run the same command again to go on.")
    again = run("add", "--json", tmp_path / "a.txt").document
    assert (again["added"], again["failed"]) in {(0, 0), (1, 0)}, "stored or not by then, it is there now"
    assert "lit again on Tuesday" in run("ask", QUESTION).out


def test_articles_are_text_not_markup(run: Command, tmp_path: Path, lamp: str) -> None:
    """Brackets and colours in an article are shown as they stand and move nothing."""
    (tmp_path / "a.txt").write_text(lamp.replace("Ingrid Solheim", "[bold red]Ingrid[/] Solheim"), "utf-8")
    run("add", tmp_path / "a.txt")
    document = run("articles", "--json").document
    assert "[bold red]Ingrid[/] Solheim" in run("show", document["items"][0]["id"]).out


# As a user runs it


def test_the_installed_command(tmp_path: Path, shared_cache: Path, lamp: str) -> None:
    """In processes of its own: adding writes a JSON document and not one line more, asking afterwards finds it."""
    (tmp_path / "a.txt").write_text(lamp, "utf-8")
    added = in_a_process(tmp_path / "library", "add", "--json", tmp_path / "a.txt")
    assert (added.code, added.err) == (0, "")
    assert added.document["added"] == 1
    asked = in_a_process(tmp_path / "library", "ask", "--json", QUESTION)
    assert (asked.code, asked.err) == (0, "")
    assert "lit again on Tuesday" in asked.document["citations"][0]["quote"]


def test_output_that_nobody_reads_to_the_end(filled: Command) -> None:
    """A reader that stops early, such as ``head``, causes no traceback."""
    command = Path(sys.executable).with_name("fundstelle")
    id_ = filled("articles", "--json").document["items"][0]["id"]
    process = subprocess.Popen(
        [command, "--library", filled.library, "show", id_], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=0
    )
    assert process.stdout
    assert process.stderr
    process.stdout.close()
    errors = process.stderr.read()
    process.wait(timeout=60)
    process.stderr.close()
    assert "Traceback" not in errors


def test_a_library_in_use_names_its_owner(filled: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another process has the indexes, asking waits, then says which one it is and exits 1; reading the articles goes on."""
    monkeypatch.setattr("assistant.qa.Assistant.lock_wait", 0.3)
    code = f"import sys; from pathlib import Path; from vectorstore.ownership import Lock; lock = Lock(Path({str(filled.library)!r})); print('have it', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == "have it\n"
        ran = filled("ask", QUESTION)
        listed = filled("articles", "--json")
        owner.kill()
    assert (ran.code, ran.out) == (1, "")
    assert f"in use by process {owner.pid}" in ran.said
    assert listed.code == 0
    assert filled("ask", QUESTION).code == 0, "the lock dies with its process"


def test_the_version_is_told(run: Command) -> None:
    """Without opening a library."""
    ran = run("--version")
    assert (ran.code, ran.out) == (0, f"fundstelle {version('fundstelle')}\n")
    assert not run.library.exists()


@pytest.mark.parametrize("option", ["--language", "--answer-language"])
def test_a_language_that_nobody_knows_is_refused(filled: Command, option: str) -> None:
    """Instead of finding nothing: the message says how to write one, and which the articles have."""
    for given in ("klingon", "German", "xx", ""):
        ran = filled("ask", QUESTION, option, given)
        assert (ran.code, ran.out) == (2, "")
        assert f"{option} {given}: this is no code of a language. Write one like de or en" in ran.said
        assert ("the articles here have" in ran.said) == (option == "--language")
    for given in ("de", "de-AT", "DE"):
        document = filled("ask", QUESTION, option, given, "--json").document
        assert (document["searched"]["filters"]["language"] if option == "--language" else document["language"]) == "de"
