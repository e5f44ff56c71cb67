"""What happens on the Library view: looking through the table, removing, following. Returns updates by the names of the page's parts.

Not here: adding (``adding``), layout and gradio (``page``), what anything looks like (``shelf_html``, ``followed_html``), how articles are kept. Named
so that it is not taken for ``vectorstore.library``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Final

from assistant.web import additions_html, followed_html, shelf_html, welcome
from assistant.web.cards import counted
from assistant.web.render import status_html
from assistant.web.shelf_html import PAGE_ROWS, Browsing, Details
from assistant.web.texts import TEXTS
from assistant.web.updates import Action, Updates, asked_number, asked_text
from vectorstore.errors import ArticleNotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from assistant.qa import Assistant
    from assistant.web.additions import Additions
    from assistant.web.visitor import Visitor
    from vectorstore.shelf import Shelf as Rows
    from vectorstore.shelf import ShelfRow

REMOVED_AT_ONCE: Final = 5_000
SEARCH_CHARACTERS: Final = 200
LAST_PAGE: Final = 1_000_000


class Shelf:
    """The handlers of the Library view. One of them serves every reader."""

    def __init__(self, assistant: Assistant, *, additions: Additions) -> None:
        self.assistant = assistant
        self.additions = additions
        self._drawn = count(1)
        # As counted last: it takes a look at every article.
        self._samples = 0

    def load(self, action: Action, *, visitor: Visitor) -> Updates:
        """What is shown whenever the view comes up or what is in the library changed; for the first time (``fresh``) all of it."""
        language = visitor.language
        updates = self._renewed(action, visitor=visitor)
        if action.get("fresh") is not True:
            return updates
        own, hidden = self.additions.of(visitor.reader), self.assistant.hidden()
        running = next((addition.id for addition in reversed(own) if not addition.ended), "")
        left = seconds_left(hidden.values())
        return {
            **updates,
            "shelf_tools": shelf_html.tools_html(len(self.assistant.sources()), language=language),
            "shelf_files": additions_html.files_html(language=language),
            "shelf_addresses": additions_html.addresses_html(language=language),
            "shelf_text": additions_html.text_html(language=language),
            "shelf_added": additions_html.additions_html(own, language=language, rejoin=running),
            "shelf_undo": shelf_html.undo_html(list(hidden), just_now=False, seconds=left, language=language),
        }

    def browse(self, action: Action, *, visitor: Visitor) -> Updates:
        """Another page of the table: searched, sorted, turned, or with what belongs to one article below it."""
        browsing = browsing_of(action)
        shelf = self._page(browsing)
        last = max(0, (shelf.total - 1) // PAGE_ROWS)
        if browsing.page > last:  # the rows of the last page were removed
            browsing = browsing_of({**action, "page": last})
            shelf = self._page(browsing)
        empty = not shelf.total and not self.assistant.article_count()
        details = self._details(browsing.expanded)
        return {
            "shelf_table": shelf_html.table_html(
                shelf,
                browsing=browsing,
                samples=self._samples,
                language=visitor.language,
                details=details,
                empty=empty,
                drawn=next(self._drawn),
            )
        }

    def _page(self, browsing: Browsing) -> Rows:
        return self.assistant.browse(
            search=browsing.search,
            sort=browsing.sort,
            descending=browsing.descending,
            limit=PAGE_ROWS,
            offset=browsing.page * PAGE_ROWS,
        )

    def _details(self, article_id: str) -> Details | None:
        if not article_id:
            return None
        try:
            versions = self.assistant.versions(article_id)
        except ArticleNotFound:  # removed meanwhile
            return None
        story = self.assistant.story(article_id)
        original: ShelfRow | None = next((row for row in story if row.duplicate_of is None and row.id != article_id), None)
        copies = [row for row in story if row.id != article_id and row is not original]
        return Details(versions=versions, copies=copies, original=original)

    def _renewed(self, action: Action, *, visitor: Visitor) -> dict[str, object]:
        """The table, and what else tells how much there is."""
        self._samples = len(self.assistant.sample_ids())
        sources, now = self.assistant.sources(), datetime.now(UTC)
        return {
            **self.browse(action, visitor=visitor),
            "masthead": welcome.masthead_html(self.assistant.article_count(), language=visitor.language),
            "shelf_followed": followed_html.followed_html(sources, now=now, language=visitor.language),
        }

    def remove(self, action: Action, *, visitor: Visitor) -> Updates:
        """Hide articles; they are removed for good some minutes later, unless they are brought back."""
        return self._remove(asked_articles(action), action, visitor=visitor)

    def remove_samples(self, action: Action, *, visitor: Visitor) -> Updates:
        """The same for every sample."""
        return self._remove(self.assistant.sample_ids(), action, visitor=visitor)

    def _remove(self, ids: Sequence[str], action: Action, *, visitor: Visitor) -> Updates:
        gone = self.assistant.hide(ids)
        until = self.assistant.hidden()
        seconds = seconds_left(until[article_id] for article_id in gone if article_id in until)
        updates = self._renewed(action, visitor=visitor)
        if not gone:
            return {**updates, "status": status_html(TEXTS[visitor.language]["nothing_removed"], language=visitor.language)}
        return {**updates, "shelf_undo": shelf_html.undo_html(gone, just_now=True, seconds=seconds, language=visitor.language)}

    def restore(self, action: Action, *, visitor: Visitor) -> Updates:
        """Bring back articles that were hidden."""
        back = self.assistant.restore(asked_articles(action))
        told = counted("restored", len(back), language=visitor.language) if back else ""
        updates = {**self._renewed(action, visitor=visitor), "shelf_undo": ""}
        told = told or TEXTS[visitor.language]["restored_none"]
        return {**updates, "status": status_html(told, language=visitor.language)}

    def unfollow(self, action: Action, *, visitor: Visitor) -> Updates:
        """Follow an address no longer."""
        gone = self.assistant.unfollow([asked_text(action, "address")])
        shown = followed_html.followed_html(
            self.assistant.sources(), now=datetime.now(UTC), language=visitor.language, unfollowed=gone[0] if gone else ""
        )
        return {"shelf_followed": shown}


def browsing_of(action: Action) -> Browsing:
    """What of the table the script asks for; whatever makes no sense is as at first."""
    plain, sort = Browsing(), asked_text(action, "sort")
    return Browsing(
        search=asked_text(action, "search").strip()[:SEARCH_CHARACTERS],
        sort=next((column for column in shelf_html.COLUMNS if column == sort), plain.sort),
        descending=str(action.get("descending", plain.descending)).lower() == "true",
        page=min(max(0, asked_number(action, "page") or 0), LAST_PAGE),
        expanded=asked_text(action, "expanded"),
    )


def asked_articles(action: Action) -> list[str]:
    """The ids of articles in an action."""
    ids = action.get("articles")
    return [each for each in ids if isinstance(each, str)][:REMOVED_AT_ONCE] if isinstance(ids, list) else []


def seconds_left(moments: Iterable[datetime]) -> float:
    """How long until the first of ``moments``; 0 where there is none."""
    now = datetime.now(UTC)
    return max(0.0, min(((moment - now).total_seconds() for moment in moments), default=0.0))
