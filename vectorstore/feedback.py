"""What readers think of answers, with the answers they mean as bytes that only the reader of this store understands.

Bounded in number and in bytes, so that nobody fills the disk. Not here: what an answer is (``assistant/types.py``), exporting (``assistant/cli.py``).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.database import Database
from vectorstore.rows import by_column, unpacked
from vectorstore.types import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_VERDICTS: Final = 10_000
MAX_BYTES: Final = 256 * 2**20
VERDICT_BYTES: Final = 1_000
"""What a verdict is counted beside its note and its compressed answer."""
_feedback = schema.feedback


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptVerdict:
    """A verdict on the answer that ``id`` names; ``answer`` is None where its bytes are damaged."""

    id: str
    given_at: datetime
    verdict: str
    note: str
    answer: bytes | None


class Verdicts(Database):
    """The verdicts on answers in a library: one for each answer, the last that was given.

    Of more than ``MAX_VERDICTS``, or than fit into ``MAX_BYTES``, the oldest go, whoever gave them: it is not known who did.
    """

    def keep_verdict(self, kept: KeptVerdict) -> None:
        """Keep a verdict; it takes the place of an earlier one on the same answer, or of the oldest where there is no place left."""
        values = {"id": kept.id, "given_at": stamp(kept.given_at), "verdict": kept.verdict, "note": kept.note}
        with self._writing() as connection:
            packed = zlib.compress(kept.answer or b"")
            connection.execute(_feedback.insert().prefix_with("OR REPLACE"), {**values, "answer": packed})
            _make_room(connection)

    def remove_verdict(self, answer_id: str) -> bool:
        """Forget the verdict on an answer; returns whether there was one."""
        with self._writing() as connection:
            return connection.execute(_feedback.delete().where(_feedback.c.id == answer_id)).rowcount > 0

    def verdicts_on(self, answer_ids: Sequence[str]) -> dict[str, str]:
        """The verdicts on the answers that ``answer_ids`` name, as far as there are any."""
        query = sa.select(_feedback.c.id, _feedback.c.verdict).where(_feedback.c.id.in_(answer_ids))
        with self._reading() as connection:
            return dict(connection.execute(query).all())

    def verdicts(self) -> list[KeptVerdict]:
        """Every verdict, the newest first."""
        with self._reading() as connection:
            return list(_verdicts(connection))


def _make_room(connection: sa.Connection) -> None:
    # A note has up to four bytes a character.
    size_of = sa.func.length(_feedback.c.answer) + 4 * sa.func.length(_feedback.c.note) + VERDICT_BYTES
    count, size = connection.execute(
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(size_of), 0)).select_from(_feedback)
    ).one()
    if count <= MAX_VERDICTS and size <= MAX_BYTES:
        return
    oldest = connection.execute(sa.select(_feedback.c.id, size_of).order_by(_feedback.c.given_at, _feedback.c.id)).all()
    for id_, its_size in oldest:
        if count <= MAX_VERDICTS and size <= MAX_BYTES:
            return
        connection.execute(_feedback.delete().where(_feedback.c.id == id_))
        count, size = count - 1, size - its_size


def _verdicts(connection: sa.Connection) -> Iterator[KeptVerdict]:
    query = sa.select(_feedback).order_by(_feedback.c.given_at.desc(), _feedback.c.id)
    for row in connection.execute(query):
        yield KeptVerdict(**by_column(row) | {"answer": unpacked(row.answer)})
