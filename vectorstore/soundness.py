"""Whether a library agrees with itself, and setting right what does not.

Mending touches derived values and states only, never an article, its words or its original bytes. Not here: what does not agree (``faults.py``),
the indexes beside it (``consistency.py``).
"""

from __future__ import annotations

import hashlib
import json
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.database import Database, chunks
from vectorstore.errors import SourceError
from vectorstore.faults import LIVE, answering_twice, damaged_originals, faults_in, judged, links_to_mend, wrong_shelf
from vectorstore.rows import furniture_value, to_article, to_passage, unpacked
from vectorstore.schema import READY

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vectorstore.faults import Fault
    from vectorstore.types import Article, Passage

_versions, _originals, _passages, _leavings = schema.versions, schema.originals, schema.passages, schema.leavings


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
            return faults_in(connection)

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
                if state in READY:
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
            return [found.article for found in judged(connection) if found.sound and not found.fits]

    def restore_texts(self, extract: Callable[[Article, bytes, str, str], Article]) -> None:
        """Put damaged texts back as they were, where ``extract`` makes the same words of the original bytes, given with their name and media type."""
        with self.snapshot() as connection:
            damaged = [(found.row, found.version, found.article, found.whole) for found in judged(connection) if not found.sound]
        query = sa.select(_originals).join(_versions, _versions.c.original == _originals.c.sha256)
        for row, version, article, whole in damaged:
            with self.snapshot() as connection:
                kept = connection.execute(query.where(_versions.c.row == row)).first()
            anew = article
            if kept is not None and (content := unpacked(kept.content, sha256=kept.sha256)) is not None:
                with suppress(SourceError):
                    anew = extract(article, content, kept.name, kept.media_type)
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
            for row in answering_twice(connection).values():  # indexed again, it takes the place of the others
                connection.execute(_versions.update().where(_versions.c.row == row).values(state="pending"))
            unlisted, listed_wrongly = wrong_shelf(connection)
            connection.execute(schema.shelf.delete().where(schema.shelf.c.article_id.in_(listed_wrongly)))
            for article_id in unlisted:  # a trigger lists it
                connection.execute(_versions.update().where(_versions.c.article_id == article_id).values(state=_versions.c.state))
            for article_id, root in links_to_mend(connection):
                connection.execute(_versions.update().where(_versions.c.article_id == article_id).values(duplicate_of=root))
            counted = sa.select(sa.func.count()).where(_passages.c.version_row == _versions.c.row).scalar_subquery()
            connection.execute(
                _versions.update().where(_versions.c.state.in_(LIVE), _versions.c.passages != counted).values(passages=counted)
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
            bad = wanted - set(connection.execute(sa.select(_originals.c.sha256)).scalars()) | damaged_originals(connection)
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
