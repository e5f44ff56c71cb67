"""What happens on the Library view. Returns updates by the names of the page's parts.

Not here: layout and gradio (``page``), what the table looks like, how articles are kept.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.web import render, welcome
from assistant.web.texts import TEXTS
from assistant.web.updates import Action, Updates
from vectorstore.errors import FundstelleError

if TYPE_CHECKING:
    from assistant.qa import Assistant
    from assistant.web.visitor import Visitor

LOG = logging.getLogger(__name__)


class Shelf:
    """The handlers of the Library view."""

    def __init__(self, assistant: Assistant) -> None:
        self.assistant = assistant

    def load(self, action: Action, *, visitor: Visitor) -> Updates:  # noqa: ARG002 - every action comes with what it asks for
        """What is shown whenever the view comes up."""
        count = self.assistant.article_count()
        return {"masthead": welcome.masthead_html(count, language=visitor.language)}

    def add(self, files: Sequence[str] | None, *, visitor: Visitor) -> Iterator[Updates]:
        """Add the dropped files; says what is going on and, at the end, what became of each."""
        paths = [Path(file) for file in files or ()]
        yield {"added": welcome.adding_html(len(paths), language=visitor.language)}
        try:
            report = self.assistant.add(paths)
            shown = welcome.report_html(report.items, language=visitor.language)
        except FundstelleError as error:
            shown = render.error_html(str(error), language=visitor.language)
        except Exception:  # the edge of the program: the reader is told, the log has the details
            LOG.exception("Files could not be added")
            shown = render.error_html(TEXTS[visitor.language]["failed_unexpectedly"], language=visitor.language)
        finally:
            # The library keeps the original bytes; what was uploaded has no other use.
            for path in paths:
                path.unlink(missing_ok=True)
        count = self.assistant.article_count()
        yield {"added": shown, "files": None, "masthead": welcome.masthead_html(count, language=visitor.language)}
