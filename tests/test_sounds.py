"""How names sound: romanised, in any case, and only what is a word of letters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vectorstore.sounds import romanise, sound_keys


@given(st.text(alphabet=st.characters(categories=["L"]), min_size=1), st.sampled_from(["en", "de", "ru"]))
def test_case_does_not_matter_to_a_sound(word: str, language: str) -> None:
    """A shouted headline sounds like its text."""
    assert sound_keys(word, language=language) == sound_keys(word.casefold(), language=language)


def test_numbers_and_unspaced_runs_have_no_sound() -> None:
    """A year sounds like nothing, and a run of Chinese is any number of words."""
    assert sound_keys("2023", language="en") == ()
    assert sound_keys("布林肯为何访问", language="zh") == ()


def test_romanising() -> None:
    """Any script becomes lower-case Latin letters."""
    assert romanise("Жёлтый") == "zheltyy"
    assert romanise("Łódź") == "lodz"
