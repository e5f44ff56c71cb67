"""What in ``library.db`` does not agree: texts with their hashes, passages with their texts, states with one another. Finding changes nothing.

Not here: mending it (``soundness.py``), the indexes beside it (``consistency.py``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.database import damages
from vectorstore.errors import LibraryCorrupt
from vectorstore.rows import to_article, to_passage, unpacked
from vectorstore.schema import READY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vectorstore.types import Article, Passage

REPAIR: Final = "fundstelle doctor --repair"
LIVE: Final = ("pending", *READY, "hidden")
_FROM_FILES: Final = f"{REPAIR}, which takes them from the files they were read from, if those are unchanged; else restore library.db from a backup."
SALVAGE: Final = (
    f"{REPAIR}, which makes a new library.db of all that can be read and keeps the damaged one; or restore it from a backup."
)
_AT_ONCE: Final = 100
_versions, _originals, _passages, _leavings = schema.versions, schema.originals, schema.passages, schema.leavings


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that is not as it has to be: what was ``found``, what is ``lost`` by it, and the ``remedy``.

    ``name`` says what was compared. ``ids`` are the articles or passages concerned, all of them.
    """

    name: str
    found: str
    lost: str
    remedy: str = REPAIR
    ids: tuple[str, ...] = ()

    @property
    def mendable(self) -> bool:
        """Whether ``fundstelle doctor --repair`` mends it, or may."""
        return self.remedy.startswith(REPAIR)


def faults_in(connection: sa.Connection) -> list[Fault]:
    """Everything in ``library.db`` that does not agree."""
    found = [*_damages(connection), *_lying_states(connection), *_strays(connection)]
    return [*found, *_wrong_texts(connection), *_wrong_originals(connection)]


def _damages(connection: sa.Connection) -> Iterator[Fault]:
    if said := damages(connection.exec_driver_sql):
        yield Fault(
            name="article store",
            found=f"library.db is damaged: {said}",
            lost="perhaps some articles, or parts of them; what can be read still answers",
            remedy=SALVAGE,
        )


def _of(ids: Iterable[str], *, name: str, found: str, lost: str, remedy: str = REPAIR) -> Iterator[Fault]:
    """A fault of these articles or passages, if there are any; in ``found`` their number stands as ``{count}``."""
    if named := tuple(ids):
        yield Fault(name=name, found=found.format(count=len(named)), lost=lost, remedy=remedy, ids=named)


def _strays(connection: sa.Connection) -> Iterator[Fault]:
    """Rows that belong to nothing."""
    orphans = Counter(row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check"))
    del orphans["versions"]  # those without original bytes
    if orphans:
        listed = ", ".join(f"{count} in {table}" for table, count in sorted(orphans.items()))
        yield Fault(name="rows", found=f"rows that belong to no article ({listed})", lost="nothing but space")
    missing = sa.select(_versions.c.article_id).where(_versions.c.original.not_in(sa.select(_originals.c.sha256)))
    yield from _of(
        connection.execute(missing.distinct()).scalars(),
        name="originals",
        found="the original bytes of {count} articles are missing",
        lost="those bytes; the articles and their text are there",
        remedy=_FROM_FILES,
    )
    of_retired = sa.select(sa.func.count()).select_from(_passages.join(_versions, _versions.c.row == _passages.c.version_row))
    if kept := connection.execute(of_retired.where(_versions.c.state == "retired")).scalar():
        yield Fault(name="rows", found=f"{kept} passages of versions that were replaced", lost="nothing but space")
    yield from _of(
        connection.execute(sa.select(_leavings.c.id).where(_leavings.c.id.in_(sa.select(_passages.c.id)))).scalars(),
        name="states",
        found="{count} passages are in use and marked for removal from the indexes",
        lost="nothing yet; they would not be found any more after the next removal",
    )


def _lying_states(connection: sa.Connection) -> Iterator[Fault]:
    yield from _of(
        connection.execute(sa.select(_versions.c.article_id).where(_versions.c.state.not_in((*LIVE, "retired")))).scalars(),
        name="states",
        found="{count} versions are in a state that is none",
        lost="they are not found",
        remedy="Use the version of Fundstelle that wrote them, or `fundstelle add` their sources again.",
    )
    yield from _of(
        answering_twice(connection),
        name="states",
        found="{count} articles have several versions that say they are the current one",
        lost="nothing; old words may be quoted beside the new ones",
    )
    yield from _of(
        _misplaced(connection),
        name="states",
        found="{count} articles are hidden with no way back, or on their way out and still seen",
        lost="no article; these are not found, or would be removed",
    )
    yield from _of(
        (article_id for article_id, _ in links_to_mend(connection)),
        name="links",
        found="{count} articles are said to repeat one that is not there or repeats another itself",
        lost="nothing; a story may be told twice",
    )
    unlisted, listed_wrongly = wrong_shelf(connection)
    yield from _of(
        sorted({*unlisted, *listed_wrongly}),
        name="list",
        found="the list of articles is wrong about {count} of them",
        lost="no article; these are not listed, or as they are not",
    )
    index = connection.execute(sa.select(schema.facts.c.value).where(schema.facts.c.name == "index")).scalar()
    ready = connection.execute(sa.select(sa.func.count()).where(_versions.c.state.in_(READY))).scalar_one()
    if ready and not (index or "").isdecimal():
        yield Fault(
            name="states",
            found=f"{ready} articles are said to be searchable, but no index is named",
            lost="no article; nothing is found",
            remedy="fundstelle reindex",
        )


def wrong_shelf(connection: sa.Connection) -> tuple[list[str], list[str]]:
    """The articles that the list of articles lacks, and those that it should not have, or not so."""
    right = """SELECT article_id, COALESCE(MAX(CASE WHEN state <> 'pending' THEN row END), MAX(row)) FROM versions
        WHERE state IN ('pending', 'searchable', 'complete') GROUP BY article_id"""
    listed = "SELECT article_id, row FROM shelf"
    unlisted = [row[0] for row in connection.exec_driver_sql(f"{right} EXCEPT {listed}")]
    wrong = [row[0] for row in connection.exec_driver_sql(f"{listed} EXCEPT {right}")]
    return unlisted, wrong


def answering_twice(connection: sa.Connection) -> dict[str, int]:
    """The articles of which several versions are current, with the newest one's row."""
    query = sa.select(_versions.c.article_id, sa.func.max(_versions.c.row)).where(_versions.c.state.in_(READY))
    several = query.group_by(_versions.c.article_id).having(sa.func.count() > 1)
    return {row[0]: row[1] for row in connection.execute(several)}


def _misplaced(connection: sa.Connection) -> list[str]:
    """The articles whose versions are hidden though nothing says what they come back to, or seen though they are listed as hidden."""
    noted = sa.select(schema.hidden.c.row)
    query = sa.select(_versions.c.article_id).where((_versions.c.state == "hidden") != _versions.c.row.in_(noted)).distinct()
    return list(connection.execute(query).scalars())


def links_to_mend(connection: sa.Connection) -> list[tuple[str, str | None]]:
    """Articles whose ``duplicate_of`` leads nowhere or to one that has its own, with what it should be."""
    query = sa.select(_versions.c.article_id, _versions.c.duplicate_of).where(_versions.c.state != "retired")
    linked = dict(connection.execute(query.order_by(_versions.c.row)).all())  # of several the newest counts
    found: list[tuple[str, str | None]] = []
    for article_id, root in linked.items():
        if root is None:
            continue
        ends, seen = root, {article_id}
        while ends in linked and ends not in seen and linked[ends] is not None:
            seen.add(ends)
            ends = linked[ends]
        right = ends if ends in linked and ends not in seen else None
        if right != root:
            found.append((article_id, right))
    return found


def _wrong_texts(connection: sa.Connection) -> Iterator[Fault]:
    damaged, misfits = [], []
    for found in judged(connection):
        if not found.sound:
            damaged.append(found.article.id)
        elif not found.fits:
            misfits.append(found.article.id)
    yield from _of(
        damaged,
        name="texts",
        found="the text of {count} articles, or what is marked in it, is not what was stored",
        lost="those words, unless their original bytes are whole",
        remedy=f"{REPAIR}, which makes them anew from the original bytes, if those are whole; else restore library.db from a backup.",
    )
    yield from _of(
        misfits,
        name="passages",
        found="the passages of {count} articles do not fit their text",
        lost="no article; parts of these are not found, or not as they stand",
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """A version that is or will be searchable: whether its text is what its hash says, and whether its passages fit it.

    Where it is not ``whole``, what is marked in its text cannot be read and is missing in ``article``; then it is not ``sound`` either.
    """

    row: int
    version: str
    article: Article
    whole: bool
    sound: bool
    fits: bool


def judged(connection: sa.Connection) -> Iterator[Judged]:
    """Every version that is or will be searchable."""
    after = 0
    while True:
        query = sa.select(_versions).where(_versions.c.state.in_(LIVE), _versions.c.row > after)
        rows = connection.execute(query.order_by(_versions.c.row).limit(_AT_ONCE)).all()
        if not rows:
            return
        of_row: dict[int, list[sa.Row[tuple[object, ...]]]] = {row.row: [] for row in rows}
        wanted = sa.select(_passages).where(_passages.c.version_row.in_(list(of_row))).order_by(_passages.c.start)
        for passage in connection.execute(wanted):
            of_row[passage.version_row].append(passage)
        for row in rows:
            article, whole = _readable(row)
            stored = of_row[row.row]
            fits = row.passages == len(stored) and all(_fits(passage, article) for passage in stored)
            yield Judged(row.row, row.version, article, whole, whole and article.version == row.version, fits)
        after = rows[-1].row


def _readable(row: Any) -> tuple[Article, bool]:
    """The article of a row, and whether all of it can be read."""
    try:
        return to_article(row), True
    except LibraryCorrupt:
        values = {**row._mapping, "furniture": "[]", "notes": "[]"}  # noqa: SLF001 - public by its documentation
        return to_article(SimpleNamespace(**values)), False


def _fits(row: sa.Row[tuple[object, ...]], article: Article) -> bool:
    """Whether a stored passage is a slice of its article: by its id, its span and its sentences, clear of furniture."""
    try:
        passage: Passage = to_passage(row, article_id=article.id, version=article.version)
    except (ValueError, TypeError):
        return False
    inside = 0 <= passage.start < passage.end <= len(article.text)
    ends = [passage.start, *(at for span in passage.sentences for at in (span.start, span.end)), passage.end]
    clear = all(mark.end <= passage.start or mark.start >= passage.end for mark in article.furniture)
    return inside and ends == sorted(ends) and clear and passage.id == row.id


def _wrong_originals(connection: sa.Connection) -> Iterator[Fault]:
    if damaged := damaged_originals(connection):
        used = sa.select(_versions.c.article_id).where(_versions.c.original.in_(damaged)).distinct()
        ids = tuple(connection.execute(used).scalars())
        yield Fault(
            name="originals",
            found=f"the original bytes of {len(ids)} articles are lost or damaged",
            lost="those bytes; the articles and their text are there",
            remedy=_FROM_FILES,
            ids=ids,
        )


def damaged_originals(connection: sa.Connection) -> set[str]:
    """The keys of original bytes that are not what their key says."""
    damaged = set()
    for key in list(connection.execute(sa.select(_originals.c.sha256)).scalars()):  # one at a time: they may be large
        content = connection.execute(sa.select(_originals.c.content).where(_originals.c.sha256 == key)).scalar_one()
        if unpacked(content, sha256=key) is None:
            damaged.add(key)
    return damaged
