"""Whether the pinned packages have known holes, by PyPI's advisories: ``python packaging/audit.py``, a part of ``make lint``.

Ends with 1 if one has. Where no advisories can be had (offline, or behind a mirror that has only packages) it says so and ends with 0: that nobody
could look is no reason to stop. Not here: what to do about a hole (a newer pin in ``constraints.txt``, or an entry in ``ACCEPTED`` with the reason).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PINS = Path(__file__).parents[1] / "constraints.txt"
ACCEPTED: dict[str, str] = {}
"""Advisories that do not concern this program, by their id, each with the reason."""
_ONE_IS_ENOUGH = "urllib3"
_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Audit:
    """How many packages advisories were asked about, and the holes: package, version, advisory, versions that mend it."""

    asked: int
    holes: tuple[tuple[str, str, str, str], ...]


def read_report(report: dict[str, Any]) -> Audit:
    """What a report of pip-audit says (``--format json``)."""
    asked = [item for item in report["dependencies"] if "skip_reason" not in item]
    holes = [
        (item["name"], item["version"], hole["id"], ", ".join(hole["fix_versions"]) or "none yet")
        for item in asked
        for hole in item["vulns"]
        if not ACCEPTED.keys() & {hole["id"], *hole["aliases"]}
    ]
    return Audit(len(asked), tuple(sorted(holes)))


def audit(pins: Path) -> Audit:
    """Ask about everything that ``pins`` names; nothing was asked where no service answered."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(pins), "--no-deps", "--disable-pip", "--format", "json"]
    try:
        ran = subprocess.run(  # noqa: S603 - our own interpreter and a file of ours
            [*command, "--progress-spinner", "off", "--timeout", "10"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
        return read_report(json.loads(ran.stdout))
    except (subprocess.TimeoutExpired, ValueError):  # without an answer it prints no report
        return Audit(0, ())


def main() -> int:
    """Audit the pins; the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.txt"
        pins = PINS.read_text("utf-8").splitlines()
        one.write_text("\n".join(line for line in pins if line.startswith(f"{_ONE_IS_ENOUGH}==")), "utf-8")
        reachable = audit(one).asked
    found = audit(PINS) if reachable else Audit(0, ())
    if not found.asked:
        print("audit: no advisories can be had from here, the pinned packages were not looked up.")
        return 0
    for name, version, advisory, mended in found.holes:
        print(f"audit: {name} {version} has a known hole, {advisory}; mended in: {mended}")
    print(f"audit: {found.asked} packages looked up, {len(found.holes)} known holes.")
    return 1 if found.holes else 0


if __name__ == "__main__":
    sys.exit(main())
