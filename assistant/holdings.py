"""What a library holds, for those who look through it: articles and their versions, and questions that it can answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from assistant.open_library import OpenLibrary

if TYPE_CHECKING:
    from vectorstore.types import Article, Filters


class Holdings(OpenLibrary):
    """What can be looked up in a library without asking it."""

    def articles(self, *, limit: int | None = None, offset: int = 0, filters: Filters | None = None) -> list[Article]:
        """The articles of the library, newest first."""
        return self.library.articles(limit=limit, offset=offset, filters=filters)

    def article_count(self) -> int:
        """How many articles can be found or soon will be."""
        return self.library.count_articles()

    def article(self, article_id: str, *, version: str | None = None) -> Article:
        """One article, or an older version of it.

        Raises:
            ArticleNotFound: there is no such article or version.
        """
        return self.library.article(article_id, version=version)

    def suggestions(self, *, limit: int = 3) -> list[str]:
        """Questions that the library can answer, for someone who sees it for the first time; so far about the samples only."""
        from ingest.samples import example_questions

        names = {article_id: self.library.article(article_id).path or "" for article_id in self.library.sample_ids()}
        there = {path.rsplit("/", 1)[-1] for path in names.values()}
        return [example.question for example in example_questions() if example.article in there][:limit]
