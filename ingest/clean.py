"""Page furniture in an article's text, as spans with a reason; the text itself never changes.

Three kinds of evidence: what a paragraph says (``furniture_phrases.py``), how it reads (``prose.py``), and where it stands (above the headline,
below the body). In doubt a paragraph is article. Not here: taking text out of HTML (``extract.py``), learning which paragraphs an outlet repeats
(``furniture.py``).
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING

from ingest.furniture_phrases import OUTLET_WORDS, phrases
from ingest.headline import URL_ONLY, headline_at, is_dated, is_menu
from ingest.paragraphs import merge_furniture, written_words
from ingest.prose import FULL_STOP, SHORT, TRUNCATED, JudgedParagraph, is_topical, judged_paragraphs
from vectorstore.types import Furniture

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vectorstore.types import Span

_TEASER_WORDS = 40
_TAIL_SHARE = 0.6
MAX_SHARE = 0.75
"""More of a text than this is never furniture."""
_CREDIT = re.compile(r"(?:©|\(c\)\s|Copyright\b).{2,60}$", re.IGNORECASE)
_COUNT = re.compile(
    r"\(?\d+\)?\s+(?:kommentare?|comments?|commentaires?|comentarios?|commenti|reacties|comentários|комментари\w+"
    r"|komentarz\w*|yorum|shares?|likes?)"
    r"|(?:kommentare?|comments?|commentaires?|comentarios?|commenti|reacties|комментари\w+)\s*[(:]?\s*\d+\)?", re.IGNORECASE,
)  # fmt: skip


def find_furniture(
    text: str,
    *,
    title: str = "",
    language: str = "und",
    known: Iterable[Furniture] = (),
) -> tuple[Furniture, ...]:
    """The spans of ``text`` that are not the article, sorted, trimmed, not overlapping.

    ``known`` is furniture that the page's structure told (``Extracted.furniture``), which is kept and helps to find the rest. A text that
    would be furniture as a whole is kept as a whole.
    """
    known = tuple(known)
    blocks = judged_paragraphs(text, language=language)
    if len(blocks) <= 1:
        return merge_furniture(text, known)
    apart = merge_furniture(text, known)
    next_mark = 0
    for block in blocks:
        while next_mark < len(apart) and apart[next_mark].end < block.span.end:
            next_mark += 1
        if next_mark < len(apart) and _covers(apart[next_mark], block.span):
            block.reason = apart[next_mark].reason
    _mark(blocks, top=headline_at([block.text for block in blocks], title=title))
    marks = [Furniture(block.span.start, block.span.end, block.reason) for block in blocks if block.reason]
    credit_lines = [credit for block in blocks if not block.reason and (credit := _picture_credit(block))]
    total = sum(block.words for block in blocks)
    if sum(block.words for block in blocks if block.reason) > MAX_SHARE * total:
        marks = []
    return merge_furniture(text, known, marks, credit_lines)


def _mark(blocks: Sequence[JudgedParagraph], *, top: int) -> None:
    first = next((i for i, block in enumerate(blocks) if i >= top and block.prose and not block.notice), len(blocks))
    for i, block in enumerate(blocks):
        if not block.reason and i != top:
            block.reason = _own_reason(block, above=i < first)
    _mark_above(blocks, top=top)
    for block in blocks:
        block.counted = block.prose and not block.reason
    topic = Counter(word for block in blocks if block.counted for word in block.content)
    _mark_below(blocks, start=first, topic=topic)


def _own_reason(block: JudgedParagraph, *, above: bool) -> str:
    """The reason that a paragraph gives by itself, wherever it stands."""
    if phrases("control").fullmatch(block.plain.rstrip(" :.>»›→")) or _COUNT.fullmatch(block.plain):
        return "navigation"
    if _is_teaser(block):
        return "see also"
    if is_menu(block.text):
        return "navigation"
    if block.words <= 30 and (
        phrases("copyright").search(block.plain) or re.match(r"\s*(?:©|\(c\)\s|copyright\b)", block.text, re.IGNORECASE)
    ):
        return "copyright"
    if block.notice and (above or block.words > 4 or not block.prose):
        return block.notice
    return ""


def _is_teaser(block: JudgedParagraph) -> bool:
    match = phrases("teaser").match(block.plain)
    if not match or block.words > _TEASER_WORDS:
        return False
    rest = block.plain[match.end() :]
    if rest[:1].isalnum() or len(written_words(rest)) < 2 or rest.endswith(":"):
        return False
    return rest[:2].strip()[:1] in {":", "–", "-", "|", "»", ">"} or not FULL_STOP.search(block.text)


def _mark_above(blocks: Sequence[JudgedParagraph], *, top: int) -> None:
    """What stands above the headline: the site's name, the section."""
    for i, block in enumerate(blocks[: max(top, 0)]):
        if not block.reason and block.words <= SHORT and len(block.text) <= 80 and not block.closed and not is_dated(block.text):
            block.reason = "site name" if i == 0 else "navigation"


def _mark_below(blocks: Sequence[JudgedParagraph], *, start: int, topic: Counter[str]) -> None:
    """What stands below the body, and boxes within it: a cue heading and what belongs to it."""
    prose_before = [0, *accumulate(block.words if block.prose else 0 for block in blocks)]
    i = start + 1
    kept = summed = 0  # words of the article before the box, and of how many blocks
    while i < len(blocks):
        block = blocks[i]
        if _opens_box(block, before=prose_before[i], after=prose_before[-1] - prose_before[i + 1]) and not _is_subheading(
            blocks, i, topic=topic
        ):
            block.reason = block.reason or _heading_reason(block)
            kept += sum(other.words for other in blocks[summed : i + 1] if not other.reason)
            summed = i + 1
            i = _mark_box(blocks, i + 1, before=kept, prose_before=prose_before, reason=_box_reason(block), topic=topic)
        else:
            i += 1
    end = max((i for i, block in enumerate(blocks) if block.prose and not block.reason), default=-1)
    end = _without_promotion(blocks, end, start=start, topic=topic)
    _mark_tail(blocks, end)


def _opens_box(block: JudgedParagraph, *, before: int, after: int) -> bool:
    """A cue heading opens a box; a notice does too, if little prose (in words) is left that could be the article."""
    if block.heading_cue or (block.notice and block.words <= SHORT):
        return True
    return bool(block.reason and block.notice) and after <= _TAIL_SHARE / 2 * before


def _mark_box(
    blocks: Sequence[JudgedParagraph], i: int, *, before: int, prose_before: Sequence[int], reason: str, topic: Counter[str]
) -> int:
    """Marks what follows a furniture heading up to where the article goes on; returns that index.

    ``before`` is how many words of the article stand before it, ``prose_before`` how many words of prose before each block.
    """
    while i < len(blocks):
        block = blocks[i]
        rest = prose_before[-1] - prose_before[i]
        if (
            not block.reason
            and block.prose
            and not block.notice
            and (is_topical(block, topic=topic) or rest > _TAIL_SHARE * before)
        ):
            break
        if not block.reason and not block.prose and _opens_body(blocks, i, topic=topic):
            break
        if block.notice or block.heading_cue:
            reason = _box_reason(block)
            block.reason = block.reason or _heading_reason(block)
        block.reason = block.reason or reason
        i += 1
    return i


def _opens_body(blocks: Sequence[JudgedParagraph], i: int, *, topic: Counter[str]) -> bool:
    """Whether a short line in a box is already the subheading of the paragraphs with which the article goes on."""
    following = blocks[i + 1 : i + 3]
    return (
        len(following) == 2
        and not blocks[i].heading_cue
        and all(block.prose and not block.reason and not block.notice and is_topical(block, topic=topic) for block in following)
    )


def _is_subheading(blocks: Sequence[JudgedParagraph], i: int, *, topic: Counter[str]) -> bool:
    """A cue that is a mere word ("Topics", "Werbung") over two paragraphs on the article's topic is its own subheading."""
    exact = phrases("heading").fullmatch(blocks[i].plain.rstrip(" :"))
    return not exact and not blocks[i].notice and _opens_body_after(blocks, i, topic=topic)


def _opens_body_after(blocks: Sequence[JudgedParagraph], i: int, *, topic: Counter[str]) -> bool:
    following = blocks[i + 1 : i + 2]
    return bool(following) and all(block.prose and not block.notice and is_topical(block, topic=topic) for block in following)


def _without_promotion(blocks: Sequence[JudgedParagraph], end: int, *, start: int, topic: Counter[str]) -> int:
    """Marks an outlet's words about itself at the end of the body; returns the index of the last paragraph that is article."""
    for last in range(end, max(start, end - 3), -1):
        head = _promotion_heading(blocks, last)
        section = blocks[max(head, start + 1) if head >= 0 else last : last + 1]
        evidence = (
            bool(phrases("self").search(blocks[last].plain))
            + (head >= 0 and _names_an_outlet(blocks[head]))
            + (not is_topical(blocks[last], topic=topic))
        )
        if evidence < 2 or blocks[last].reason:
            return last if not blocks[last].reason else end
        for block in section:
            block.reason = block.reason or "promotion"
        end = max((i for i, block in enumerate(blocks[:last]) if block.prose and not block.reason), default=start)
    return end


def _promotion_heading(blocks: Sequence[JudgedParagraph], last: int) -> int:
    """The index of the short line right above paragraph ``last`` (or above its neighbour), -1 if there is none."""
    for i in (last - 1, last - 2):
        if i > 0 and blocks[i].words <= 6 and not blocks[i].closed:
            return i
    return -1


def _names_an_outlet(block: JudgedParagraph) -> bool:
    return any(word in OUTLET_WORDS for word in written_words(block.plain))


def _mark_tail(blocks: Sequence[JudgedParagraph], end: int) -> None:
    """After the last paragraph of the body: page notes, cut-off teasers, and lines between two marked ones."""
    tail = range(end + 1, len(blocks))
    truncated = [i for i in tail if TRUNCATED.search(blocks[i].text)]
    for i in tail:
        block = blocks[i]
        if block.reason:
            continue
        if phrases("page note").match(block.plain) and block.words <= 25:
            block.reason = "page information"
        elif URL_ONLY.fullmatch(block.plain):
            block.reason = "link"
        elif len(truncated) > 1 and i in truncated:
            block.reason = "teaser"
    marked = [i for i in tail if blocks[i].reason]
    if marked:
        for i in range(marked[0], marked[-1]):
            if not blocks[i].reason and not blocks[i].prose and not is_dated(blocks[i].text):
                blocks[i].reason = "navigation"


def _heading_reason(block: JudgedParagraph) -> str:
    return block.notice or "see also"


def _box_reason(block: JudgedParagraph) -> str:
    return block.notice or "teaser"


def _picture_credit(block: JudgedParagraph) -> Furniture | None:
    match = _CREDIT.search(block.text) if block.words <= 40 else None
    if not match or not block.text[: match.start()].strip():
        return None
    return Furniture(block.span.start + match.start(), block.span.end, "picture credit")


def _covers(mark: Furniture, span: Span) -> bool:
    return mark.start <= span.start and span.end <= mark.end
