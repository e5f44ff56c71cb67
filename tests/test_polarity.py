"""Whether a clause denies: what stands after "and not" tells a denial from a contrast."""

from __future__ import annotations

import pytest

from assistant.polarity import denies, opposites, undenied


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


@pytest.mark.parametrize(
    ("text", "language", "rest"),
    [
        ("The bridge is not open, and nobody crosses it.", "en", "The bridge is open, and crosses it."),
        ("They didn’t cross the bridge.", "en", "They did cross the bridge."),
        ("Es gibt keine Brücke und kein Boot.", "de", "Es gibt eine Brücke und ein Boot."),
        ("Die Brücke trägt kaum noch.", "de", "Die Brücke trägt noch."),
        ("Le pont n’est pas ouvert.", "fr", "Le pont est ouvert."),
        ("Мост не открыт.", "ru", "Мост открыт."),
        ("Köprü açık değil.", "tr", "Köprü açık değil."),
    ],
)
def test_a_sentence_without_what_denies_in_it(text: str, language: str, rest: str) -> None:
    """It says what it would if it did not deny; in a language without a table it stays as it is."""
    assert undenied(text, language=language) == rest


@pytest.mark.parametrize(
    "text", ["more than 100 boats", "fewer than a dozen boats", "mehr als doppelt so viele Boote", "more than £3"]
)
def test_a_bound_is_no_comparison(text: str) -> None:
    """Before a number "more than" says how many, not that something grew."""
    assert not opposites(text)


@pytest.mark.parametrize(
    "text", ["more boats than before", "five more than on Monday", "it cost more than the bridge", "mehr als im Vorjahr"]
)
def test_more_than_something_else_is_a_comparison(text: str) -> None:
    """Without a number behind it, the other side of it is "less"."""
    assert opposites(text)
