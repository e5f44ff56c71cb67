"""The views of the page over the samples, and how a reader gets to each from the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

BOX: Final = "#composer textarea"
SIZES: Final[dict[str, Any]] = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
QUESTIONS: Final = {
    "en": "How long did Blinken and Lavrov speak to each other in New Delhi?",
    "de": "Wie lange haben Blinken und Lawrow in Neu-Delhi miteinander gesprochen?",
}
UNANSWERED: Final = {
    "en": "Who won the football world cup in 2022?",
    "de": "Wer hat 2022 die Fußball-Weltmeisterschaft gewonnen?",
}
WAIT: Final = 60_000


def ask(page: Any, question: str) -> None:
    """Ask and wait for the answer."""
    page.fill(BOX, question)
    page.press(BOX, "Enter")
    page.wait_for_selector("#current .exchange[aria-busy=false]", timeout=WAIT)


def welcome(page: Any, _language: str) -> None:
    """What a visitor finds."""
    page.wait_for_selector("#intro button:visible", timeout=WAIT)


def answer(page: Any, language: str) -> None:
    """An answer with its evidence."""
    ask(page, QUESTIONS[language])
    page.wait_for_selector("mark:visible")


def article(page: Any, _language: str) -> None:
    """The whole article behind the first quote of the answer."""
    page.locator(".open-article:visible").first.click()
    page.wait_for_selector("dialog mark:visible", timeout=WAIT)


def refusal(page: Any, language: str) -> None:
    """What the articles do not answer, with the nearest passages; an open article is closed first."""
    page.keyboard.press("Escape")
    ask(page, UNANSWERED[language])
    page.wait_for_selector("#current .abstained")


def library(page: Any, _language: str) -> None:
    """The table of the articles."""
    page.click(".masthead [data-view=library]")
    page.wait_for_selector("#library tbody tr", timeout=WAIT)


def picked(page: Any, _language: str) -> None:
    """Articles that are selected in it."""
    for position in (1, 2):
        page.locator("#library td.pick input").nth(position).check()
    page.wait_for_selector(".shelf-picked:visible")


def adding(page: Any, _language: str) -> None:
    """The places to add files, addresses and text."""
    page.click(".shelf-toggle.main")
    page.click(".shelf-text summary")


def followed(page: Any, _language: str) -> None:
    """What is followed."""
    page.click("[data-panel=shelf-followed]")
    page.wait_for_selector(".followed:visible")


VIEWS: Final[dict[str, Callable[[Any, str], None]]] = {
    "welcome": welcome,
    "answer": answer,
    "article": article,
    "refusal": refusal,
    "library": library,
    "picked": picked,
    "adding": adding,
    "followed": followed,
}
"""In the order of one visit: each is reached from the one before."""
