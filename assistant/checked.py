"""A model's text and the verdicts on its sentences → the text that is shown, its sentences and its citations.

Citations are numbered in the order in which they are needed, or as the conversation has them already (``numbering.py``), and the markers in the
text are rewritten to match: a wrong one is corrected, one that bears nothing out is taken away. Pure. Not here: the verdicts (``verification.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from assistant.citations import cite
from assistant.claims import marker_spans
from assistant.explanations import explain
from assistant.numbering import Numbering
from assistant.types import Sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from assistant.types import Citation
    from assistant.verification import Verdict
    from vectorstore.types import Hit, Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A generated answer as it is shown; offsets of ``sentences`` are into ``text``."""

    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]

    @property
    def any_borne_out(self) -> bool:
        """Whether the sources bear out at least one sentence."""
        return any(sentence.support in {"quoted", "supported"} for sentence in self.sentences)


def write_up(
    text: str, verdicts: Sequence[Verdict], *, sources: Mapping[int, Hit], language: str, earlier: Sequence[Citation] = ()
) -> Checked:
    """``text`` with the markers of its citations, from the verdicts on its claims in their order.

    ``sources`` are the passages that the model saw, by its numbers. Only what is supported gets citations; what is unsupported or
    uncited stays in its words, without a marker, and says why in ``language``. ``earlier`` are the citations of the conversation so far.
    """
    numbering = Numbering(earlier)
    citations: dict[tuple[str, Span], Citation] = {}
    written, at = "", 0
    sentences = []
    for verdict in verdicts:
        claim = verdict.claim
        between = _without_markers(text[at : max(at, claim.start)])
        written += between or (" " if written else "")
        sentence = text[max(at, claim.start) : claim.end]
        numbers = _cite(verdict, sentence=sentence, sources=sources, citations=citations, numbering=numbering)
        start = len(written)
        written += _with_markers(sentence, numbers=numbers)
        at = claim.end
        sentences.append(
            Sentence(
                start=start,
                end=len(written),
                citations=tuple(dict.fromkeys(number for _, number in numbers)),
                support=verdict.support,
                reason=explain(_renumbered(verdict, numbers), language=language),
            )
        )
    written += _without_markers(text[at:]).rstrip()
    return Checked(text=written, sentences=tuple(sentences), citations=tuple(citations.values()))


def _cite(
    verdict: Verdict,
    *,
    sentence: str,
    sources: Mapping[int, Hit],
    citations: dict[tuple[str, Span], Citation],
    numbering: Numbering,
) -> list[tuple[int, int]]:
    """The model's number and ours for each piece of a verdict's evidence, as they will stand in ``sentence``.

    New citations are put behind those that are there.
    """
    if verdict.support not in {"quoted", "supported"}:
        return []
    markers = [named for _, named in marker_spans(sentence)]
    # A source stands where its marker is, one without at the last: numbered in this order, the first in the text is the lowest.
    place = {source: position for position, named in reversed(list(enumerate(markers))) for source in named}
    numbers = []
    for source, span in sorted(verdict.evidence, key=lambda piece: place.get(piece[0], len(markers) - 1)):
        hit = sources[source]
        key = (hit.article.id, span)
        if key not in citations:
            citations[key] = cite(hit.article, span, number=numbering.number(hit.article, span), also_in=hit.also_in)
        numbers.append((source, citations[key].number))
    return numbers


def _with_markers(sentence: str, *, numbers: Sequence[tuple[int, int]]) -> str:
    """A sentence with our markers where the model's stood, each where its source was named, the rest at the last one."""
    markers = marker_spans(sentence)
    left = list(numbers)
    written, at = "", 0
    for position, (span, named) in enumerate(markers):
        last = position == len(markers) - 1
        here = [pair for pair in left if last or pair[0] in named]
        left = [pair for pair in left if pair not in here]
        before = sentence[at : span.start].rstrip()
        written += before
        written += (" " if written else "") + _marker(here) if here else ""
        at = span.end
    written += sentence[at:]
    return f"{written} {_marker(left)}" if left else written


def _marker(numbers: Sequence[tuple[int, int]]) -> str:
    return "".join(f"[{number}]" for number in dict.fromkeys(ours for _, ours in numbers))


def _without_markers(text: str) -> str:
    for span, _ in reversed(marker_spans(text)):
        text = text[: span.start].rstrip(" ") + text[span.end :]
    return text


def _renumbered(verdict: Verdict, numbers: Sequence[tuple[int, int]]) -> Verdict:
    """A verdict that names the citation by our number: readers never see the model's."""
    if not verdict.corrected:
        return verdict
    return replace(verdict, what=", ".join(f"[{number}]" for number in dict.fromkeys(ours for _, ours in numbers)))
