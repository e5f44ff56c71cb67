"""The page's own furniture as HTML: masthead and introduction. Escapes whatever came from outside."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from assistant.web.cards import counted
from assistant.web.texts import TEXTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from assistant.web.texts import Language


def masthead_html(count: int, *, language: Language) -> str:
    """The program's name, its two views, and how many articles it knows."""
    words = TEXTS[language]
    known = escape(counted("articles", count, language=language) if count else words["articles_none"])
    views = "".join(
        f'<button type="button" class="to-view" data-view="{view}">{escape(words[f"view_{view}"])}</button>'
        for view in ("ask", "library")
    )
    return (
        f'<header class="masthead"><button type="button" class="drawer" aria-label="{escape(words["conversations"])}" aria-expanded="false">'
        f'</button><h1>Fundstelle</h1><nav aria-label="{escape(words["views"])}">{views}</nav>'
        f'<p class="count">{known}</p></header>'
    )


def intro_html(count: int, *, examples: Sequence[str], language: Language) -> str:
    """What a new visitor reads first: what this is for, with ``examples`` to ask or, with an empty library, how to fill it."""
    words = TEXTS[language]
    tagline = f'<p class="tagline">{escape(words["tagline"])}</p>'
    if count:
        asked = "".join(
            f'<li><button type="button" class="suggestion" data-question="{escape(example)}" dir="auto">{escape(example)}</button></li>'
            for example in examples
        )
        heading = f'<p class="examples">{escape(words["suggestions_heading"])}</p>'
        below = f'{heading}<ul class="suggestions">{asked}</ul>' if asked else ""
        return f'<section class="intro">{tagline}{below}</section>'
    there = f'<button type="button" class="to-view" data-view="library">{escape(words["add_articles"])}</button>'
    how = f"<p>{escape(words['empty_files'])}</p><pre><code>{escape(words['empty_command'])}</code></pre>"
    return f'<section class="intro empty">{tagline}<h2>{escape(words["empty_heading"])}</h2><p>{there}</p>{how}</section>'
