"""Learning an outlet's furniture: what stands in several of its articles and is about none of them belongs to its pages.

The text of an article never changes; it gets furniture, and passages without it. Not here: telling furniture by what one page says
(``clean.py``), counting (``vectorstore/paragraphs.py``).
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ingest.clean import MAX_SHARE
from ingest.headline import headline_at, is_dated
from ingest.paragraphs import merge_furniture, normalise_paragraph
from ingest.prose import SHORT, content_words, is_topical, judged_paragraphs
from vectorstore.languages import primary
from vectorstore.paragraphs import Paragraph
from vectorstore.types import Furniture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vectorstore.library import Library
    from vectorstore.paragraphs import Repetition
    from vectorstore.types import Article, Passage, Span

REASON = "repeated across the outlet's articles"
AT_LEAST = 3
"""From this many different stories of its outlet on a paragraph is furniture ..."""
_SHARE, _ENOUGH = 0.2, 10
"""... if they are this share of all its stories, or so many: the refrain of a column is in few of them."""
_REPEATABLE_WORDS = 2
_REPEATABLE, _REPEATABLE_INSIDE = 600, 250  # characters of a paragraph at the edge of the article, and within its body
_TOPICAL = 0.34
_AT_ONCE = 100
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A paragraph that may turn out to be furniture, if its outlet repeats it; ``topical`` says whether the article is about what it says."""

    span: Span
    topical: bool


def repeatable_paragraphs(
    text: str, *, title: str, language: str, outlet: str, furniture: Iterable[Furniture]
) -> list[Repeatable]:
    """The paragraphs outside ``furniture`` that an outlet repeats as furniture only.

    Neither headline, dateline, byline and subheadings nor long paragraphs of the body, nor what comes back within the article like a refrain.
    Topical is what has words of the headline and the first half of the body, the ``outlet``'s name aside: boxes below it also have words in common.
    """
    marks = tuple(furniture)
    blocks = judged_paragraphs(text, language=language)
    for block in blocks:
        block.reason = next((mark.reason for mark in marks if mark.start < block.span.end and block.span.start < mark.end), "")
    top = headline_at([block.text for block in blocks], title=title) if blocks else 0
    body = [i for i, block in enumerate(blocks) if i > top and block.prose and not block.reason] or [len(blocks)]
    leading = [blocks[i] for i in body[: max(1, len(body) // 2)] if i < len(blocks)]
    for block in leading:
        block.counted = True
    name, headline_words = (content_words(said, language=primary(language)) for said in (outlet, title))
    topic = Counter(word for words in (headline_words, *(block.content for block in leading)) for word in words - name)
    normal = [normalise_paragraph(block.text) for block in blocks]
    here = Counter(normal)
    found = []
    for i, block in enumerate(blocks):
        inside = body[0] < i < body[-1]
        label = block.words <= SHORT and not block.closed
        if (
            block.reason
            or i == top
            or here[normal[i]] > 1
            or normal[i] == normalise_paragraph(title)
            or block.words < _REPEATABLE_WORDS
            or len(block.text) > (_REPEATABLE_INSIDE if inside else _REPEATABLE)
            or (is_dated(block.text) and i < body[-1])
            or (label and top < i < body[-1])
        ):
            continue
        found.append(Repeatable(block.span, is_topical(block, topic=topic)))
    return found


def learn(library: Library, *, split: Callable[[Article], Sequence[Passage]]) -> list[str]:
    """Count the paragraphs of what is new since the last time, and mark those that turn out to be furniture in every article that has them.

    Returns the ids of the articles that got other spans. With the passages that ``split`` makes they wait as ``pending`` for the indexes, and
    go on answering with their old ones until then. Once marked, a paragraph stays so. What an interruption leaves undone is done the next time.
    """
    articles = library.uncounted(limit=_AT_ONCE)
    if articles:
        library.set_facts(furniture="counting")
    elif library.fact("furniture") in {None, "learned"}:
        return []
    while articles:
        library.count_paragraphs([(article, _counted(article)) for article in articles])
        articles = library.uncounted(limit=_AT_ONCE)
    changed: dict[str, None] = {}
    repetitions = library.repetitions(at_least=AT_LEAST)
    repeated = [hash_ for hash_, repetition in repetitions.items() if repetition.topical <= _TOPICAL]
    after = 0
    while repeated:
        articles, after = library.articles_with(repeated, limit=_AT_ONCE, after=after)
        if not articles:
            break
        found = {article: _repeated(article, repetitions) for article in articles}
        marked = [marked for article, repeated in found.items() if (marked := _marked(article, repeated.values())) != article]
        pairs = [(article, passages) for article in marked if (passages := split(article))]
        library.mark_furniture(pairs)
        library.settle(found.items())
        changed.update(dict.fromkeys(article.id for article, _ in pairs))
    library.set_facts(furniture="learned")
    return list(changed)


def is_furniture(repetition: Repetition, *, of: int) -> bool:
    """Whether a paragraph with these repetitions is furniture of an outlet with ``of`` different stories."""
    needed = max(AT_LEAST, min(_ENOUGH, _SHARE * of))
    return repetition.stories >= needed and repetition.topical <= _TOPICAL


def _repeated(article: Article, repetitions: Mapping[int, Repetition]) -> dict[int, Span]:
    """Those of the paragraphs of ``article`` that are furniture by what is known of their repetitions, by hash."""
    stories = repetitions.get(_outlet_hash(article))
    if stories is None:
        return {}
    paragraphs = [(hash_, span, repetitions.get(hash_)) for hash_, span, _ in _paragraphs(article)]
    return {hash_: span for hash_, span, repetition in paragraphs if repetition and is_furniture(repetition, of=stories.stories)}


def _marked(article: Article, spans: Iterable[Span]) -> Article:
    """``article`` with these spans as furniture; as it is, if next to nothing of it would be left."""
    marks = [Furniture(span.start, span.end, REASON) for span in spans]
    furniture = merge_furniture(article.text, article.furniture, marks)
    if not marks or sum(mark.end - mark.start for mark in furniture) > MAX_SHARE * len(article.text):
        return article
    return replace(article, furniture=furniture)


def _counted(article: Article) -> list[Paragraph]:
    if not _outlet(article):
        return []
    marked = {(mark.start, mark.end) for mark in article.furniture}
    return [
        Paragraph(_outlet_hash(article), settled=True),
        *(
            Paragraph(hash_, topical=topical, settled=(span.start, span.end) in marked)
            for hash_, span, topical in _paragraphs(article)
        ),
    ]


def _paragraphs(article: Article) -> list[tuple[int, Span, bool]]:
    """Hash, span and topicality of what may be furniture; what was marked for being repeated goes on being counted."""
    outlet = _outlet(article)
    if not outlet:
        return []
    others = tuple(mark for mark in article.furniture if mark.reason != REASON)
    found = repeatable_paragraphs(
        article.text, title=article.title, language=article.language, outlet=article.source, furniture=others
    )
    return [(_hash(outlet, one.span.slice(article.text)), one.span, one.topical) for one in found]


def _outlet_hash(article: Article) -> int:
    """Under this the stories of an outlet are counted: every one of its articles has it."""
    return _hash(_outlet(article), "")


def _outlet(article: Article) -> str:
    return article.source.casefold() or (urlsplit(article.url).hostname or "" if article.url else "")


def _hash(outlet: str, paragraph: str) -> int:
    words = " ".join(_WORD.findall(paragraph.casefold()))
    return int.from_bytes(hashlib.blake2b(f"{outlet}\n{words}".encode("utf-8", "surrogatepass"), digest_size=6).digest(), "big")
