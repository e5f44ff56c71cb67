"""Articles in sixteen languages without a dictionary, asked about in English and in their own: a set written for this project."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from assistant import Settings
from assistant.evaluation import evaluate_folders

if TYPE_CHECKING:
    from collections.abc import Mapping

SET = Path(__file__).with_name("languages")


@pytest.fixture(scope="module")
def figures(loaded_once: None, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Mapping[str, float | None]]:
    """What ``fundstelle eval`` says of the set, by language of the question, with no dictionary installed."""
    settings = Settings(library=tmp_path_factory.mktemp("languages"), dictionaries=())
    (result,) = evaluate_folders([SET], settings=settings)
    assert result.figures["citations_verbatim"] == 1.0
    return result.by_language


def floor(found: float | None, least: float) -> None:
    """That a figure is there and not below its floor."""
    assert found is not None
    assert found >= least


def test_no_language_of_a_library_is_preferred(figures: Mapping[str, Mapping[str, float | None]]) -> None:
    """The article that an English question is about comes first, whatever its language: without taking off what is usual in a language it did in .81."""
    floor(figures["en"]["recall@1"], 0.85)
    floor(figures["en"]["quote_recall"], 0.9)


def test_articles_in_other_languages_are_trusted(figures: Mapping[str, Mapping[str, float | None]]) -> None:
    """Most of what such an article answers is answered, though no word of it meets the question's, and seven in ten of the details that it does not tell are declined."""
    floor(figures["en"]["answered"], 0.57)
    floor(figures["en"]["abstain_recall"], 0.7)


def test_questions_in_the_articles_language(figures: Mapping[str, Mapping[str, float | None]]) -> None:
    """They find their words, inflected or with particles, and numbers that are written out in words."""
    own = [found for language, found in figures.items() if language != "en"]
    assert len(own) == 16
    assert all(found["recall@1"] == 1.0 for found in own)
    answered = [found["answered"] for found in own]
    assert sum(share or 0.0 for share in answered) / len(own) >= 0.9
