"""Every view of the page over the samples, as a reader sees it: by axe-core's rules for accessibility, and as pictures under artifacts/views.

The pictures are for people; the README shows four of them, which ``python -m tests.web.pictures`` makes anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.conftest import serving
from tests.web.views import SIZES, VIEWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assistant import Assistant

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = Path(__file__).parents[2] / "artifacts" / "views"
SERIOUS = {"serious", "critical"}
# Gradio, counting its own events.
pytestmark = pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword is deprecated)")


@pytest.fixture(scope="module")
def address(samples: Assistant, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over the samples; the same for every view."""
    with serving(samples, uploads=tmp_path_factory.mktemp("uploads")) as served:
        yield served


def options(size: str, scheme: str, locale: str) -> dict[str, Any]:
    """A browser of this size, light or dark, in this language."""
    return {"viewport": SIZES[size], "color_scheme": scheme, "locale": locale, "reduced_motion": "reduce"}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_view_is_accessible_and_fits(size: str, scheme: str, address: str, open_page: Callable[..., Any]) -> None:
    """No serious finding of axe-core in any view, nothing wider than the window; German in the dark."""
    if not AXE.exists():
        pytest.skip("no axe-core: npm ci --prefix tests/web --ignore-scripts")
    language = "de" if scheme == "dark" else "en"
    page = open_page(address, **options(size, scheme, "de-DE" if language == "de" else "en-GB"))
    assert page.evaluate("document.documentElement.lang") == language
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.evaluate(AXE.read_text("utf-8"))
    told, wide = [], []
    for view, open_view in VIEWS.items():
        open_view(page, language)
        page.wait_for_timeout(300)  # what is drawn last
        page.screenshot(path=PICTURES / f"{view}-{size}-{scheme}.png")
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        told += [
            " ".join(f"{view}: {rule['id']} ({rule['impact']}): {node['html'][:200]} {node['failureSummary']}".split())
            for rule in found
            for node in rule["nodes"]
            if rule["impact"] in SERIOUS
        ]
        wide += [view] if page.evaluate("document.documentElement.scrollWidth > innerWidth") else []
    assert told == []
    assert wide == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("locale", ["de-DE", "en-GB"])
def test_every_view_fits_the_narrowest_window(locale: str, address: str, open_page: Callable[..., Any]) -> None:
    """At 320 px, what a window of 1280 px is when its text is four times as large, nothing has to be scrolled sideways."""
    page = open_page(address, viewport={"width": 320, "height": 640}, locale=locale, reduced_motion="reduce")
    wide = []
    for view, open_view in VIEWS.items():
        open_view(page, locale[:2])
        wide += [view] if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth") else []
    assert wide == []
