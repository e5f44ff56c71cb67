"""What every way of reading into a library is told: which library, how articles are measured and compared, when to stop, who hears of it.

Plain values. Not here: the run itself (``pipeline.py``), how sources are read (``planned.ReadOptions``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.articles import CountTokens

if TYPE_CHECKING:
    from ingest.planned import ItemResult, Visit
    from vectorstore.library import Library


@dataclass(frozen=True, slots=True)
class ReadProgress:
    """How many items are done of those ``planned`` so far, which are all there will be once the plan is ``complete``."""

    done: int
    planned: int
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of reading into ``library``.

    With ``link``, articles that say the same as one before are linked to it. Articles that are hidden or were removed come back; without
    ``bring_back`` they are passed over. Once ``stop`` is set, what is in hand is stored and the rest left. ``on_item`` hears of each item once it is
    stored, ``on_visit`` of a source of the web when all that it brought is (``refresh.record``).
    """

    library: Library
    count_tokens: CountTokens
    sample: bool = False
    link: bool = True
    bring_back: bool = True
    stop: threading.Event = field(default_factory=threading.Event)
    on_item: Callable[[ItemResult], None] = lambda _: None
    on_visit: Callable[[Visit, Sequence[ItemResult]], None] = lambda *_: None
    on_progress: Callable[[ReadProgress], None] = lambda _: None
