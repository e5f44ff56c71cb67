"""The page over the real assistant: a German article goes in through the page, an English question finds the place in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.web.fakes import SECOND, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.timeout(600)
@pytest.mark.filterwarnings("ignore:.*(no_silent_downcasting|copy keyword is deprecated)")  # gradio, counting its own events
def test_a_dropped_article_answers_a_question_in_another_language(
    serve_page: Callable[[Any], str], open_page: Callable[..., Any], tmp_path: Path
) -> None:
    """Drop the file, ask in English, read the German quote where it stands; a question it does not answer is declined."""
    from assistant import Assistant

    article = tmp_path / "blinken.txt"
    article.write_text(TEXT, encoding="utf-8")
    with Assistant.open(library=tmp_path / "library") as assistant:
        page = open_page(serve_page(assistant), locale="en-GB")
        page.click(".masthead [data-view=library]")
        page.set_input_files("#files input[type=file]", [article])
        page.wait_for_selector(".addition[data-ended]", timeout=60_000)
        assert page.locator("#shelf-added .bad").all_inner_texts() == []
        page.wait_for_function("document.querySelector('.masthead .count').innerText === '1 article'")

        page.click(".masthead [data-view=ask]")
        page.fill("#composer textarea", "Which foreign ministers will meet in Astana?")
        page.press("#composer textarea", "Enter")
        page.wait_for_selector("#current .citation", timeout=60_000)
        quotes = page.locator("#current mark").all_text_contents()
        assert SECOND in " ".join(quotes)
        (stored,) = assistant.articles()
        assert all(quote in stored.text for quote in quotes)
        assert page.locator("#current blockquote").first.get_attribute("lang") == "de"

        page.fill("#composer textarea", "Who won the football world cup in 2022?")
        page.press("#composer textarea", "Enter")
        page.wait_for_selector("#current .abstained", timeout=60_000)
        assert page.locator("#current .citation").count() == 0
        assert page.locator("#current .hit").count() == 1
