"""Who is said to have said it: names near words of saying, and on whose account."""

from __future__ import annotations

import pytest

from assistant.speakers import find_authority, find_speakers, tells_of_saying


@pytest.mark.parametrize(
    ("text", "language", "names"),
    [
        ("“Hope is not a plan,” said the engineer, Priya Nandakumar.", "en", {"Priya", "Nandakumar"}),
        ("Personalvorständin Anke Lührs sagte, die Reedereien gingen nach Rotterdam.", "de", {"Anke", "Lührs"}),
        ("По итогам встречи Блинкен объявил, что деньги будут.", "ru", {"Блинкен"}),
        ("La consejera delegada, Katrin Oellers, lo anunció este martes.", "es", {"Katrin", "Oellers"}),
        ("Olga Carmona scored in the 29th minute.", "en", set()),
    ],
)
def test_names_near_a_word_of_saying(text: str, language: str, names: set[str]) -> None:
    """In five languages; German titles, which are written like names, come along, and who does not speak does not."""
    found = {word for name in find_speakers(text, language=language) for word in name.text.split()}
    assert names <= found
    assert bool(names) == bool(found)


def test_on_whose_account() -> None:
    """The words behind "according to", at their place."""
    for text, words in (
        ("According to the fire brigade, fourteen people were injured.", "the fire brigade"),
        ("Nach Angaben der Gewerkschaft streikten 2300 Leute.", "Gewerkschaft streikten 2300"),
    ):
        span = find_authority(text)
        assert span is not None
        assert text[span[0] : span[1]].strip().startswith(words.split()[0])
        assert words.split()[-1] in text[span[0] : span[1]]
    assert find_authority("Fourteen people were injured.") is None


def test_words_of_saying() -> None:
    """Whether somebody says something at all."""
    assert tells_of_saying("The mayor called it a disaster.")
    assert not tells_of_saying("The party won 194 seats.")
