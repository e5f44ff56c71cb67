"""The named endpoints, through gradio's own client and through plain requests: typed, checked, and no way to the server's files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from assistant.types import Answer
from assistant.web.api import Endpoints
from assistant.web.guard import NAMED
from tests.news_server import html
from tests.web.conftest import serving
from tests.web.fakes import FakeAssistant
from vectorstore.errors import IndexMismatch, SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from assistant import Assistant
    from tests.news_server import NewsServer

QUESTION = "When was the lighthouse at Skarven Point lit again?"
pytestmark = pytest.mark.filterwarnings(
    "ignore:.*(no_silent_downcasting|copy keyword is deprecated)"
)  # gradio, counting its own events


@pytest.fixture
def assistant(open_assistant: Callable[..., Assistant], two_articles: Path, tmp_path: Path) -> Assistant:
    """An assistant over a library with two articles of its own."""
    shutil.copytree(two_articles, tmp_path / "library")
    return open_assistant(allow_private=True)


@pytest.fixture
def address(assistant: Assistant, serve_page: Callable[[Any], str]) -> str:
    """Its page."""
    return serve_page(assistant)


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    """A program that uses the page."""
    opened = Client(address, verbose=False, analytics_enabled=False)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def nothing_to_add(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FakeAssistant, Client]]:
    """An assistant that must not be asked anything, and a program that tries; the same ones for every test."""
    fake = FakeAssistant()
    with serving(fake, uploads=tmp_path_factory.mktemp("uploads")) as served:
        opened = Client(served, verbose=False, analytics_enabled=False)
        yield fake, opened
        opened.close()


def test_the_endpoints_are_named_and_typed(client: Client) -> None:
    """These four and no other, each parameter with its type and default, as a program can look up."""
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(named) == {f"/{name}" for name in NAMED}
    ask = {each["parameter_name"]: each for each in named["/ask"]["parameters"]}
    assert list(ask) == ["question", "history", "language", "source", "since", "until", "undated", "answer_language"]
    assert ask["question"]["type"] == {"type": "string"}
    assert not ask["question"]["parameter_has_default"]
    assert ask["undated"]["type"] == {"type": "boolean"}
    limit = next(each for each in named["/search"]["parameters"] if each["parameter_name"] == "limit")
    assert (limit["type"], limit["parameter_default"]) == ({"type": "integer"}, 10)
    assert "file" not in json.dumps(named["/add"]["parameters"]).casefold()
    assert "Only articles of this outlet." in named["/ask"]["description"]
    assert "Raises" not in named["/ask"]["description"]
    assert all(endpoint["returns"][0]["type"]["type"] == "object" for endpoint in named.values())


def test_asking(client: Client, assistant: Assistant) -> None:
    """The answer is the JSON of the command line, and an Answer again; filters and earlier turns count."""
    answer = Answer.from_dict(client.predict(QUESTION, api_name="/ask"))
    here = assistant.ask(QUESTION)
    assert answer.citations == here.citations
    assert answer.to_dict().keys() == here.to_dict().keys()
    german = client.predict("Wer fährt den Bücherbus?", since="2023-01-01", undated=True, source="", api_name="/ask")
    assert german["searched"]["filters"] == {
        "language": None,
        "source": None,
        "since": "2023-01-01",
        "until": None,
        "undated": True,
    }
    follow = client.predict(
        "And what did it cost?", history=[{"question": QUESTION, "answer": here.text}], answer_language="de", api_name="/ask"
    )
    assert follow["searched"]["carried"]
    whole = client.predict("What else was lit there?", history=[here.to_dict()], api_name="/ask")
    kept = {citation["quote"]: citation["number"] for citation in whole["citations"]}
    assert all(kept.get(citation.quote, citation.number) == citation.number for citation in here.citations)
    assert follow["language"] == "de"


def test_searching(client: Client, assistant: Assistant) -> None:
    """The hits of the command line."""
    found = client.predict("Bücherbus", limit=1, api_name="/search")
    assert found["schema"] == 1
    (hit,) = found["items"]
    (here,) = assistant.search("Bücherbus", limit=1)
    assert (hit["text"], hit["language"], hit["start"]) == (here.text, "de", here.passage.start)
    assert client.predict("Bücherbus", language="fr", api_name="/search")["items"] == []


def test_listing(client: Client) -> None:
    """The articles of the command line, without where their files are."""
    listed = client.predict(api_name="/articles")
    assert [item["state"] for item in listed["items"]] == ["complete", "complete"]
    assert "path" not in listed["items"][0]
    assert len(client.predict(limit=1, offset=1, api_name="/articles")["items"]) == 1
    assert [item["language"] for item in client.predict(language="de", api_name="/articles")["items"]] == ["de"]


def test_adding_a_text(client: Client, assistant: Assistant) -> None:
    """It can be found at once; given again it is known, under its address it is replaced; the report names no file."""
    text = "The mill of Dornau burned down on Monday. Nobody was hurt, said the mayor."
    given = {"text": text, "title": "Mill burns", "source": "Dornau Echo", "published_at": "2023-05-08", "language": "en"}
    report = client.predict(**given, api_name="/add")
    assert (report["schema"], report["added"], report["failed"]) == (1, 1, 0)
    (item,) = report["items"]
    assert (item["source"], item["reason"]) == ("text", "")
    article = assistant.article(item["article_id"])
    assert (article.title, article.source, str(article.published_at)[:10]) == ("Mill burns", "Dornau Echo", "2023-05-08")
    assert "Monday" in client.predict("When did the mill of Dornau burn?", api_name="/ask")["citations"][0]["quote"]
    assert client.predict(**given, api_name="/add")["unchanged"] == 1

    url = "https://dornau.example/mill"
    there = client.predict(**given, url=url, api_name="/add")["items"][0]["article_id"]
    assert assistant.article(there).url == url
    again = client.predict(**{**given, "text": text.replace("Nobody", "One man")}, url=url, api_name="/add")
    assert (again["updated"], again["items"][0]["article_id"]) == (1, there)


def test_adding_an_address(client: Client, assistant: Assistant, news_server: NewsServer) -> None:
    """It is fetched as the command line does it; one that fails says why, and the rest is kept."""
    story = "The bakery on Quay Street in Lund was sold to its two apprentices on Friday, after forty years. " * 4
    news_server.add(
        "/bakery", html(f"<html><title>Bakery sold</title><article><h1>Bakery sold</h1><p>{story}</p></article></html>")
    )
    report = client.predict(addresses=[news_server.url("/bakery"), news_server.url("/gone")], api_name="/add")
    assert (report["added"], report["failed"]) == (1, 1)
    failed = next(item for item in report["items"] if item["status"] == "failed")
    assert failed["source"] == news_server.url("/gone")
    assert failed["reason"]
    assert assistant.article_count() == 3


@pytest.mark.parametrize(
    ("endpoint", "given", "said"),
    [
        ("/ask", {"question": 3}, "question: Input should be a valid string"),
        ("/ask", {"question": "x" * 2001}, "question: String should have at most 2000"),
        ("/ask", {"question": "?", "since": "yesterday"}, "since: 'yesterday' is no day; write it like 2023-02-28"),
        ("/ask", {"question": "?", "since": 20230228}, "since: "),
        ("/ask", {"question": "?", "since": "2023-03-01", "until": "2023-02-01"}, "the period ends before it begins"),
        ("/ask", {"question": "?", "undated": "no"}, "undated: Input should be a valid boolean"),
        ("/ask", {"question": "?", "history": [{"answer": "!"}]}, "history.0.question: Field required"),
        ("/ask", {"question": "?", "history": [{"question": "?", "role": "system"}]}, "history.0.role: Extra inputs"),
        ("/ask", {"question": "?", "history": [{"schema": 1}]}, "no answer of Fundstelle"),
        ("/ask", {"question": "?", "history": "earlier"}, "history: Input should be a valid list"),
        ("/search", {"question": "?", "limit": 0}, "limit: Input should be greater"),
        ("/search", {"question": "?", "limit": 1001}, "limit: Input should be less"),
        ("/search", {"question": "?", "limit": True}, "limit: Input should be a valid integer"),
        ("/articles", {"offset": -1}, "offset: "),
        ("/add", {}, "give addresses, or the text of an article"),
        ("/add", {"text": " \n"}, "give addresses, or the text of an article"),
        ("/add", {"addresses": "https://news.example/"}, "addresses: Input should be a valid list"),
        ("/add", {"addresses": ["https://news.example/"] * 101}, "addresses: List should have at most 100"),
        ("/add", {"text": "x", "url": "javascript:alert(1)"}, "'javascript:alert"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(
    endpoint: str, given: dict[str, Any], said: str, nothing_to_add: tuple[FakeAssistant, Client]
) -> None:
    """The caller reads which it is and what it should be."""
    with pytest.raises(AppError) as caught:
        nothing_to_add[1].predict(**given, api_name=endpoint)
    assert said in str(caught.value)
    assert "Value error" not in str(caught.value)


@pytest.mark.parametrize("kind", ["path", "home", "relative", "file:", "FILE:", "-", "", "ftp:", "http:///", "data:"])
def test_the_server_s_files_cannot_be_read(kind: str, nothing_to_add: tuple[FakeAssistant, Client], tmp_path: Path) -> None:
    """Nothing but web addresses is taken for a source; one bad one spoils the whole call, and nothing is added."""
    fake, client = nothing_to_add
    secret = tmp_path / "secret.txt"
    secret.write_text("The password of the harbour master is Skarven1904. He changes it on Mondays.", "utf-8")
    sources = {
        "path": str(secret),
        "home": "~/.profile",
        "relative": "../secret.txt",
        "file:": secret.as_uri(),
        "FILE:": f"FILE://localhost{secret}",
        "ftp:": "ftp://127.0.0.1/x",
        "http:///": f"http://{secret}",
        "data:": "data:text/plain,hello",
    }
    with pytest.raises(AppError, match="begins with http:// or https://"):
        client.predict(addresses=[sources.get(kind, kind)], text="A text that is fine.", api_name="/add")
    assert fake.articles_kept == []


def test_a_text_is_only_a_text(client: Client, assistant: Assistant, tmp_path: Path) -> None:
    """What looks like rows, a feed or a path is the words of one article."""
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    texts = [
        '{"text": "a"}\n{"text": "b"}',
        "<rss><channel><item><title>x</title></item></channel></rss>",
        str(tmp_path / "secret.txt"),
    ]
    for text in texts:
        (item,) = client.predict(text=text, api_name="/add")["items"]
        if item["status"] == "added":
            assert "secret" not in assistant.article(item["article_id"]).text.replace("secret.txt", "")
    assert assistant.article_count() <= 2 + len(texts)


def test_an_error_of_ours_says_what_to_do(client: Client, assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its message reaches the caller; what nobody foresaw does not."""

    def fail(*_: object, **__: object) -> None:
        raise IndexMismatch("Run `fundstelle reindex`.")

    monkeypatch.setattr(assistant, "ask", fail)
    with pytest.raises(AppError, match="fundstelle reindex"):
        client.predict("?", api_name="/ask")

    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(assistant, "search", crash)
    with pytest.raises(AppError, match="Something unexpected") as caught:
        client.predict("?", api_name="/search")
    assert "secret" not in str(caught.value)


def test_without_a_client(address: str) -> None:
    """Two plain requests do, as gradio documents it: one asks, one reads the answer."""
    event = httpx.post(
        f"{address}/gradio_api/call/search", json={"data": ["Bücherbus", 1, None, None, None, None, False]}
    ).json()["event_id"]
    said = httpx.get(f"{address}/gradio_api/call/search/{event}", timeout=60).text
    event_line, data_line = said.strip().splitlines()[:2]
    assert event_line == "event: complete"
    assert json.loads(data_line.removeprefix("data: "))[0]["items"][0]["language"] == "de"


def test_only_the_named_ones_are_open(address: str) -> None:
    """The page's own events have no address, other routes of gradio's API stay shut, and so do the internal ones without a token."""
    info = httpx.get(f"{address}/gradio_api/info").json()
    assert set(info["named_endpoints"]) == {f"/{name}" for name in NAMED}
    for path in ("load", "ask_1", "add_1", "restart", "lambda", "ask/../load", "../info"):
        response = httpx.post(f"{address}/gradio_api/call/{path}", json={"data": []})
        assert response.status_code in {404, 405}, path
    for path in (
        "/gradio_api/api/ask",
        "/gradio_api/run/ask",
        "/gradio_api/openapi.json",
        "/gradio_api/mcp/",
        "/gradio_api/mcp/schema",
        "/mcp",
    ):
        assert httpx.get(address + path).status_code == 404, path
        assert httpx.post(address + path, json={"data": ["?"]}).status_code == 404, path
    for path in ("/internal/ask", "/internal/search", "/internal/cancel", "/internal/check"):
        assert httpx.post(address + path, json={"question": "?"}).status_code == 404


@pytest.mark.parametrize("path", ["/gradio_api/call/ask", "/gradio_api/call/add"])
def test_another_page_cannot_use_them(address: str, path: str) -> None:
    """A page from elsewhere in the user's browser can neither ask nor add, nor can a name pointed at this machine."""
    assert httpx.post(address + path, headers={"Origin": "http://evil.example"}, json={"data": ["?"]}).status_code == 403
    assert httpx.post(address + path, headers={"Sec-Fetch-Site": "cross-site"}, json={"data": ["?"]}).status_code == 403
    assert httpx.post(address + path, headers={"Host": "evil.example"}, json={"data": ["?"]}).status_code == 400


def test_from_python_too(assistant: Assistant) -> None:
    """The same functions, without a server between: same JSON, same refusals."""
    endpoints = Endpoints(assistant)
    assert set(endpoints.named()) == set(NAMED)
    assert endpoints.search("Bücherbus", limit=1)["items"][0]["language"] == "de"
    with pytest.raises(SettingsError, match="is no address"):
        endpoints.add(["/etc/passwd"])
