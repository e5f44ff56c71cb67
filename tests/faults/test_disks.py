"""Disks that fill up or may not be written: what was stored stays, the message names the remedy, and the next run finishes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.full_disk import attempt, how_many, sources_in
from tests.faults.operations import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
MANY = int(os.environ.get("FAULT_RUNS", "0")) > 10
SIZES = (250, 400, 600, 900, 1200, 1500, 2000, 2500, 3000, 4000, 6000, 9000, 13_000) if MANY else (900, 2000)
"""In kB: the smallest cannot even hold the empty indexes, the largest lacks room for Chroma's graph, merged terms and long logs."""
OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount")


def on_a_disk(folder: Path, what: str, kilobytes: int) -> Any:
    """What ``full_disk`` saw on a disk of that size."""
    if (
        not shutil.which("unshare")
        or subprocess.run([*OWN_MOUNTS, "mount", "-t", "tmpfs", "x", folder], check=False, capture_output=True).returncode
    ):
        pytest.skip("needs a kernel that lets a user mount a disk of their own")
    return run_alone(folder, what, kilobytes, before=OWN_MOUNTS)


def run_alone(folder: Path, what: str, kilobytes: int, *, before: Sequence[str] = ()) -> Any:
    """What ``full_disk`` saw in a process of its own, whose command begins with ``before``."""
    command = [*before, sys.executable, "-m", "tests.faults.full_disk", str(folder), what, str(kilobytes)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


@pytest.mark.parametrize("kilobytes", SIZES)
def test_a_full_disk_loses_nothing(kilobytes: int, tmp_path: Path) -> None:
    """It says that there is no space and what to do; with some, the same command finishes, and all agrees."""
    seen = on_a_disk(tmp_path, "full", kilobytes)
    reasons = [seen["said"], *seen["failed"]] if seen["said"] else seen["failed"]
    assert reasons
    assert all("There is no space left" in reason and "run the same command again" in reason for reason in reasons)
    assert seen["stored"][0] == ""
    assert seen["faults"][0] == ""
    assert (seen["again"], seen["failed again"]) == ("", 0)
    assert seen["complete"] == ["", how_many(kilobytes)]
    assert seen["left"] == ["", []]


def test_a_disk_that_may_only_be_read(tmp_path: Path) -> None:
    """Every command says that the folder cannot be written and what to do, and changes nothing."""
    seen = on_a_disk(tmp_path, "read-only", 0)
    assert all("cannot be" in said and "--library" in said for said in seen["said"].values()), seen
    assert seen["left"] == ["", []]


def test_a_folder_of_somebody_else(tmp_path: Path) -> None:
    """Without the permission to write, the same."""
    library = tmp_path / "library"
    with opened(library) as assistant:
        assistant.add(sources_in(tmp_path / "sources", 2))
    for path in [library, *library.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    for above in (tmp_path, *tmp_path.parents):
        if above.stat().st_uid == os.geteuid() and above != Path(above.anchor):
            above.chmod(above.stat().st_mode | 0o055)
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        if os.geteuid() == 0:
            os.setuid(65534)  # nothing is forbidden to root
        said, _ = attempt(library, lambda assistant: assistant.add([str(tmp_path / "sources")]))
        os.write(tell, said.encode())
        os._exit(0)
    os.close(tell)
    with os.fdopen(told) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    for path in [library, *library.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert "cannot be written" in said
    assert "permissions" in said
    with opened(library) as assistant:
        assert assistant.check() == []


@pytest.mark.parametrize("kilobytes", [300, 700] if not MANY else [100, 150, 200, 250, 300, 400, 500, 700])
def test_files_that_may_not_grow(kilobytes: int, tmp_path: Path) -> None:
    """A limit on the size of files stops each store at another moment; without it the same command finishes."""
    said = run_alone(tmp_path, "capped", kilobytes)
    assert any(remedy in said for remedy in ("Check the disk", "run the same command again", "fundstelle doctor --repair")), said
    library, sources = tmp_path / "library", sorted(map(str, (tmp_path / "sources").iterdir()))
    with opened(library) as assistant:
        assert all(fault.mendable for fault in assistant.check())
        assert assistant.repair() == []
        assert assistant.add(sources).count("failed") == 0
        assert assistant.library.count_articles("complete") == how_many(kilobytes)
        assert assistant.check() == []
