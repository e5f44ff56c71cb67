"""The list of kept conversations as HTML, and a file on its way to the browser. Escapes whatever came from outside."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from assistant.web.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.web.texts import Language
    from vectorstore.conversations import ConversationEntry


def conversations_html(entries: Sequence[ConversationEntry], *, current: str, missed: str = "", language: Language) -> str:
    """The conversations, the newest first, each with what can be done with it; ``current`` is the id of the open one.

    ``missed`` is the id of one that was to be opened and is not there.
    """
    words = TEXTS[language]
    listed = "".join(entry_html(entry, current=entry.id == current, language=language) for entry in entries)
    kept = f'<ul class="kept">{listed}</ul>' if listed else f'<p class="none">{escape(words["no_conversations"])}</p>'
    gone = f' data-missed="{escape(missed)}"' if missed else ""
    return (
        f'<nav class="rail" aria-label="{escape(words["conversations"])}" data-open="{escape(current)}"{gone}>'
        f'<button type="button" class="new" data-tool="new">{escape(words["new_conversation"])}</button>{kept}</nav>'
    )


def entry_html(entry: ConversationEntry, *, current: bool, language: Language) -> str:
    """One of them: its title opens it, the menu beside it has the rest."""
    words = TEXTS[language]
    title = entry.title or words["untitled_conversation"]
    choices = "".join(
        f'<li><button type="button" data-kept="{name}"{extra}>{escape(words[f"kept_{name}"])}</button></li>'
        for name, extra in (
            ("rename", ""),
            ("markdown", ""),
            ("json", ""),
            ("remove", f' data-sure="{escape(words["kept_sure"])}"'),
        )
    )
    state = ' aria-current="true"' if current else ""
    return (
        f'<li data-id="{escape(entry.id)}"><button type="button" class="open-kept" dir="auto" title="{escape(title)}"{state}>'
        f'<span>{escape(title)}</span></button><details class="menu"><summary aria-label="{escape(words["kept_menu"].format(title=title))}"></summary>'
        f'<ul>{choices}</ul></details><form class="rename" hidden><input type="text" maxlength="120" value="{escape(title)}" '
        f'aria-label="{escape(words["kept_rename"])}" autocomplete="off"></form></li>'
    )


def export_html(content: str, *, name: str, kind: str) -> str:
    """A file for the browser to save: the page's script takes it from here."""
    return f'<pre class="export" hidden data-name="{escape(name)}" data-kind="{escape(kind)}">{escape(content)}</pre>'
