"""Settings: defaults, environment, arguments and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from vectorstore.errors import SettingsError
from vectorstore.settings import BUNDLED, SYSTEM_DICTIONARIES, Settings, read_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings in the environment but those of the test."""
    for name in [name for name in os.environ if name.startswith("FUNDSTELLE_")]:
        monkeypatch.delenv(name)


def test_everything_has_a_default() -> None:
    """Nothing need be set: the bundled model, sentence vectors, Debian's dictionaries, the platform's folders."""
    settings = read_settings()
    assert settings.embedding == BUNDLED
    assert settings.sentence_vectors
    assert settings.reranker is None
    assert settings.dictionaries == (SYSTEM_DICTIONARIES,)
    assert settings.library.name == "library"
    assert "fundstelle" in settings.library.parts
    assert settings.library.is_absolute()
    assert settings.cache.is_absolute()


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """FUNDSTELLE_<NAME> sets a field; an argument goes before it, and ``None`` means no argument."""
    monkeypatch.setenv("FUNDSTELLE_LIBRARY", str(tmp_path / "one"))
    monkeypatch.setenv("FUNDSTELLE_SENTENCE_VECTORS", "false")
    monkeypatch.setenv("FUNDSTELLE_EMBEDDING", "some/model")
    assert read_settings().library == tmp_path / "one"
    assert not read_settings().sentence_vectors
    given = read_settings(library=tmp_path / "two", embedding=None)
    assert (given.library, given.embedding) == (tmp_path / "two", "some/model")


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable leaves the default, rather than making the working folder the library."""
    monkeypatch.setenv("FUNDSTELLE_LIBRARY", "")
    monkeypatch.setenv("FUNDSTELLE_EMBEDDING", "")
    assert read_settings().library != Path.cwd()
    assert read_settings().embedding == BUNDLED


def test_dictionary_folders_are_written_like_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Several folders are separated as the platform separates PATH; empty parts are passed over."""
    monkeypatch.setenv("FUNDSTELLE_DICTIONARIES", os.pathsep.join([str(tmp_path / "a"), "", str(tmp_path / "b")]))
    assert read_settings().dictionaries == (tmp_path / "a", tmp_path / "b")


def test_folders_are_made_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A library given relative to the working folder or the home folder stays where it was meant when the process moves."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert read_settings(library=Path("shelf")).library == tmp_path / "shelf"
    assert read_settings(library=Path("~/shelf")).library == tmp_path / "home" / "shelf"


def test_settings_cannot_be_changed() -> None:
    """One set of values for the life of a process."""
    with pytest.raises(ValidationError, match="frozen"):
        read_settings().embedding = "other"


def test_a_wrong_value_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the setting, what is wrong with it and where it can come from."""
    monkeypatch.setenv("FUNDSTELLE_SENTENCE_VECTORS", "perhaps")
    with pytest.raises(SettingsError, match=r"sentence_vectors: .*boolean.*FUNDSTELLE_<NAME>"):
        read_settings()


def test_an_unknown_argument_is_refused() -> None:
    """A misspelt argument does not go unnoticed."""
    with pytest.raises(SettingsError, match="libary"):
        read_settings(libary="shelf")


def test_nothing_is_made_by_reading(tmp_path: Path) -> None:
    """Settings are values: no folder comes to be by reading them."""
    Settings(library=tmp_path / "library", cache=tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []
