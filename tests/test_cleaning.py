"""Clean text on real pages that are not part of the project: floors, beside what the library does alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.benchmarks.cleaning import measure, ours, read_pages, trafilatura_alone

if TYPE_CHECKING:
    from pathlib import Path


def test_articles_are_kept_and_furniture_goes(shared_folder: Path) -> None:
    """95 % of the strings that the articles have, 95 % of the others gone; no worse than trafilatura on either, better in sum."""
    pages = read_pages(shared_folder / "data" / "html")
    mine, alone = measure(pages, ours), measure(pages, trafilatura_alone)
    assert min(mine.kept_share, mine.gone_share) >= 0.95, mine.slips
    assert mine.kept_share >= alone.kept_share
    assert mine.gone_share >= alone.gone_share
    assert mine.kept_share + mine.gone_share > alone.kept_share + alone.gone_share
