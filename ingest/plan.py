"""Sources → documents, in a stable order: what each source is, and who knows what is in it.

Not here: files (``files.py``), the web (``web.py``), the run (``pipeline.py``).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.backlog import done_ahead
from ingest.files import STANDARD_INPUT, from_path, from_standard_input
from ingest.planned import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ingest.fetch import Fetched
    from ingest.planned import Planned, ReadOptions
    from ingest.web import WebPlanner
    from vectorstore.pages import Page

_VISITORS = 4


def plan(sources: Iterable[str | Path], *, options: ReadOptions, web: WebPlanner) -> Iterator[Planned]:
    """Every document that ``sources`` stand for, or why one cannot be had. Lazy: no file is read, and only a few addresses are fetched, ahead of need."""

    def visit(source: str | Path) -> tuple[Fetched, Page | None] | None:
        return web.visit(str(source)) if is_address(source) else None

    with ThreadPoolExecutor(_VISITORS, thread_name_prefix="visit") as executor:
        for source, visited in done_ahead(sources, visit, executor=executor, ahead=_VISITORS):
            name = readable(source)
            if name == STANDARD_INPUT:
                yield from from_standard_input(options=options)
            elif is_address(source):
                yield from web.from_address(name, visited)
            else:
                yield from from_path(Path(source), source=name, options=options, entries=web.entries)


def is_address(source: str | Path) -> bool:
    """Whether a source is a web address, and no path."""
    return str(source).lower().startswith(("http://", "https://"))
