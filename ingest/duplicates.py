"""Which stored article says the same as a new one: agency copy in several outlets, also lightly edited.

MinHash over shingles of words finds the few articles that may be meant (A. Broder, "On the resemblance and containment of documents", 1997);
their exact resemblance and their numbers decide. Only an article's own text is compared, without its furniture. Not here: what results
make of it (``vectorstore/search.py``), the same article under another address (``addresses.py``).
"""

from __future__ import annotations

import hashlib
import re
import zlib
from collections import defaultdict, deque
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ingest.paragraphs import normalise_paragraph, own_paragraphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vectorstore.library import Library
    from vectorstore.types import Article

    Hashes = NDArray[np.uint64]

RESEMBLANCE = 0.5
"""Texts that share this much of their shingles (Jaccard) say the same; docs/decisions.md says what was measured."""
MIN_WORDS = 30
"""Shorter texts resemble each other by chance: they must be equal, headline and all."""
_SHINGLE = 3
_BANDS, _ROWS = 32, 4  # 87 % of the pairs that share half of their shingles meet in a band, 95 % at .55, and .3 % at a tenth
_SCHEME = "affine32"
SIGNATURE = f"minhash {_SCHEME} {_BANDS}x{_ROWS}, {_SHINGLE} words"
"""What must be equal for stored bands to be comparable with new ones."""
_CANDIDATES = 8
_REMEMBERED, _REMEMBERED_CHARACTERS = 1_000, 20_000_000
_AT_ONCE = 200
_HASHED_AT_ONCE = 10_000
_WIDE = r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"  # scripts without spaces: each character counts as a word
_WORD = re.compile(rf"[{_WIDE}]|[^\W_{_WIDE}]+")
_NUMBER = zlib.crc32(b"0")
_BESIDE = 2
_DATED_WORDS = 9
_DATED_CHARACTERS = 120
_DATE = re.compile(
    r"\d{4}-\d\d-\d\d|\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d\d)"
    r"|\d{1,2}\.?\s[^\W\d_]+\.?,?\s\d{4}|[^\W\d_]+\.?\s\d{1,2},?\s\d{4}|\d{1,2}[:.]\d\d(?:[:.]\d\d)?"
)  # 2023-05-04, 04.05.2023, 4. Mai 2023, May 4, 2023, 10:11


class Duplicates:
    """Links articles to the first that said the same, among those of a library and those linked just before. For one thread."""

    def __init__(self, library: Library) -> None:
        """Link what ``library`` holds too, if it was stored before articles were linked, or compared in another way."""
        self._library = library
        self._recent: dict[str, _Linked] = {}  # linked in this run, perhaps not stored yet, oldest first
        self._recent_bands: defaultdict[int, deque[str]] = defaultdict(deque)
        self._recent_characters = 0
        if library.fact("bands") != SIGNATURE:
            self._link_stored()

    def link(self, article: Article) -> tuple[Article, tuple[int, ...], str]:
        """The article with ``duplicate_of``, the bands to store with it (``Storable.bands``), and why it is a duplicate, for people; "" if not.

        An article that is stored with the same words keeps its link; with other words it is linked anew.
        """
        text = fingerprint(article)
        bands = _bands(text)
        known = self._newest(article.id)
        if known and known.version == article.version:
            root = self._newest(known.duplicate_of) if known.duplicate_of else None
        else:
            root = self._first_that_says(article, text, bands, among_own=True)
        linked = replace(article, duplicate_of=root.id if root else None)
        self._remember(linked, bands)
        return linked, bands, _reason(text, root) if root else ""

    def link_again(self, articles: Sequence[Article]) -> list[tuple[Article, tuple[int, ...], str]]:
        """``link`` for articles that were linked just before and are not stored yet, because something else has been stored since."""
        for article in articles:
            self._forget(article.id)
        return [self.link(article) for article in articles]

    def _first_that_says(self, article: Article, text: Fingerprint, bands: tuple[int, ...], *, among_own: bool) -> Article | None:
        """The root that says the same as ``article``, or that would be the root of its own duplicates (``among_own``) without it."""
        roots: dict[str, Article] = {}
        for candidate in self._candidates(article.id, bands):
            root = candidate
            if candidate.duplicate_of == article.id:
                if not among_own:
                    continue
            elif candidate.duplicate_of:
                found = self._newest(candidate.duplicate_of)
                root = found or candidate
            roots.setdefault(root.id, root)
        best, likeness = None, 0.0
        for root in roots.values():
            score = _likeness(article, text, root, fingerprint(root))
            if score > likeness:
                best, likeness = root, score
        return best

    def _candidates(self, article_id: str, bands: tuple[int, ...]) -> list[Article]:
        shared: dict[str, int] = {}
        for band in bands:
            for id_ in self._recent_bands.get(band, ()):
                shared[id_] = shared.get(id_, 0) + 1
        recent = sorted(shared, key=lambda id_: -shared[id_])[:_CANDIDATES]  # stable: of equals the one linked first
        stored = self._library.near(bands, limit=_CANDIDATES) if bands else []
        found = [
            *(article for article in stored if article.id not in self._recent),
            *(self._recent[id_].article for id_ in recent),
        ]
        return [article for article in found if article.id != article_id]

    def _newest(self, article_id: str) -> Article | None:
        linked = self._recent.get(article_id)
        return linked.article if linked else self._library.newest(article_id)

    def _remember(self, article: Article, bands: tuple[int, ...]) -> None:
        self._forget(article.id)
        self._recent[article.id] = _Linked(article, bands)
        self._recent_characters += len(article.text)
        for band in bands:
            self._recent_bands[band].append(article.id)
        while len(self._recent) > _REMEMBERED or (
            self._recent_characters > _REMEMBERED_CHARACTERS and len(self._recent) > _AT_ONCE
        ):
            self._forget(next(iter(self._recent)))

    def _forget(self, article_id: str) -> None:
        linked = self._recent.pop(article_id, None)
        if linked is None:
            return
        self._recent_characters -= len(linked.article.text)
        for band in linked.bands:
            self._recent_bands[band].remove(article_id)
            if not self._recent_bands[band]:
                del self._recent_bands[band]

    def _link_stored(self) -> None:
        if self._library.fact("bands") is not None:
            self._library.forget_bands()
        after = 0
        while True:
            articles, after = self._library.without_bands(limit=_AT_ONCE, after=after)
            if not articles:
                break
            again = []
            for article in articles:
                text = fingerprint(article)
                bands = _bands(text)
                root = None if article.duplicate_of else self._first_that_says(article, text, bands, among_own=False)
                linked = replace(article, duplicate_of=root.id) if root else article
                self._remember(linked, bands)
                again.append((linked, bands))
            self._library.link_again(again)
        self._recent.clear()
        self._recent_bands.clear()
        self._recent_characters = 0
        self._library.set_facts(bands=SIGNATURE)


@dataclass(frozen=True, slots=True)
class _Linked:
    article: Article
    bands: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is compared of a text: hashes of its words in order, its shingles (sorted, each once), and which words are numbers."""

    words: Hashes
    shingles: Hashes
    numbers: NDArray[np.bool_]

    @property
    def digest(self) -> int:
        """Equal words in equal order have the same."""
        return _digest(self.words.tobytes())


def fingerprint(article: Article) -> Fingerprint:
    """The fingerprint of an article's own text. Lines that only date it ("Updated 4 May 2023, 10:11") are left out."""
    paragraphs = (span.slice(article.text) for span in own_paragraphs(article.text, article.furniture))
    found = _WORD.findall("\n".join(text for text in paragraphs if not _only_dates(text)).casefold())
    words = np.fromiter((zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in found), np.uint64, len(found))
    numbers = np.fromiter((word[0].isdigit() for word in found), np.bool_, len(found))
    return Fingerprint(words, np.unique(_windows(words, _SHINGLE)), numbers)


def resemblance(one: Fingerprint, other: Fingerprint) -> float:
    """The Jaccard index of the shingles, 0 to 1."""
    common = len(np.intersect1d(one.shingles, other.shingles, assume_unique=True))
    return common / (len(one.shingles) + len(other.shingles) - common or 1)


def other_numbers(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether the same words stand around different numbers: two days' weather, two matches, a count that has risen."""
    said, said_there = _numbers_in_place(one), _numbers_in_place(other)
    return any(said[place].isdisjoint(said_there[place]) for place in said.keys() & said_there.keys())


def same(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two texts of at least ``MIN_WORDS`` words say the same."""
    if min(len(one.words), len(other.words)) < MIN_WORDS:
        return False
    return resemblance(one, other) >= RESEMBLANCE and not other_numbers(one, other)


def _only_dates(paragraph: str) -> bool:
    """Whether a short line has numbers, all of them in dates and times: each outlet puts its own on the same text."""
    if len(paragraph) > _DATED_CHARACTERS:
        return False
    rest, dates = _DATE.subn(" ", paragraph)
    return bool(dates) and len(_WORD.findall(rest)) <= _DATED_WORDS and not any(char.isdigit() for char in rest)


def _numbers_in_place(text: Fingerprint) -> dict[int, set[int]]:
    masked = np.where(text.numbers, np.uint64(_NUMBER), text.words)
    width = 2 * _BESIDE + 1
    if len(masked) < width:
        return {}
    places = _windows(masked, width)
    spoken = np.convolve(~text.numbers, np.ones(width, dtype=np.int64), mode="valid")
    found: dict[int, set[int]] = {}
    for at in np.flatnonzero(text.numbers[_BESIDE:-_BESIDE] & (spoken >= 2)).tolist():
        found.setdefault(int(places[at]), set()).add(int(text.words[at + _BESIDE]))
    return found


def _windows(hashes: Hashes, width: int) -> Hashes:
    """A hash of each run of ``width`` words; of all of them if there are fewer."""
    width = min(width, len(hashes))
    count = len(hashes) - width + 1
    found = np.zeros(count if width else 0, np.uint64)
    for place in range(width):
        found = (found ^ hashes[place : place + count]) * np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio: Fibonacci hashing
        found ^= found >> np.uint64(29)
    return found


def _likeness(article: Article, text: Fingerprint, other: Article, other_text: Fingerprint) -> float:
    """How much two articles resemble each other, 0 if they do not say the same."""
    if np.array_equal(text.words, other_text.words):
        short = len(text.words) < MIN_WORDS or article.notes or other.notes  # two different articles behind the same paywall
        equal_titles = normalise_paragraph(article.title) == normalise_paragraph(other.title)
        return 1.0 if len(text.words) and (equal_titles or not short) else 0.0
    return resemblance(text, other_text) if same(text, other_text) else 0.0


def _bands(text: Fingerprint) -> tuple[int, ...]:
    """The hashes under which a text is found: its digest, and for one that is long enough those of the bands of its MinHash."""
    if not len(text.words):
        return ()
    if len(text.words) < MIN_WORDS:
        return (text.digest,)
    from datasketch import MinHash

    signature = MinHash(num_perm=_BANDS * _ROWS, scheme=_SCHEME, hashfunc=int, permutations=_permutations())
    folded = (text.shingles >> np.uint64(32)).tolist()
    for start in range(0, len(folded), _HASHED_AT_ONCE):  # in pieces: each takes half a kilobyte for a shingle
        signature.update_batch(folded[start : start + _HASHED_AT_ONCE])
    bands = signature.digest().reshape(_BANDS, _ROWS)
    return (text.digest, *(_digest(number.to_bytes(1, "big") + band.tobytes()) for number, band in enumerate(bands)))


@cache
def _permutations() -> Any:
    from datasketch import MinHash

    return MinHash(num_perm=_BANDS * _ROWS, scheme=_SCHEME).permutations


def _digest(content: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(content, digest_size=6).digest(), "big")


def _reason(text: Fingerprint, root: Article) -> str:
    equal = np.array_equal(text.words, fingerprint(root).words)
    outlet = f" ({root.source})" if root.source else ""
    return f"{'the same' if equal else 'nearly the same'} text as ‹{root.title or root.id}›{outlet}"
