"""Article → passages of whole sentences, with exact offsets. Nothing is cut off, nothing crosses furniture or a paragraph break.

Not here: which parts are furniture (``clean.py``), embedding (``vectorstore/embedding.py``).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ingest.paragraphs import paragraphs, trim
from vectorstore.languages import normalise, primary, stop_words
from vectorstore.types import Article, Furniture, Passage, Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    CountTokens = Callable[[Sequence[str]], Sequence[int]]

# Languages that write ordinals with a full stop ("28. Februar").
_DOTTED = "de da nb nn no is fo fi et lv cs sk sl hr sr bs hu pl tr lb eu"
_ORDINAL_LANGUAGES = frozenset(_DOTTED.split())
# Words before an ordinal; with one of them a number and a full stop end no sentence.
_DETERMINERS = (
    "am im der die das den dem des zum zur vom beim ein eine einen einem einer eines ab bis seit und oder dieser diesem"
    " diesen jeder jedem sein seine seinen seinem ihr ihre ihren ihrem unser unsere"
    " den d. dne od do po ve v na za w dnia az"
)
_BEFORE_ORDINAL = frozenset(_DETERMINERS.split())
_MONTH_NAMES = (
    "januar jänner februar feber märz april mai juni juli august september oktober november dezember jan feb mär apr jun"
    " jul aug sep sept okt nov dez"
    " ocak şubat mart nisan mayıs haziran temmuz ağustos eylül ekim kasım aralık jahrhundert jahrhunderts jahrhunderte"
    " jahrhunderten jh"
)
_MONTHS = frozenset(_MONTH_NAMES.split())
# After these a full stop ends no sentence: titles and the like, always followed by a name or number. By language.
_ABBREVIATIONS = {
    "de": "dr prof nr abs art st hl ing mag dipl bzw ca vgl evtl inkl exkl ggf sog zzgl abzgl frhr jun",
    "en": "mr mrs ms dr prof gen sen rep gov lt col capt sgt st vs rev hon",
    "fr": "m mm mme mmes mlle mlles dr pr me mgr st ste cf env art av apr éd vol",
    "es": "sr sra srta sres dr dra d dña prof gral núm art av avda ee",
    "it": "sig sigg dott prof on avv ing art", "pt": "sr sra dr dra prof exmo art av",
    "nl": "dhr mevr mr mw dr drs prof ir ing nr",
    "ru": "т ул д им св акад проф см ср рис стр гр тов", "uk": "вул ім проф акад див",
    "pl": "prof dr ul św gen płk min im inż mgr ks red tzw np m.in",
    "tr": "dr prof doç sn av", "sv": "dr prof kl nr", "cs": "dr prof ing mgr ul sv tzv např",
}  # fmt: skip
_ORDINAL = re.compile(r"(?:(?P<before>[^\W\d_]+\.?)\s+)?[„“\"'(]?(?P<number>\d{1,3})\.\s*$")
_LAST_WORD = re.compile(r"([^\W\d_]+)\.\s*$")
_FIRST_WORD = re.compile(r"\s*([^\W_]+)")
# Behind these a sentence that is too long may be cut, best first.
_CLAUSE = re.compile(r"[;:]\s+|,\s+|\s[–—-]\s+|[、，；：。！？]")
_WORDS = re.compile(r"\S+\s*")
_PROMPT = "passage: "
_SPECIAL_TOKENS = 2
_MIN_BUDGET = 8
_MID_PARAGRAPH = 0.4
_UNEVEN = 0.5


@dataclass(frozen=True, slots=True)
class _Unit:
    """A sentence (or a piece of one that is too long), its length in tokens, and whether its paragraph ends with it."""

    span: Span
    tokens: int
    closes: bool


def split_article(article: Article, *, count_tokens: CountTokens, max_tokens: int = 256) -> list[Passage]:
    """The passages of ``article`` in their order; empty if it has no text outside furniture.

    A passage is a run of whole sentences, as many as fit into ``max_tokens`` together with what is embedded with them (the
    prompt, the title and
    a line break, two special tokens; no title where the passage holds the headline). Passages end with a paragraph where that
    costs no extra passage, and are balanced. Every non-space character outside furniture is in exactly one sentence of exactly
    one passage.

    ``count_tokens`` gives the number of tokens of each of many texts; it is called a few times with long lists. A title that
    takes more than half of
    ``max_tokens`` is reckoned as half.
    """
    pieces = [
        piece for paragraph in paragraphs(article.text) for piece in _outside(paragraph, article.furniture, text=article.text)
    ]
    sentences = [
        (span, n)
        for n, piece in enumerate(pieces)
        for span in split_sentences(article.text, within=piece, language=article.language)
    ]
    if not sentences:
        return []
    fixed = [_PROMPT, f"{_PROMPT}{article.title}\n", ""]
    prompt, titled, empty, *counts = count_tokens([*fixed, *(span.slice(article.text) for span, _ in sentences)])
    # A tokenizer that adds its special tokens to every text counts them for the empty one too.
    room = max_tokens - max(_SPECIAL_TOKENS, empty)
    budget = max(_MIN_BUDGET, room - (prompt - empty))
    titled_budget = max(_MIN_BUDGET, room - min(titled - empty, max_tokens // 2))
    counter = _Counter(count_tokens, special=empty)
    units: list[_Unit] = []
    long = [n for n, count in enumerate(counts) if count - empty > titled_budget]
    cut = dict(zip(long, _cut(article.text, [sentences[n][0] for n in long], limit=titled_budget, counter=counter), strict=True))
    for n, (span, paragraph) in enumerate(sentences):
        closes = n + 1 == len(sentences) or sentences[n + 1][1] != paragraph
        parts = cut.get(n) or [(span, max(1, counts[n] - empty))]
        units += [_Unit(part, tokens, closes and part is parts[-1][0]) for part, tokens in parts]
    headline = _headline_unit(article, units)
    return [
        Passage(article_id=article.id, version=article.version, start=group[0].start, end=group[-1].end, sentences=tuple(group))
        for first, last in _runs(units, article.furniture)
        for group in _pack(units, first=first, last=last, headline=headline, budget=budget, titled_budget=titled_budget)
    ]


def split_sentences(text: str, *, within: Span, language: str = "und") -> list[Span]:
    """The sentences of one paragraph, as trimmed spans of ``text``; together they cover all its non-space characters."""
    from sentencex import get_sentence_boundaries

    code = primary(language)
    # A line break inside a paragraph is a wrapped line: to the splitter it is a space, of the same length.
    piece = within.slice(text).replace("\n", " ")
    ends = [int(boundary["end_index"]) for boundary in get_sentence_boundaries(code if code != "und" else "en", piece)]
    if not ends or ends[-1] != len(piece) or any(a >= b for a, b in pairwise(ends)):
        ends = [len(piece)]
    found: list[Span] = []
    start = 0
    for end in ends:
        if end < len(piece) and _goes_on(piece, start=start, end=end, language=code):
            continue
        span = trim(text, within.start + start, within.start + end)
        start = end
        if found and not re.search(r"\w", span.slice(text)):
            found[-1] = Span(found[-1].start, max(found[-1].end, span.end))  # a stray quotation mark or bracket
        elif len(span):
            found.append(span)
    return found


def _goes_on(piece: str, *, start: int, end: int, language: str) -> bool:
    """Whether the splitter ended a sentence at ``end`` after an ordinal or an abbreviation."""
    tail = piece[max(start, end - 60) : end]
    following = _FIRST_WORD.match(piece, end, min(len(piece), end + 60))
    if not following:
        return False
    last = _LAST_WORD.search(tail)
    if last and last[1].casefold() in _ABBREVIATIONS.get(language, "").split():
        return True
    if last and len(last[1]) == 1 and following[1][0].islower():
        return True  # "т. е. да"
    ordinal = _ORDINAL.search(tail)
    if language not in _ORDINAL_LANGUAGES or not ordinal:
        return False
    word = following[1].casefold()
    if word in _MONTHS or word[0].isdigit():
        return word in _MONTHS
    if normalise(word) in stop_words(language):
        return False
    before = (ordinal["before"] or "").casefold()
    return before in _BEFORE_ORDINAL or not piece[start : end - len(tail) + ordinal.start("number")].strip(" „“\"'(")


def _outside(paragraph: Span, furniture: Sequence[Furniture], *, text: str) -> Iterator[Span]:
    """The parts of a paragraph that no furniture covers, trimmed."""
    at = paragraph.start
    # Furniture is sorted and does not overlap, so its ends are sorted too.
    for mark in furniture[bisect_right(furniture, paragraph.start, key=lambda mark: mark.end) :]:
        if mark.start >= paragraph.end:
            break
        if len(span := trim(text, at, max(at, mark.start))):
            yield span
        at = max(at, mark.end)
    if at < paragraph.end and len(span := trim(text, at, paragraph.end)):
        yield span


def _runs(units: Sequence[_Unit], furniture: Sequence[Furniture]) -> Iterator[tuple[int, int]]:
    """Index ranges of units between which no furniture stands."""
    first = 0
    for i in range(1, len(units)):
        mark = bisect_right(furniture, units[i - 1].span.end - 1, key=lambda mark: mark.start)
        if mark < len(furniture) and furniture[mark].start < units[i].span.start:
            yield first, i
            first = i
    yield first, len(units)


def _pack(units: Sequence[_Unit], *, first: int, last: int, headline: int, budget: int, titled_budget: int) -> list[list[Span]]:
    """Groups ``units[first:last]`` at the least cost: few passages, ends of paragraphs, even lengths, in this order of weight."""
    best = [0.0] * (last - first + 1)
    came_from = [0] * (last - first + 1)
    for end in range(first + 1, last + 1):
        tokens, cost = 0, float("inf")
        broken = 0.0 if units[end - 1].closes or end == last else _MID_PARAGRAPH
        for start in range(end - 1, first - 1, -1):
            tokens += units[start].tokens
            room = budget if start <= headline < end else titled_budget
            if tokens > budget:
                break
            if tokens > room and start < end - 1:
                continue
            candidate = best[start - first] + 1 + broken + _UNEVEN * (1 - tokens / budget) ** 2
            if candidate < cost:
                cost, came_from[end - first] = candidate, start
        best[end - first] = cost
    groups: list[list[Span]] = []
    end = last
    while end > first:
        start = came_from[end - first]
        groups.append([unit.span for unit in units[start:end]])
        end = start
    return groups[::-1]


def _headline_unit(article: Article, units: Sequence[_Unit]) -> int:
    """The index of the unit in which the headline stands, -1 if it is not in the text."""
    at = article.text.find(article.title) if article.title else -1
    return next((i for i, unit in enumerate(units[:20]) if unit.span.start <= at < unit.span.end), -1)


class _Counter:
    """Counts tokens of many spans in one call; a text has at least one, its special tokens are not counted."""

    def __init__(self, count_tokens: CountTokens, *, special: int) -> None:
        self._count, self._special = count_tokens, special

    def __call__(self, text: str, spans: Sequence[Span]) -> list[int]:
        return (
            [max(1, count - self._special) for count in self._count([span.slice(text).strip() for span in spans])]
            if spans
            else []
        )


def _cut(text: str, sentences: Sequence[Span], *, limit: int, counter: _Counter) -> list[list[tuple[Span, int]]]:
    """Pieces of at most ``limit`` tokens for each sentence: whole clauses where they fit, else whole words, else characters."""
    atoms = [[(n, span) for span in _clauses(text, sentence)] for n, sentence in enumerate(sentences)]
    level = [atom for group in atoms for atom in group]
    counted: list[tuple[int, Span, int]] = []
    depth = 0
    while level:
        finer: list[tuple[int, Span]] = []
        for (n, span), tokens in zip(level, counter(text, [span for _, span in level]), strict=True):
            if tokens <= limit or len(span) == 1:
                counted.append((n, span, tokens))
            else:
                parts = _words(text, span) if depth == 0 else _halves(text, span, depth=depth, limit=limit)
                finer += [(n, part) for part in parts]
        level, depth = finer, depth + 1
    pieces: list[list[tuple[Span, int]]] = [[] for _ in sentences]
    for n, span, tokens in sorted(counted, key=lambda atom: atom[1].start):
        group = pieces[n]
        if group and group[-1][1] + tokens <= limit:
            group[-1] = (Span(group[-1][0].start, span.end), group[-1][1] + tokens)
        else:
            group.append((span, tokens))
    return [[(trimmed, tokens) for span, tokens in group if len(trimmed := trim(text, span.start, span.end))] for group in pieces]


def _clauses(text: str, sentence: Span) -> list[Span]:
    cuts = [match.end() for match in _CLAUSE.finditer(text, sentence.start, sentence.end) if match.end() < sentence.end]
    return [Span(start, end) for start, end in pairwise([sentence.start, *cuts, sentence.end])]


def _words(text: str, span: Span) -> list[Span]:
    return [Span(match.start(), match.end()) for match in _WORDS.finditer(text, span.start, span.end)]


def _halves(text: str, span: Span, *, depth: int, limit: int) -> list[Span]:
    """A word in pieces: of a few characters a token at first, then ever smaller; marks stay with their letter where they can."""
    size = max(1, limit // 4) if depth == 1 else max(1, len(span) // 2)
    pieces: list[Span] = []
    start = span.start
    while start < span.end:
        end = min(span.end, start + size)
        longest = min(span.end, end + 8)
        while end < longest and _joins(text[end], text[end - 1]):
            end += 1
        if start == span.start and end == span.end and len(span) > 1:
            end = start + max(1, len(span) // 2)  # nothing but marks: it must get smaller
        pieces.append(Span(start, end))
        start = end
    return pieces


def _joins(char: str, before: str) -> bool:
    """Whether ``char`` belongs to the sign before it: a combining mark, a joiner, a variation selector, a skin tone."""
    return (
        bool(unicodedata.combining(char))
        or char in "\u200d\ufe0e\ufe0f"
        or before == "\u200d"
        or "\U0001f3fb" <= char <= "\U0001f3ff"
    )
