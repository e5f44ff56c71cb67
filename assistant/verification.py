"""Whether the sources that a generated sentence cites say what it says.

What cannot be checked is never promoted. Not here: splitting the answer into sentences (``claims.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from assistant.claims import Claim, split_claims

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.types import Support
    from vectorstore.dictionary import Glossary
    from vectorstore.embedding import Encoder, Vectors
    from vectorstore.types import Article, Passage, Span

__all__ = ["Claim", "Source", "Verdict", "Verifier", "explain", "split_claims"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One numbered evidence block that the model saw: the stretch of an article, with the spans of its sentences.

    ``vectors`` are those of the passage's sentences where they are at hand (float32, one row each); else they are computed.
    """

    number: int
    article: Article
    passage: Passage
    vectors: Vectors | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one sentence stands.

    ``reason`` is a key such as ``"number differs"`` (empty where there is nothing to say) and ``what`` the words concerned;
    ``explain`` says both to a reader. ``evidence`` are the spans that bear the sentence out, with the number of their source.
    ``corrected`` says that the marker was wrong and ``evidence`` is from another source. ``score`` is the probability that
    the sentence is supported, 0 to 1, None where it was not judged.
    """

    claim: Claim
    support: Support
    reason: str
    what: str
    evidence: tuple[tuple[int, Span], ...]
    corrected: bool
    score: float | None


class Verifier:
    """Checks sentences against their sources; safe to call from several threads."""

    def __init__(self, *, encoder: Encoder, glossary: Glossary) -> None:
        self._encoder = encoder
        self._glossary = glossary

    def prepare(self, sources: Sequence[Source]) -> None:
        """Embed what sources say, so that ``check`` need not: while the model is still thinking, in another thread."""
        raise NotImplementedError

    def check(self, claim: Claim, *, sources: Sequence[Source], language: str) -> Verdict:
        """How ``claim``, in ``language``, stands against the sources that it cites."""
        raise NotImplementedError


def explain(verdict: Verdict, *, language: str) -> str:
    """The reason of a verdict for a reader, in ``language`` or in English; empty where there is nothing to say."""
    raise NotImplementedError
