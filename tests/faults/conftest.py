"""What the tests of faults share: a whole library, made once and copied for each test."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.test_kill import open_library, write_sources

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete library of twelve articles, beside the folder ``sources`` that they were read from. Only to be copied."""
    folder = tmp_path_factory.mktemp("whole")
    sources = write_sources(folder / "sources", changed=True)
    with open_library(folder / "library") as assistant:
        assistant.add(sources)
    return folder / "library"


@pytest.fixture
def library(whole: Path, tmp_path: Path) -> Path:
    """A copy of that library."""
    shutil.copytree(whole, tmp_path / "library")
    return tmp_path / "library"
