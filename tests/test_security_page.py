"""``docs/security.md`` names real tests, and what it says of ``make lint`` holds."""

from __future__ import annotations

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
REPORT = {
    "dependencies": [
        {"name": "safe", "version": "1.0", "vulns": []},
        {"name": "unknown", "version": "1.0", "skip_reason": "not found"},
        {
            "name": "holey",
            "version": "2.0",
            "vulns": [
                {"id": "PYSEC-1", "fix_versions": ["2.1"], "aliases": ["CVE-1"], "description": ""},
                {"id": "PYSEC-2", "fix_versions": [], "aliases": ["CVE-2"], "description": ""},
            ],
        },
    ]
}


def test_every_test_it_names_is_there() -> None:
    """Each threat has one, and each is a function of its file."""
    assert len(NAMED) > 60
    for path in sorted({path for path, _ in NAMED}):
        tree = ast.parse((ROOT / path).read_text("utf-8"))
        there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert {name for file, name in NAMED if file == path} <= there, path


def test_every_threat_has_a_test() -> None:
    """A row of a table without one would be a promise nobody keeps."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| threat", "|---"))]
    assert len(rows) > 20
    assert [row for row in rows if "::test_" not in row] == []


def audit() -> Any:
    """The script that ``make lint`` runs."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / "packaging" / "audit.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module
    spec.loader.exec_module(module)
    return module


def test_a_known_hole_is_told_with_what_mends_it() -> None:
    """Packages that nobody could look up do not count as looked up; one that is accepted is passed over by any of its names."""
    module = audit()
    found = module.read_report(REPORT)
    assert found.asked == 2
    assert found.holes == (("holey", "2.0", "PYSEC-1", "2.1"), ("holey", "2.0", "PYSEC-2", "none yet"))
    module.ACCEPTED["CVE-1"] = "this program does not do that"
    assert [hole[2] for hole in module.read_report(REPORT).holes] == ["PYSEC-2"]


def test_advisories_that_cannot_be_had_stop_nobody(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so; with them, a hole is an error."""
    module = audit()
    monkeypatch.setattr(module, "audit", lambda _: module.Audit(0, ()))
    assert module.main() == 0
    assert "no advisories can be had" in capsys.readouterr().out
    monkeypatch.setattr(module, "audit", lambda _: module.read_report(REPORT))
    assert module.main() == 1
    assert "holey 2.0 has a known hole, PYSEC-1; mended in: 2.1" in capsys.readouterr().out


def test_a_secret_would_be_found(tmp_path: Path) -> None:
    """A key as cloud providers give them, made up for this."""
    hook = Path(sys.executable).with_name("detect-secrets-hook")
    if not hook.exists() and not shutil.which(str(hook)):
        pytest.skip("needs detect-secrets: pip install -e '.[dev]'")
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (line,) = [line for line in makefile.splitlines() if "detect-secrets-hook" in line]
    options = line.partition("detect-secrets-hook ")[2].split()
    key = "AKIA" + "QXZ7" * 4
    (tmp_path / "settings.py").write_text(f"KEY = {key!r}\n", "utf-8")
    (tmp_path / "fine.py").write_text("KEY = None\n", "utf-8")
    for name, code in (("settings.py", 1), ("fine.py", 0)):
        ran = subprocess.run([hook, *options, name], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ran.returncode == code, ran.stdout
