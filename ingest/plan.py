"""Sources → documents, in a stable order: what each source is, and who knows what is in it.

Not here: files (``files.py``), the web (``web.py``), the run (``pipeline.py``).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ingest.files import STANDARD_INPUT, from_path, standard_input
from ingest.planned import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingest.planned import Planned, ReadOptions
    from ingest.web import WebPlanner


def plan(sources: Iterable[str | Path], *, options: ReadOptions, web: WebPlanner) -> Iterator[Planned]:
    """Every document that ``sources`` stand for, or why one cannot be had. Lazy: nothing is read or fetched before it is asked for."""
    for source in sources:
        name = readable(source)
        if name == STANDARD_INPUT:
            yield standard_input()
        elif is_address(name):
            yield from web.from_address(name)
        else:
            yield from from_path(Path(source), source=name, options=options, entries=web.entries)


def is_address(source: str) -> bool:
    """Whether a source is a web address, and no path."""
    return source.lower().startswith(("http://", "https://"))
