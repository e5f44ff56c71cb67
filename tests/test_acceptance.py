"""From one German article to cited answers, and declining, in a library that holds nothing else: what a first user sees."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from assistant import cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WOOING, ASTANA = "umwarb ehemalige Sowjetrepubliken", "Astana Gespräche führen"
ANSWERED = {
    "Why is Blinken visiting Astana?": [WOOING, ASTANA],
    "Warum reist Blinken nach Zentralasien?": [WOOING],
    "Which French president received Tokayev in Paris?": ["Macron"],
    "What did Tokayev call Russia?": ["strategischen Partner"],
    "Почему Блинкен едет в Астану?": [WOOING, ASTANA],
}
DECLINED = [
    "Who won the football world cup in 2022?",
    "Why is Blinken visiting Beijing?",
    # Names, numbers and years that are nearly right.
    "How much aid did Blinken promise Uzbekistan?",
    "Warum reist Scholz nach Astana?",
    "When did Blinken visit Kazakhstan in 2019?",
]


@pytest.fixture(scope="module")
def fundstelle(loaded_once: None, shared_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """The command with ``--json`` over a library that is given the article, as its JSON document."""
    library = tmp_path_factory.mktemp("first") / "library"

    def run(*arguments: str) -> dict[str, Any]:
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as written:
            patch.setattr(sys, "argv", ["fundstelle", "--library", str(library), *arguments, "--json"])
            with pytest.raises(SystemExit) as ended:
                cli.main()
        assert ended.value.code == 0
        document: dict[str, Any] = json.loads(written.getvalue())
        return document

    for status in ("added", "unchanged"):
        report = run("add", str(shared_folder / "data" / "seed_article.de.txt"))
        assert report[status] == len(report["items"]) == 1
    return run


def test_the_article_without_its_page(fundstelle: Callable[..., dict[str, Any]]) -> None:
    """Headline and 13 paragraphs are article; the page around them is furniture, each with a reason; language and outlet are known."""
    (listed,) = fundstelle("articles")["items"]
    article = fundstelle("show", listed["id"])
    assert (article["language"], article["source"]) == ("de", "Welt News")
    assert article["title"] == "Blinken besucht Zentralasien, während der Ukraine-Krieg die Nerven weckt"
    kept, at = "", 0
    for mark in article["furniture"]:
        assert mark["reason"]
        kept += article["text"][at : mark["start"]]
        at = mark["end"]
    paragraphs = [paragraph for paragraph in (kept + article["text"][at:]).split("\n\n") if paragraph.strip()]
    assert paragraphs[0].strip() == article["title"]
    assert len(paragraphs) == 14
    assert paragraphs[1].startswith("WASHINGTON – ")
    assert paragraphs[-1].strip().endswith("gesprochen.")
    for furniture in ("Siehe auch", "Krypto News", "Related Articles", "Close", "Adblocker"):
        assert furniture in article["text"]
        assert furniture not in "".join(paragraphs)


@pytest.mark.parametrize("question", ANSWERED)
def test_it_answers(question: str, fundstelle: Callable[..., dict[str, Any]]) -> None:
    """In English, German and Russian, with the words that say so, each quote a slice of what ``show`` gives."""
    answer = fundstelle("ask", question)
    quotes = [citation["quote"] for citation in answer["citations"]]
    assert answer["abstained"] is False
    assert all(any(words in quote for quote in quotes) for words in ANSWERED[question]), quotes
    for citation in answer["citations"]:
        article = fundstelle("show", citation["article_id"])
        assert article["text"][citation["start"] : citation["end"]] == citation["quote"]
        assert citation["verbatim"] is True


@pytest.mark.parametrize("question", DECLINED)
def test_it_declines(question: str, fundstelle: Callable[..., dict[str, Any]]) -> None:
    """Another name, number or year than the article's is not answered with what is merely close."""
    answer = fundstelle("ask", question)
    assert answer["abstained"] is True, [citation["quote"] for citation in answer["citations"]]
    assert answer["citations"] == []
    assert answer["hits"]
    assert answer["reason"]
