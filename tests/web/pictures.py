"""Makes the pictures that the README shows: ``python -m tests.web.pictures``. A real answer over the samples, light and dark, wide and on a phone."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from assistant import Assistant
from tests.web.conftest import CHROMIUM, FLAGS, serving
from tests.web.views import SIZES, VIEWS

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
SHOWN = {"desktop": ("answer", "library"), "phone": ("answer",)}


def main() -> None:
    """Write each picture anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(Path(folder, "library")) as assistant,
        sync_playwright() as driver,
    ):
        assistant.add(samples=True)
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        with serving(assistant, uploads=Path(folder, "uploads")) as address:
            for size, views in SHOWN.items():
                for scheme in ("light", "dark"):
                    context = browser.new_context(
                        viewport=SIZES[size],
                        color_scheme=scheme,
                        locale="en-GB",
                        device_scale_factor=1.5,
                        reduced_motion="reduce",
                    )
                    page = context.new_page()
                    page.goto(address)
                    for view, open_view in VIEWS.items():
                        open_view(page, "en")
                        if view in views:
                            page.wait_for_timeout(500)
                            keep(page.screenshot(), FOLDER / f"{view}-{size}-{scheme}.png")
                    context.close()
        browser.close()


def keep(picture: bytes, path: Path) -> None:
    """Write a picture with as few colours as it needs: the repository keeps every version of it."""
    whole = Image.open(io.BytesIO(picture)).convert("RGB")
    # By octree: a median cut gives the one accent of a page, which is on few pixels, to the greys.
    whole.quantize(128, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main()
