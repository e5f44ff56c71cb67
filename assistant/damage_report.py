"""``fundstelle doctor --check`` and ``--repair`` for people: what does not agree, what was mended, and what is lost.

Only what is derived from articles is ever mended. Not here: comparing and mending (``mending.py``), what is installed and configured (``doctor.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.doctor import Finding, new_library
from vectorstore.errors import FundstelleError, LibraryCorrupt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vectorstore.faults import Fault
    from vectorstore.indexes import IndexProgress
    from vectorstore.salvage import Salvaged
    from vectorstore.settings import Settings

_EXAMPLES = 3
_LOST_NAME = "lost.txt"


def compare(
    settings: Settings, *, repair: bool = False, on_progress: Callable[[IndexProgress], None] = lambda _: None
) -> list[Finding]:
    """Whether the library and its indexes agree; with ``repair``, what could be mended is, and then what is left.

    Raises:
        LibraryBusy: another process owns the indexes, and neither answers for others nor lets go.
        IndexMismatch: the indexes to be mended were made with another model.
    """
    from assistant.mending import salvage_damaged

    try:
        done = salvage_damaged(settings) if repair else None
    except LibraryCorrupt as error:
        return [Finding("article store", str(error), fine=False, lost="all that was in it; the indexes beside it hold no text")]
    if done is None:
        return _compared(settings, repair=repair, on_progress=on_progress)
    try:
        return [*_salvaged(done), *_compared(settings, repair=repair, on_progress=on_progress)]
    except FundstelleError as error:  # what was saved is to be said all the same
        return [*_salvaged(done), Finding("library", str(error), fine=False)]


def _salvaged(done: Salvaged) -> Iterator[Finding]:
    """What could be read of a damaged article store, and what could not."""
    saved = ", ".join(f"{count} {kind}" for kind, count in done.saved.items() if count or kind == "articles")
    found = f"library.db was damaged; a new one has what could be read: {saved}. The damaged one is in {done.kept_in}"
    yield Finding("article store", found, fine=True, mended=True)
    if done.removed_may_be_back:
        found = "among them may be articles that had been removed: what says so was damaged too"
        yield Finding("article store", found, fine=True, remedy="fundstelle remove ID (fundstelle articles lists them)")
    lost = []
    if done.lost:
        (done.kept_in / _LOST_NAME).write_text("".join(f"{article}\n" for article in done.lost), "utf-8")
        lost.append(f"{len(done.lost)} articles: {_some(done.lost, sep='; ')} (all in {done.kept_in / _LOST_NAME})")
    lost += [f"{done.older} older versions of articles"] if done.older else []
    lost += [f"the answers of {done.damaged} questions or verdicts"] if done.damaged else []
    if lost:
        found, remedy = "not everything in library.db could be read", "Restore library.db from a backup if you have one"
        if done.lost:
            remedy += ", or `fundstelle add` those articles again"
        if done.originals:
            remedy += (
                f"; the files that {len(done.originals)} of them came from are in {done.kept_in / 'originals'}, "
                f"read from {_some(done.originals)}"
            )
        yield Finding("article store", found, fine=False, lost="; ".join(lost), remedy=f"{remedy}.")


def _compared(settings: Settings, *, repair: bool, on_progress: Callable[[IndexProgress], None]) -> list[Finding]:
    from assistant.qa import Assistant
    from vectorstore.schema import FILE_NAME, LOG_NAME

    store, log = settings.library / FILE_NAME, settings.library / LOG_NAME
    if not log.exists() and (not store.is_file() or not store.stat().st_size):
        return [_no_store(settings.library)]
    try:
        opened = Assistant(settings)
    except FundstelleError as error:
        return [_unreadable(settings.library, error)]
    try:
        with opened as assistant:
            faults = assistant.check()
            left = assistant.repair(on_progress=on_progress) if repair and any(fault.mendable for fault in faults) else faults
            counted = f"{assistant.article_count()} articles, {assistant.library.count_passages()} passages"
            pending = assistant.library.count_articles("pending")
    except LibraryCorrupt as error:
        return [_unreadable(settings.library, error)]
    said = {(fault.name, fault.found) for fault in left}
    mended = [_disagreement(fault, mended=True) for fault in faults if (fault.name, fault.found) not in said] if repair else []
    if left:
        return [*mended, *(_disagreement(fault) for fault in left)]
    waiting = f"; {pending} articles wait to be indexed, `fundstelle add` finishes them" if pending else ""
    return [*mended, Finding("library", f"{settings.library}: {counted}: articles and indexes agree{waiting}", fine=True)]


def _unreadable(folder: Path, error: FundstelleError) -> Finding:
    from vectorstore.faults import SALVAGE
    from vectorstore.salvage import damage

    lost = "what is in it, until it can be read again; the indexes beside it hold no text"
    remedy = SALVAGE if damage(folder) else "Check permissions and disk, or restore it from a backup."
    return Finding("article store", str(error), fine=False, remedy=remedy, lost=lost)


def _no_store(folder: Path) -> Finding:
    if not (folder / "index").is_dir():
        return new_library(folder)
    found = f"{folder} has indexes but no library.db"
    remedy = "Restore library.db from a backup; without one, `fundstelle add` the sources again: the indexes are then made anew."
    return Finding("article store", found, fine=False, remedy=remedy, lost="every article; the indexes hold no text")


def _disagreement(fault: Fault, *, mended: bool = False) -> Finding:
    examples = f" ({_some(fault.ids)})" if fault.ids else ""
    remedy = "" if mended else fault.remedy
    return Finding(fault.name, fault.found + examples, fine=mended, remedy=remedy, lost=fault.lost, mended=mended)


def _some(named: Sequence[str], *, sep: str = ", ") -> str:
    """The first few of these."""
    return sep.join([*named[:_EXAMPLES], *(("…",) if len(named) > _EXAMPLES else ())])
