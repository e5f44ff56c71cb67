"""What changed between two versions of an article."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.versions import Change, changes
from vectorstore.types import Furniture

if TYPE_CHECKING:
    from collections.abc import Callable

    from vectorstore.types import Article

    Make = Callable[..., Article]

OLD = "Bridge to be rebuilt\n\nThe council voted to rebuild the bridge. It closes in May. A ferry will run.\n\nNobody spoke against it."


@pytest.mark.parametrize(
    ("new", "wanted"),
    [
        (OLD, []),
        (OLD.replace("\n\n", "\n \n").replace("bridge. It", "bridge.\tIt"), []),
        (OLD.replace("in May", "in June"), [Change("It closes in May.", "It closes in June.")]),
        (OLD.replace(" It closes in May.", ""), [Change("It closes in May.", "")]),
        (OLD + "\n\nThe mayor was away.", [Change("", "The mayor was away.")]),
        (OLD.replace("Nobody spoke against it.", "").rstrip(), [Change("Nobody spoke against it.", "")]),
        (
            OLD.replace("to be", "will be").replace("ferry", "boat"),
            [Change("Bridge to be rebuilt", "Bridge will be rebuilt"), Change("A ferry will run.", "A boat will run.")],
        ),
        ("", [Change("\n".join(OLD.split("\n\n")), "")]),
    ],
)
def test_what_changed(make_article: Make, new: str, wanted: list[Change]) -> None:
    """A changed sentence is named alone, a new or lost paragraph as a whole, white space not at all."""
    assert changes(make_article("a", OLD), make_article("a", new)) == wanted


def test_furniture_is_not_compared(make_article: Make) -> None:
    """Another teaser below the article is no change."""
    pages = [
        make_article("a", f"{OLD}\n\n{box}", furniture=(Furniture(len(OLD) + 2, len(OLD) + 2 + len(box), "x"),))
        for box in ("One", "Two")
    ]
    assert changes(*pages) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=st.text(alphabet="ab. \n!“”", max_size=40), new=st.text(alphabet="ab. \n!“”", max_size=40))
def test_changes_turn_one_text_into_the_other(make_article: Make, old: str, new: str) -> None:
    """Every word that is not in both is in a change, and backwards the changes are the same with their sides swapped in kind."""
    found = changes(make_article("a", old), make_article("a", new))
    assert (found == []) == (
        old.split() == new.split() and [line.split() for line in _lines(old)] == [line.split() for line in _lines(new)]
    )
    assert all(change.removed or change.added for change in found)
    assert all(change.removed in " ".join(old.split()) for change in found if "\n" not in change.removed)
    assert all(change.added in " ".join(new.split()) for change in found if "\n" not in change.added)


def _lines(text: str) -> list[str]:
    from ingest.paragraphs import paragraphs

    return [span.slice(text) for span in paragraphs(text)]
