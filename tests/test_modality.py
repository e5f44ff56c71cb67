"""Words that leave open whether something is so, against words that say it has happened; English, German, French, Spanish, Russian."""

from __future__ import annotations

import pytest

from assistant.modality import is_done, is_flat, is_planned, is_unsure


@pytest.mark.parametrize(
    ("clause", "language"),
    [
        ("The ferry has already left", "en"),
        ("The bridge was reopened last week", "en"),
        ("Die Brücke ist inzwischen wieder freigegeben", "de"),
        ("Le pont a déjà rouvert", "fr"),
        ("La fábrica ya produce", "es"),
        ("Мост уже открыт", "ru"),
    ],
)
def test_what_has_happened(clause: str, language: str) -> None:
    """A word says so, and none speaks of plans."""
    assert is_done(clause, language=language)
    assert not is_planned(clause, language=language)


@pytest.mark.parametrize(
    ("clause", "language"),
    [
        ("The bronzes are to be shown in a pavilion planned for Benin City", "en"),
        ("The operator reckons it will need until Wednesday", "en"),
        ("Im Sommer will das Land den Abschnitt neu aufbauen", "de"),
        ("Ab Oktober soll der Zug täglich verkehren", "de"),
        ("Les conducteurs devront emprunter des détours", "fr"),
        ("El tope bajará a 180 litros", "es"),
        ("Средства пойдут на поиск маршрутов", "ru"),
    ],
)
def test_what_is_planned(clause: str, language: str) -> None:
    """It has not happened, whatever else the clause says."""
    assert is_planned(clause, language=language)
    assert not is_done(clause, language=language)


@pytest.mark.parametrize(
    ("clause", "language"),
    [("The talks may fail", "en"), ("Der Fahrplan könnte durcheinandergeraten", "de"), ("Le prix pourrait monter", "fr")],
)
def test_what_may_be(clause: str, language: str) -> None:
    """It is not told flatly."""
    assert is_unsure(clause, language=language)
    assert not is_flat(clause, language=language)


def test_languages_without_a_table_say_nothing() -> None:
    """Neither that something is done nor that it is told flatly."""
    assert not is_done("Köprü zaten açıldı", language="tr")
    assert not is_flat("Köprü açıldı", language="tr")
