"""What a benchmark measured, kept as JSON between runs, so that tables and figures can be made again and sizes be added later."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path("artifacts/benchmarks")
FIGURES = Path("docs/figures")


def save(name: str, measured: Any) -> None:
    """Keep what was measured under ``name``."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(measured, indent=1, sort_keys=True), "utf-8")
    fresh.replace(path)


def load(name: str) -> Any:
    """What was kept under ``name``; an empty dict if nothing was."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of them are (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"
