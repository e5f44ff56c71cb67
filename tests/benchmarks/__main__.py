"""The benchmarks' command line: each part prints a Markdown table with the machine it ran on."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tests.benchmarks import ablation, machine, scale


def main() -> None:
    """Run the parts that are asked for; without sets, only what needs none."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path, help="sets in BEIR layout, for the ablation")
    parser.add_argument(
        "--passages", type=int, nargs="*", default=[1_000, 10_000, 50_000], help="sizes for the cost of a question"
    )
    arguments = parser.parse_args()
    write = sys.stdout.write
    write(f"{machine.describe()}\n\n")
    for size in arguments.passages:
        write(scale.table(size) + "\n")
        sys.stdout.flush()
    if arguments.folders:
        write(ablation.table(arguments.folders) + "\n")


if __name__ == "__main__":
    main()
