"""What a handler of the page wants changed, said without gradio: values by the names of the page's parts.

Not here: turning these into gradio's own updates (``page``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Change(dict[str, Any]):
    """New properties of one part, by the names that gradio gives them (``value``, ``visible`` …); a bare value is ``Change(value=…)``."""


Updates = Mapping[str, Any]
"""Part name → ``Change`` or new value; a part that is not named stays as it is."""
Action = Mapping[str, Any]
"""What the page's script asks for: ``do`` names it, the rest is up to it. It comes from outside, so nothing in it is taken for granted."""


def asked_text(action: Action, key: str) -> str:
    """The text ``key`` of an action; empty where there is none, or something else."""
    value = action.get(key)
    return value if isinstance(value, str) else ""


def asked_number(action: Action, key: str) -> int | None:
    """The whole number ``key`` of an action, from 0 on, also where it comes as text; None where there is none."""
    value = action.get(key)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
