"""What a benchmark measured, kept as JSON between runs, so that tables and figures can be made again and sizes be added later.

With ``--publish`` tables go into docs/benchmarks.md, between ``<!-- NAME -->`` and ``<!-- /NAME -->``, and figures into docs/figures; else figures
lie beside the JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path("artifacts/benchmarks")
FIGURES = Path("docs/figures")
DOCUMENT = Path("docs/benchmarks.md")


def save(name: str, measured: Any) -> None:
    """Keep what was measured under ``name``."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    path = FOLDER / f"{name}.json"
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(measured, indent=1), "utf-8")
    fresh.replace(path)


def load(name: str) -> Any:
    """What was kept under ``name``; an empty dict if nothing was."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else {}


def report(name: str, text: str, *, draw: Callable[[Path], None], publish: bool) -> None:
    """Print tables and draw figures; with ``publish`` put both where readers find them."""
    sys.stdout.write(text)
    draw(FIGURES if publish else FOLDER)
    if publish:
        document = DOCUMENT.read_text("utf-8")
        begins, ends = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
        if begins not in document or ends not in document:
            message = f"{DOCUMENT} has no place for the tables of {name}: write {begins.strip()} and {ends.strip()} into it."
            raise SystemExit(message)
        before, _, rest = document.partition(begins)
        after = rest.partition(ends)[2]
        DOCUMENT.write_text(f"{before}{begins}{text.strip()}\n{ends}{after}", "utf-8")


def percentile(values: list[float], share: float) -> float:
    """The value below which ``share`` of them are (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def markdown(header: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(header) + " |", "|---" * len(header) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)]) + "\n"
