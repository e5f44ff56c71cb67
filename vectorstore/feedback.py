"""What readers think of answers, with the answers they mean as bytes that only the reader of this store understands.

Not here: what an answer is (``assistant/types.py``), exporting (``assistant/cli.py``).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from vectorstore import schema
from vectorstore.schema import Database
from vectorstore.types import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """The verdicts on answers in a library: one for each answer, the last that was given."""

    def keep_verdict(self, kept: KeptVerdict) -> None:
        """Keep a verdict; it takes the place of an earlier one on the same answer."""
        values = {"id": kept.id, "given_at": stamp(kept.given_at), "verdict": kept.verdict, "note": kept.note}
        with self._writing() as connection:
            packed = zlib.compress(kept.answer or b"")
            connection.execute(_feedback.insert().prefix_with("OR REPLACE"), {**values, "answer": packed})

    def remove_verdict(self, answer_id: str) -> bool:
        """Forget the verdict on an answer; returns whether there was one."""
        with self._writing() as connection:
            return connection.execute(_feedback.delete().where(_feedback.c.id == answer_id)).rowcount > 0

    def verdicts(self) -> list[KeptVerdict]:
        """Every verdict, the newest first."""
        with self._reading() as connection:
            return list(_verdicts(connection))


def _verdicts(connection: sa.Connection) -> Iterator[KeptVerdict]:
    query = sa.select(_feedback).order_by(_feedback.c.given_at.desc(), _feedback.c.id)
    for row in connection.execute(query):
        try:
            answer = zlib.decompress(row.answer)
        except zlib.error:
            answer = None
        given_at = datetime.fromisoformat(row.given_at)
        yield KeptVerdict(id=row.id, given_at=given_at, verdict=row.verdict, note=row.note, answer=answer)
