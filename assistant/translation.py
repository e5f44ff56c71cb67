"""Quotes in another language than the answer's, translated by a chat model in one call: for reading, labelled as its work, never checked.

Failure leaves quotes as they are. Not here: the prompt (``prompts.py``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from assistant.generative import ModelFailed
from assistant.prompts import translation_messages, visible

if TYPE_CHECKING:
    import threading
    from collections.abc import Sequence

    from assistant.generative import ChatModel
    from assistant.types import Citation

SECONDS = 60.0
"""How long the translations of one answer may take, at most."""
_LONGEST = 3
"""How many times as long as its quote a translation may be, beside ``_SLACK`` characters."""
_SLACK = 60
_LINE = re.compile(r"^\s*[\[(]?(\d{1,3})[\]).:]+\s*(\S.*)$", re.MULTILINE)
_ADDRESS = re.compile(r"https?://|www\.")


def translate_quotes(
    citations: Sequence[Citation], *, language: str, model: ChatModel, cancel: threading.Event | None = None
) -> tuple[Citation, ...]:
    """``citations`` with a translation of each quote that is in another language than ``language``, where the model gives a usable one."""
    foreign = {citation.number: citation for citation in citations if citation.language not in {language, "und"}}
    if not foreign:
        return tuple(citations)
    quotes = [(number, citation.quote) for number, citation in foreign.items()]
    most = sum(_LONGEST * len(quote) + _SLACK for _, quote in quotes)
    limits = replace(
        model.limits, silence=min(model.limits.silence, SECONDS), total=min(model.limits.total, SECONDS), characters=most
    )
    try:
        said = model.complete(translation_messages(quotes, language=language), cancel=cancel, limits=limits)
    except ModelFailed:  # logged there; the quotes stand without
        return tuple(citations)
    found = {int(number): text.strip() for number, text in _LINE.findall(visible(said))}
    return tuple(
        replace(citation, translation=found[citation.number], translated_by=model.name)
        if citation.number in foreign and _is_usable(found.get(citation.number, ""), quote=citation.quote)
        else citation
        for citation in citations
    )


def _is_usable(translation: str, *, quote: str) -> bool:
    """Whether a text may be a translation: neither nothing, nor the quote itself, nor far too long, and with no address of its own."""
    if not re.search(r"\w", translation) or len(translation) > _LONGEST * len(quote) + _SLACK:
        return False
    invented = _ADDRESS.search(translation) and not _ADDRESS.search(quote)
    return not invented and translation.casefold() != " ".join(quote.split()).casefold()
