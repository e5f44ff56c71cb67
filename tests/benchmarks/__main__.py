"""The benchmarks' command line: ``python -m tests.benchmarks`` makes the figures of docs/benchmarks.md, each part in a process of its own.

``--short`` makes small versions of all in some minutes, to see that everything works; their figures mean little.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PARTS = ("start", "ingest", "scale", "comparison", "retrieval", "ablation")
_WHOLE = ("xquad-en2en", "xquad-de2de", "xquad-en2de", "xquad-de2en")
_WITHHELD = ("xquad-withheld-en2en", "xquad-withheld-en2de", "xquad-withheld-de2de")


def commands(*, data: Path | None, short: bool) -> dict[str, list[Sequence[str]]]:
    """What each part runs; ``data`` has ``gnad10k/test.csv`` and ``beir/``, without it what needs none."""
    table = data / "gnad10k" / "test.csv" if data else None
    beir = data / "beir" if data else None
    articles = ["--articles", str(table)] if table and table.exists() else []
    news = [str(table)] if table and table.exists() else []
    ingest: list[Sequence[str]] = [["ingest", "--articles", "20" if short else "1000"]]
    if not short:
        ingest.append(["ingest", "--articles", "10000", "--passages", "1", "--name", "ingest-10000"])
        ingest += [["ingest", *news, "--name", "ingest-news"]] if news else []
    sizes = ["1000", "2000"] if short else ["1000", "10000", "100000", "1000000"]
    whole, withheld = ([str(beir / name) for name in names if beir and (beir / name).is_dir()] for names in (_WHOLE, _WITHHELD))
    return {
        "start": [["start", "--times", "1" if short else "5"]],
        "ingest": ingest,
        "scale": [["scale", "--passages", *sizes, "--questions", "20" if short else "200"]],
        "comparison": [["comparison", *articles, "--count", "8" if short else "1028", "--part", "4" if short else "100"]],
        "retrieval": [["retrieval", *whole]] if whole and not short else [],
        "ablation": [["ablation", *whole, *withheld]] if whole and not short else [],
    }


def main() -> None:
    """Run the parts that are asked for, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; without any, all")
    parser.add_argument("--data", type=Path, help="a folder with gnad10k/test.csv and beir/xquad-*")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--publish", action="store_true", help="put tables and figures into docs/")
    arguments = parser.parse_args()
    if arguments.short and arguments.publish:
        parser.error("--short figures are not for publishing")
    if unknown := set(arguments.parts) - set(PARTS):
        parser.error(f"{', '.join(sorted(unknown))}: choose of {', '.join(PARTS)}")
    chosen = commands(data=arguments.data, short=arguments.short)
    failed = []
    for part in arguments.parts or PARTS:
        publish = ["--publish"] if arguments.publish and part != "ablation" else []
        for module, *options in chosen[part]:
            begun = time.perf_counter()
            sys.stdout.write(f"\n## python -m tests.benchmarks.{module} {' '.join(options)}\n\n")
            sys.stdout.flush()
            done = subprocess.run([sys.executable, "-m", f"tests.benchmarks.{module}", *options, *publish], check=False)
            sys.stdout.write(f"\n({time.perf_counter() - begun:.0f} s)\n")
            failed += [part] if done.returncode else []
    sys.exit(f"failed: {', '.join(failed)}" if failed else 0)


if __name__ == "__main__":
    main()
