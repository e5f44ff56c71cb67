"""What a library holds, for those who look through it: articles, their versions and their words."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from assistant.open_library import OpenLibrary
from assistant.words import quote_words
from vectorstore.types import Filters

if TYPE_CHECKING:
    from assistant.words import QuoteWord
    from vectorstore.catalogue import Scope
    from vectorstore.dictionary import Glossary
    from vectorstore.library import Version
    from vectorstore.shelf import Shelf, ShelfRow, Sort
    from vectorstore.types import Article


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

    def versions(self, article_id: str) -> list[Version]:
        """Every version of an article, the newest first.

        Raises:
            ArticleNotFound: there is no such article.
        """
        return self.library.versions(article_id)

    def browse(
        self,
        *,
        search: str = "",
        sort: Sort = "added",
        descending: bool = True,
        limit: int = 50,
        offset: int = 0,
        filters: Filters | None = None,
    ) -> Shelf:
        """A page of the table of all articles, found or soon to be, without their texts; ``search`` looks in headline and outlet.

        Raises:
            SettingsError: there is no such ``sort``, or ``limit`` or ``offset`` is negative.
        """
        return self.library.browse(search=search, sort=sort, descending=descending, limit=limit, offset=offset, filters=filters)

    def story(self, article_id: str) -> tuple[ShelfRow, ...]:
        """The articles that say the same as this one, itself among them, as rows of the table: first the one that stands for the others."""
        return self.library.story(article_id)

    def sample_ids(self) -> list[str]:
        """The ids of the articles that are samples."""
        return self.library.sample_ids()

    def scope(self, filters: Filters | None = None) -> Scope:
        """What may answer a question with these filters: articles, languages, outlets and the days that they are from."""
        return self.library.catalogue().scope(filters or Filters())

    def words(self, quote: str, *, language: str, to: str = "en") -> list[QuoteWord]:
        """What dictionaries say of each word of a quote in ``language``, and names as readers of ``to`` ("en" or "de") spell them.

        Where no dictionary is into German, its readers get those into English; English itself needs one into German.
        """
        to = "de" if to == "de" else "en"
        if language == to:
            return []
        glossary = self._into_german if to == "de" and language in self._into_german.languages else self.glossary
        return quote_words(quote, language=language, to=to, glossary=glossary)

    @cached_property
    def _into_german(self) -> Glossary:
        from vectorstore.dictionary import Glossary

        return Glossary.open(self.settings.dictionaries, cache=self.settings.cache / "into-german", into="deu")
