"""How long the program takes to start: ``python -m tests.benchmarks.start``.

``--help``, a first question in a fresh process, and ``serve`` until it answers, over a library of the sample articles; each several times, the
median counts. The first question's imports are shown by how long each takes. The files are in the system's cache and the modules compiled, as after a
first use, which is not timed.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks import machine, results
from tests.benchmarks.charts import bars

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

QUESTION = "Wen trifft Blinken in Astana?"
_SHOWN = 15
_PATIENCE = 120.0
_IMPORT = re.compile(r"import time:\s+\d+ \|\s+(\d+) \| ( *)(\S+)")
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
Timed = tuple[float, float]
"""Seconds that passed, and seconds of processor time."""


def measure(*, times: int) -> dict[str, Any]:
    """Seconds and processor seconds of each start, and what the first question imports."""
    with tempfile.TemporaryDirectory(prefix="fundstelle-bench-", ignore_cleanup_errors=True) as folder:
        command = [str(Path(sys.executable).with_name("fundstelle")), "--library", folder]
        subprocess.run([*command, "add", "--samples"], check=True, capture_output=True, env=_ENVIRONMENT)
        starts: dict[str, Callable[[], Timed]] = {
            "--help": lambda: _run([*command, "--help"]),
            "first ask": lambda: _run([*command, "ask", QUESTION]),
            "serve until it answers": lambda: _serve(command),
        }
        timed = {name: [start() for _ in range(1 + times)][1:] for name, start in starts.items()}
        imported = subprocess.run(
            [sys.executable, "-X", "importtime", *command, "ask", QUESTION],
            check=True,
            capture_output=True,
            text=True,
            env=_ENVIRONMENT,
        )
    return {"timed": timed, "imports": _imports(imported.stderr)}


def _run(command: Sequence[str]) -> Timed:
    before, begun = _children(), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=_ENVIRONMENT)
    return time.perf_counter() - begun, _children() - before


def _serve(command: Sequence[str]) -> Timed:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    before, begun = _children(), time.perf_counter()
    process = subprocess.Popen(
        [*command, "serve", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env=_ENVIRONMENT,
    )
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() - begun > _PATIENCE:
                message = f"serve does not answer at 127.0.0.1:{port} (exit status {process.poll()})"
                raise RuntimeError(message)
            time.sleep(0.02)
        passed = time.perf_counter() - begun
    finally:
        process.terminate()
        process.wait()
    return passed, _children() - before


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status == http.client.OK
    except OSError:
        return False
    finally:
        connection.close()


def _children() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _imports(said: str) -> dict[str, float]:
    """Milliseconds of the imports that are worth knowing, with all that they import: the packages that are not imported by another one of these."""
    totals: dict[str, float] = {}
    for microseconds, _, name in _IMPORT.findall(said):
        package = name.partition(".")[0]
        if name == package or package in {"assistant", "ingest", "vectorstore"}:
            totals[name] = max(totals.get(name, 0.0), int(microseconds) / 1000)
    return dict(sorted(totals.items(), key=lambda pair: -pair[1])[:_SHOWN])


def tables(measured: dict[str, Any]) -> str:
    """Markdown tables: the starts, and the imports of a first question."""
    starts = [
        [name, f"{statistics.median(passed for passed, _ in listed):.2f}", f"{statistics.median(used for _, used in listed):.2f}"]
        for name, listed in measured["timed"].items()
    ]
    imports = [[f"`{name}`", f"{milliseconds:.0f}"] for name, milliseconds in measured["imports"].items()]
    return (
        results.markdown(["start", "seconds", "processor seconds"], starts)
        + "\n"
        + results.markdown(["import, with what it imports", "ms"], imports)
    )


def draw(measured: dict[str, Any], folder: Path) -> None:
    """Seconds of each start."""
    groups = {
        name: {
            "seconds": statistics.median(passed for passed, _ in listed),
            "processor seconds": statistics.median(used for _, used in listed),
        }
        for name, listed in measured["timed"].items()
    }
    bars(folder / "start.svg", groups=groups, up="seconds")


def main() -> None:
    """Measure, and write tables and figure."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.start", description=__doc__)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--publish", action="store_true", help="put tables and figures into docs/")
    arguments = parser.parse_args()
    about = machine.describe()
    measured = measure(times=arguments.times)
    results.save("start", {**measured, "machine": about})
    results.report(
        "start", f"{about}\n\n{tables(measured)}", draw=lambda folder: draw(measured, folder), publish=arguments.publish
    )


if __name__ == "__main__":
    main()
