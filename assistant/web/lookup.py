"""What the page's script looks up by itself, beside the events: a whole article to read, the words of a foreign quote.

Plain requests: they wait for no question that is being answered. Not here: who is let in (``guard``), what things look like (``reader``, ``foreign``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from assistant.citations import cite
from assistant.quoted_dates import with_dates
from assistant.web.foreign import entry_html, words_html
from assistant.web.guard import ARTICLE_PATH, WORDS_PATH
from assistant.web.reader import Highlight, article_html
from assistant.web.render import error_html
from assistant.web.texts import TEXTS, pick_language
from vectorstore.errors import ArticleNotFound, FundstelleError
from vectorstore.types import Span

if TYPE_CHECKING:
    from starlette.requests import Request

    from assistant.qa import Assistant
    from vectorstore.types import Article

LONGEST_QUOTE: Final = 5_000
_HIGHLIGHT: Final = re.compile(r"(\d{1,9})-(\d{1,9})(?::(\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class Lookup:
    """Answers those requests."""

    assistant: Assistant

    def routes(self) -> list[Route]:
        """Where they are answered."""
        return [Route(ARTICLE_PATH, self.article), Route(WORDS_PATH, self.words)]

    def article(self, request: Request) -> Response:
        """The article ``id`` (in its ``version``, if named) with ``quotes`` highlighted: ``12-40:1,80-99``, the number behind the colon."""
        language = pick_language(request.headers.get("accept-language"))
        asked = [match for part in request.query_params.get("quotes", "").split(",") if (match := _HIGHLIGHT.fullmatch(part))]
        highlights = [Highlight(int(match[1]), int(match[2]), int(match[3] or 0)) for match in asked]
        try:
            article = self._article(request)
        except ArticleNotFound:
            return HTMLResponse(error_html(TEXTS[language]["article_gone"], language=language), 404)
        except FundstelleError as error:
            return HTMLResponse(error_html(str(error), language=language), 503)
        return HTMLResponse(article_html(article, highlights=highlights, language=language))

    def words(self, request: Request) -> Response:
        """The quote ``start``–``end`` of an article with its words as elements, and the dictionary entry of each."""
        language = pick_language(request.headers.get("accept-language"))
        try:
            article = self._article(request)
            start, end = (int(request.query_params.get(name, "")) for name in ("start", "end"))
            if not 0 <= start < end <= min(len(article.text), start + LONGEST_QUOTE):
                raise ValueError
            citation = with_dates(cite(article, Span(start, end), number=1))
            found = self.assistant.words(citation.quote, language=article.language, to=language)
        except (ValueError, ArticleNotFound):
            return JSONResponse({"quote": "", "entries": [], "note": TEXTS[language]["article_gone"]}, 404)
        except FundstelleError as error:
            return JSONResponse({"quote": "", "entries": [], "note": str(error)}, 503)
        entries = [
            entry_html(word, citation.quote[word.start : word.end], spoken=article.language, language=language) for word in found
        ]
        note = "" if found else TEXTS[language]["no_dictionary"]
        return JSONResponse({"quote": words_html(citation, found, language=language), "entries": entries, "note": note})

    def _article(self, request: Request) -> Article:
        version = request.query_params.get("version") or None
        return self.assistant.article(request.query_params.get("id", ""), version=version)
