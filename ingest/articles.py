"""What was extracted → an article with its language and furniture → its passages: as every ingest and reindex makes them. Pure.

Not here: the rules of furniture (``clean.py``) and splitting (``split.py``), storing (``desk.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from ingest.clean import find_furniture
from ingest.split import split_article
from ingest.types import Extracted
from vectorstore.languages import detect_language
from vectorstore.types import Article, Passage

CountTokens = Callable[[Sequence[str]], Sequence[int]]

PASSAGE_TOKENS = 256


def split(article: Article, *, count_tokens: CountTokens) -> list[Passage]:
    """The passages of an article, as every ingest and reindex makes them."""
    return split_article(article, count_tokens=count_tokens, max_tokens=PASSAGE_TOKENS)


def to_article(
    found: Extracted, *, article_id: str, path: str | None, sample: bool = False, fetched_at: datetime | None = None
) -> Article:
    """An article from what was extracted, with its language and its furniture."""
    language = detect_language(found.text, declared=found.language)
    furniture = find_furniture(found.text, title=found.title, language=language, known=found.furniture)
    published = found.published
    return Article(
        id=article_id,
        text=found.text,
        title=found.title,
        source=found.source,
        author=found.author,
        language=language,
        url=found.url,
        path=path,
        published_at=published.at if published else None,
        published_precision=published.precision if published else None,
        published_from=published.came_from if published else None,
        modified_at=found.modified.at if found.modified else None,
        fetched_at=fetched_at or datetime.now(UTC),
        furniture=furniture,
        sample=sample,
        notes=found.notes,
    )
