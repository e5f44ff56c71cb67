"""Whether what ``library.db`` holds agrees with itself: texts with their hashes, passages with their texts, states with one another.

Finding changes nothing; mending touches derived values and states only, never an article, its words or its original bytes. Not here: the indexes
beside it (``consistency.py``).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.errors import LibraryCorrupt, SourceError
from vectorstore.rows import furniture_value, to_article, to_passage
from vectorstore.schema import Database, chunks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vectorstore.types import Article, Passage

REPAIR: Final = "fundstelle doctor --repair"
_READY: Final = ("searchable", "complete")
_LIVE: Final = ("pending", *_READY, "hidden")
_FROM_FILES: Final = f"{REPAIR}, which takes them from the files they were read from, if those are unchanged; else restore library.db from a backup."
SALVAGE: Final = (
    f"{REPAIR}, which makes a new library.db of all that can be read and keeps the damaged one; or restore it from a backup."
)
_AT_ONCE: Final = 100
_DAMAGES_NAMED: Final = 3
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


@dataclass(frozen=True, slots=True)
class Expected:
    """What the indexes have to hold, at one moment.

    ``shown`` has, for each passage that may be found (or again, if it is hidden), how many sentences it has; ``complete`` are those whose sentence
    vectors are said to be there.
    ``passing`` are the passages on their way in or out: the indexes may have them.
    """

    shown: dict[str, int]
    complete: frozenset[str]
    passing: frozenset[str]


class Soundness(Database):
    """What can be told of a library without its indexes."""

    def faults(self) -> list[Fault]:
        """Everything in ``library.db`` that does not agree, as of one moment.

        Raises:
            LibraryCorrupt: the file is damaged so that it cannot even be read through.
        """
        with self.snapshot() as connection:
            found = [*_damages(connection), *_lying_states(connection), *_strays(connection)]
            return [*found, *_wrong_texts(connection), *_wrong_originals(connection)]

    def expected(self) -> Expected:
        """What the indexes have to hold now."""
        query = sa.text(
            "SELECT passages.id, coalesce(hidden.state, versions.state), iif(json_valid(sentences), json_array_length(sentences), 0)"
            " FROM passages JOIN versions ON versions.row = passages.version_row LEFT JOIN hidden ON hidden.row = versions.row"
        )
        shown: dict[str, int] = {}
        complete: set[str] = set()
        passing: set[str] = set()
        with self.snapshot() as connection:
            for id_, state, sentences in connection.execute(query):
                if state in _READY:
                    shown[id_] = sentences
                    if state == "complete":
                        complete.add(id_)
                else:
                    passing.add(id_)
            passing.update(connection.execute(sa.select(_leavings.c.id)).scalars())
        return Expected(shown, frozenset(complete), frozenset(passing - shown.keys()))

    def misfits(self) -> list[Article]:
        """The newest versions whose stored passages do not fit their text; those whose text itself is damaged are left out."""
        with self.snapshot() as connection:
            return [found.article for found in _judged(connection) if found.sound and not found.fits]

    def restore_texts(self, extract: Callable[[Article, bytes, str, str], Article]) -> None:
        """Put damaged texts back as they were, where ``extract`` makes the same words of the original bytes, given with their name and media type."""
        with self.snapshot() as connection:
            damaged = [(found.row, found.version, found.article, found.whole) for found in _judged(connection) if not found.sound]
        query = sa.select(_originals).join(_versions, _versions.c.original == _originals.c.sha256)
        for row, version, article, whole in damaged:
            with self.snapshot() as connection:
                kept = connection.execute(query.where(_versions.c.row == row)).first()
            anew = article
            if kept is not None and _is(kept.content, sha256=kept.sha256):
                with suppress(SourceError):
                    anew = extract(article, zlib.decompress(kept.content), kept.name, kept.media_type)
            if anew.version == version:
                marked = {} if whole else {"furniture": furniture_value(anew), "notes": json.dumps(anew.notes)}
                with self._writing() as connection:
                    connection.execute(_versions.update().where(_versions.c.row == row).values(text=anew.text, **marked))

    def mend(self) -> None:
        """Set right what needs neither words nor indexes, in one transaction: states, links, counts, and rows that belong to nothing."""
        with self._writing() as connection:
            missing = _versions.c.original.not_in(sa.select(_originals.c.sha256))
            name = sa.func.coalesce(_versions.c.path, _versions.c.url, "")
            places = sa.select(_versions.c.original, name, sa.literal(""), sa.literal(b"")).where(missing)
            # The place of bytes that are lost: without it, no version that refers to them could be made anew.
            connection.execute(_originals.insert().prefix_with("OR IGNORE").from_select(list(_originals.c.keys()), places))
            there = sa.select(_versions.c.row)
            for table in (schema.bands, schema.paragraphs, _passages):
                connection.execute(table.delete().where(table.c.version_row.not_in(there)))
            retired = sa.select(_versions.c.row).where(_versions.c.state == "retired")
            connection.execute(_passages.delete().where(_passages.c.version_row.in_(retired)))
            connection.execute(_leavings.delete().where(_leavings.c.id.in_(sa.select(_passages.c.id))))
            hidden, kept = _versions.c.state == "hidden", schema.hidden.c.row
            connection.execute(schema.hidden.delete().where(kept.not_in(sa.select(_versions.c.row).where(hidden))))
            connection.execute(_versions.update().where(hidden, _versions.c.row.not_in(sa.select(kept))).values(state="pending"))
            for row in _answering_twice(connection).values():  # indexed again, it takes the place of the others
                connection.execute(_versions.update().where(_versions.c.row == row).values(state="pending"))
            unlisted, listed_wrongly = _wrong_shelf(connection)
            connection.execute(schema.shelf.delete().where(schema.shelf.c.article_id.in_(listed_wrongly)))
            for article_id in unlisted:  # a trigger lists it
                connection.execute(_versions.update().where(_versions.c.article_id == article_id).values(state=_versions.c.state))
            for article_id, root in _links_to_mend(connection):
                connection.execute(_versions.update().where(_versions.c.article_id == article_id).values(duplicate_of=root))
            counted = sa.select(sa.func.count()).where(_passages.c.version_row == _versions.c.row).scalar_subquery()
            connection.execute(
                _versions.update().where(_versions.c.state.in_(_LIVE), _versions.c.passages != counted).values(passages=counted)
            )

    def placed(self, passage_ids: Sequence[str]) -> dict[str, tuple[Article, Passage]]:
        """These passages with their articles, whether they may be shown now or not; those that are gone are left out."""
        found: dict[str, tuple[Article, Passage]] = {}
        query = sa.select(_passages.c.id, _passages.c.start, _passages.c.end, _passages.c.sentences, _passages.c.version_row)
        with self.snapshot() as connection:
            for chunk in chunks(passage_ids):
                rows = connection.execute(query.where(_passages.c.id.in_(chunk))).all()
                wanted = sa.select(_versions).where(_versions.c.row.in_({row.version_row for row in rows}))
                articles = {row.row: to_article(row) for row in connection.execute(wanted)}
                for row in rows:
                    article = articles[row.version_row]
                    found[row.id] = (article, to_passage(row, article_id=article.id, version=article.version))
        return found

    def restore_originals(self, read: Callable[[str], bytes | None]) -> None:
        """Keep original bytes anew that are missing or damaged, where ``read`` has them: given an article's path, the bytes of that file or None."""
        with self.snapshot() as connection:
            wanted = set(connection.execute(sa.select(_versions.c.original)).scalars())
            bad = wanted - set(connection.execute(sa.select(_originals.c.sha256)).scalars()) | _damaged_originals(connection)
            query = sa.select(_versions.c.original, _versions.c.path).where(_versions.c.path.is_not(None)).distinct()
            paths = [(key, path) for key, path in connection.execute(query) if key in bad]
        for key, path in paths:
            content = read(path)
            if content is None or hashlib.sha256(content).hexdigest() != key:
                continue
            with self._writing() as connection:
                packed = zlib.compress(content)
                mended = connection.execute(_originals.update().where(_originals.c.sha256 == key).values(content=packed)).rowcount
                if not mended:
                    connection.execute(_originals.insert(), {"sha256": key, "name": path, "media_type": "", "content": packed})

    def make_incomplete(self, passage_ids: Sequence[str]) -> None:
        """Have the sentence vectors of the versions that these passages belong to made again."""
        with self._writing() as connection:
            for chunk in chunks(passage_ids):
                rows = sa.select(_passages.c.version_row).where(_passages.c.id.in_(chunk))
                connection.execute(
                    _versions.update()
                    .where(_versions.c.row.in_(rows), _versions.c.state == "complete")
                    .values(state="searchable")
                )


def _damages(connection: sa.Connection) -> Iterator[Fault]:
    said = [line for (line,) in connection.exec_driver_sql("PRAGMA integrity_check(10)") if line != "ok"]
    if said:
        yield Fault(
            name="article store",
            found=f"library.db is damaged: {'; '.join(said[:_DAMAGES_NAMED])}",
            lost="perhaps some articles, or parts of them; what can be read still answers",
            remedy=SALVAGE,
        )


def _strays(connection: sa.Connection) -> Iterator[Fault]:
    """Rows that belong to nothing."""
    orphans = Counter(row[0] for row in connection.exec_driver_sql("PRAGMA foreign_key_check"))
    bare = orphans.pop("versions", 0)
    if orphans:
        listed = ", ".join(f"{count} in {table}" for table, count in sorted(orphans.items()))
        yield Fault(name="rows", found=f"rows that belong to no article ({listed})", lost="nothing but space")
    if bare:
        missing = sa.select(_versions.c.article_id).where(_versions.c.original.not_in(sa.select(_originals.c.sha256)))
        ids = tuple(connection.execute(missing.distinct()).scalars())
        yield Fault(
            name="originals",
            found=f"the original bytes of {len(ids)} articles are missing",
            lost="those bytes; the articles and their text are there",
            remedy=_FROM_FILES,
            ids=ids,
        )
    of_retired = sa.select(sa.func.count()).select_from(_passages.join(_versions, _versions.c.row == _passages.c.version_row))
    if kept := connection.execute(of_retired.where(_versions.c.state == "retired")).scalar():
        yield Fault(name="rows", found=f"{kept} passages of versions that were replaced", lost="nothing but space")
    leaving = list(connection.execute(sa.select(_leavings.c.id).where(_leavings.c.id.in_(sa.select(_passages.c.id)))).scalars())
    if leaving:
        yield Fault(
            name="states",
            found=f"{len(leaving)} passages are in use and marked for removal from the indexes",
            lost="nothing yet; they would not be found any more after the next removal",
            ids=tuple(leaving),
        )


def _lying_states(connection: sa.Connection) -> Iterator[Fault]:
    unknown = list(
        connection.execute(sa.select(_versions.c.article_id).where(_versions.c.state.not_in((*_LIVE, "retired")))).scalars()
    )
    if unknown:
        yield Fault(
            name="states",
            found=f"{len(unknown)} versions are in a state that is none",
            lost="they are not found",
            remedy="Use the version of Fundstelle that wrote them, or `fundstelle add` their sources again.",
            ids=tuple(unknown),
        )
    if several := _answering_twice(connection):
        yield Fault(
            name="states",
            found=f"{len(several)} articles have several versions that say they are the current one",
            lost="nothing; old words may be quoted beside the new ones",
            ids=tuple(several),
        )
    if misplaced := _misplaced(connection):
        yield Fault(
            name="states",
            found=f"{len(misplaced)} articles are hidden with no way back, or on their way out and still seen",
            lost="no article; these are not found, or would be removed",
            ids=tuple(misplaced),
        )
    if links := _links_to_mend(connection):
        yield Fault(
            name="links",
            found=f"{len(links)} articles are said to repeat one that is not there or repeats another itself",
            lost="nothing; a story may be told twice",
            ids=tuple(article_id for article_id, _ in links),
        )
    unlisted, listed_wrongly = _wrong_shelf(connection)
    if unlisted or listed_wrongly:
        ids = tuple(sorted({*unlisted, *listed_wrongly}))
        yield Fault(
            name="list",
            found=f"the list of articles is wrong about {len(ids)} of them",
            lost="no article; these are not listed, or as they are not",
            ids=ids,
        )
    index = connection.execute(sa.select(schema.facts.c.value).where(schema.facts.c.name == "index")).scalar()
    ready = connection.execute(sa.select(sa.func.count()).where(_versions.c.state.in_(_READY))).scalar_one()
    if ready and not (index or "").isdecimal():
        yield Fault(
            name="states",
            found=f"{ready} articles are said to be searchable, but no index is named",
            lost="no article; nothing is found",
            remedy="fundstelle reindex",
        )


def _wrong_shelf(connection: sa.Connection) -> tuple[list[str], list[str]]:
    """The articles that the list of articles lacks, and those that it should not have, or not so."""
    right = """SELECT article_id, COALESCE(MAX(CASE WHEN state <> 'pending' THEN row END), MAX(row)) FROM versions
        WHERE state IN ('pending', 'searchable', 'complete') GROUP BY article_id"""
    listed = "SELECT article_id, row FROM shelf"
    unlisted = [row[0] for row in connection.exec_driver_sql(f"{right} EXCEPT {listed}")]
    wrong = [row[0] for row in connection.exec_driver_sql(f"{listed} EXCEPT {right}")]
    return unlisted, wrong


def _answering_twice(connection: sa.Connection) -> dict[str, int]:
    """The articles of which several versions are current, with the newest one's row."""
    query = sa.select(_versions.c.article_id, sa.func.max(_versions.c.row)).where(_versions.c.state.in_(_READY))
    several = query.group_by(_versions.c.article_id).having(sa.func.count() > 1)
    return {row[0]: row[1] for row in connection.execute(several)}


def _misplaced(connection: sa.Connection) -> list[str]:
    """The articles whose versions are hidden though nothing says what they come back to, or seen though they are listed as hidden."""
    noted = sa.select(schema.hidden.c.row)
    query = sa.select(_versions.c.article_id).where((_versions.c.state == "hidden") != _versions.c.row.in_(noted)).distinct()
    return list(connection.execute(query).scalars())


def _links_to_mend(connection: sa.Connection) -> list[tuple[str, str | None]]:
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
    for found in _judged(connection):
        if not found.sound:
            damaged.append(found.article.id)
        elif not found.fits:
            misfits.append(found.article.id)
    if damaged:
        yield Fault(
            name="texts",
            found=f"the text of {len(damaged)} articles, or what is marked in it, is not what was stored",
            lost="those words, unless their original bytes are whole",
            remedy=f"{REPAIR}, which makes them anew from the original bytes, if those are whole; else restore library.db from a backup.",
            ids=tuple(damaged),
        )
    if misfits:
        yield Fault(
            name="passages",
            found=f"the passages of {len(misfits)} articles do not fit their text",
            lost="no article; parts of these are not found, or not as they stand",
            ids=tuple(misfits),
        )


@dataclass(frozen=True, slots=True)
class _Judged:
    """A version that is or will be searchable: whether its text is what its hash says, and whether its passages fit it.

    Where it is not ``whole``, what is marked in its text cannot be read and is missing in ``article``; then it is not ``sound`` either.
    """

    row: int
    version: str
    article: Article
    whole: bool
    sound: bool
    fits: bool


def _judged(connection: sa.Connection) -> Iterator[_Judged]:
    """Every version that is or will be searchable."""
    after = 0
    while True:
        query = sa.select(_versions).where(_versions.c.state.in_(_LIVE), _versions.c.row > after)
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
            yield _Judged(row.row, row.version, article, whole, whole and article.version == row.version, fits)
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
    if damaged := _damaged_originals(connection):
        used = sa.select(_versions.c.article_id).where(_versions.c.original.in_(damaged)).distinct()
        ids = tuple(connection.execute(used).scalars())
        yield Fault(
            name="originals",
            found=f"the original bytes of {len(ids)} articles are lost or damaged",
            lost="those bytes; the articles and their text are there",
            remedy=_FROM_FILES,
            ids=ids,
        )


def _damaged_originals(connection: sa.Connection) -> set[str]:
    damaged = set()
    for key in list(connection.execute(sa.select(_originals.c.sha256)).scalars()):  # one at a time: they may be large
        content = connection.execute(sa.select(_originals.c.content).where(_originals.c.sha256 == key)).scalar_one()
        if not _is(content, sha256=key):
            damaged.add(key)
    return damaged


def _is(content: bytes, *, sha256: str) -> bool:
    try:
        return hashlib.sha256(zlib.decompress(content)).hexdigest() == sha256
    except zlib.error:
        return False
