"""Whether a clause denies: what stands after "and not" tells a denial from a contrast."""

from __future__ import annotations

import pytest

from assistant.polarity import denies


@pytest.mark.parametrize(
    ("clause", "language"),
    [
        ("The bridge was rebuilt and not reopened.", "en"),
        ("They searched, and not a single boat was found.", "en"),
        ("Die Brücke wurde saniert und nicht wieder eröffnet.", "de"),
        ("Die Brücke wurde saniert und nicht für den Verkehr freigegeben.", "de"),
        ("Le pont a été refait et pas rouvert.", "fr"),
        ("El puente se reparó y no se reabrió.", "es"),
    ],
)
def test_a_verb_after_and_not_is_denied(clause: str, language: str) -> None:
    """The second of two verbs is denied, and with it the clause."""
    assert denies(clause, language=language)


@pytest.mark.parametrize(
    ("clause", "language"),
    [
        ("They cut the staff and not the budget.", "en"),
        ("The bridge opened on Tuesday and not on Monday.", "en"),
        ("The talks were in Paris and not Rome.", "en"),
        ("Er sanierte die Brücke und nicht den alten Tunnel.", "de"),
        ("Die Brücke öffnete am Dienstag und nicht am Montag.", "de"),
        ("On a refait le pont et non le tunnel.", "fr"),
        ("El puente abrió el martes y no el lunes.", "es"),
    ],
)
def test_a_noun_after_and_not_is_a_contrast(clause: str, language: str) -> None:
    """What the verb says goes on being said."""
    assert not denies(clause, language=language)
