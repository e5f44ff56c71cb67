"""The tools of ``serve --mcp``, through a real client of the Model Context Protocol over streamable HTTP on loopback."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from assistant.types import Answer
from assistant.web.guard import NAMED
from assistant.web.server import create_app
from tests.web.conftest import serving
from vectorstore.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from assistant import Assistant

mcp_client = pytest.importorskip("mcp.client", reason="no MCP: pip install 'fundstelle[mcp]'")
QUESTION = "When was the lighthouse at Skarven Point lit again?"


@pytest.fixture
def assistant(open_assistant: Callable[..., Assistant], two_articles: Path, tmp_path: Path) -> Assistant:
    """An assistant over a library with two articles of its own."""
    shutil.copytree(two_articles, tmp_path / "library")
    return open_assistant()


@pytest.fixture
def address(assistant: Assistant, tmp_path: Path) -> Iterator[str]:
    """Its page with tools."""
    with serving(assistant, uploads=tmp_path / "uploads", mcp=True) as served:
        yield served


def with_tools(address: str, use: Callable[[Any], Awaitable[Any]], *, mode: str = "auto") -> Any:
    """What ``use`` makes of a client that is connected to the tools."""

    async def connect() -> Any:
        async with mcp_client.Client(f"{address}/mcp", mode=mode) as client:
            return await use(client)

    return asyncio.run(connect())


def test_the_tools_are_named_typed_and_described(address: str) -> None:
    """The four endpoints, with their parameters, what they are for, and which of them changes anything."""
    listed = with_tools(address, lambda client: client.list_tools())
    tools = {tool.name: tool for tool in listed.tools}
    assert set(tools) == set(NAMED)
    assert tools["ask"].input_schema["required"] == ["question"]
    assert tools["ask"].input_schema["properties"]["question"]["type"] == "string"
    assert "Only articles of this outlet." in tools["ask"].description
    assert {name for name, tool in tools.items() if not tool.annotations.read_only_hint} == {"add"}


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_asking_with_a_client(address: str, assistant: Assistant, mode: str) -> None:
    """The answer is the JSON of the command line, whichever generation of the protocol the client speaks."""
    result = with_tools(address, lambda client: client.call_tool("ask", {"question": QUESTION}), mode=mode)
    assert not result.is_error
    assert Answer.from_dict(result.structured_content).citations == assistant.ask(QUESTION).citations


def test_searching_listing_and_adding(address: str, assistant: Assistant) -> None:
    """The others do what their names say."""

    async def use(client: Any) -> list[Any]:
        text = {"text": "The mill of Dornau burned down on Monday. Nobody was hurt.", "title": "Mill burns"}
        calls = [("search", {"question": "Bücherbus", "limit": 1}), ("add", text), ("articles", {"limit": 1})]
        return [(await client.call_tool(name, given)).structured_content for name, given in calls]

    found, report, listed = with_tools(address, use)
    assert found["items"][0]["language"] == "de"
    assert report["added"] == 1
    assert len(listed["items"]) == 1
    assert assistant.article_count() == 3


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("ask", {"question": 3}, "valid string"),
        ("ask", {}, "Field required"),
        ("ask", {"question": "?", "since": "yesterday"}, "'yesterday' is no day"),
        ("add", {"addresses": ["/etc/passwd"]}, "begins with http:// or https://"),
    ],
)
def test_what_cannot_be_used_is_said(address: str, tool: str, given: dict[str, Any], said: str) -> None:
    """As a result that a model can read and mend its call by."""
    result = with_tools(address, lambda client: client.call_tool(tool, given))
    assert result.is_error
    assert said in result.content[0].text


def test_what_nobody_foresaw_is_not_told(address: str, assistant: Assistant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The details stay in the log."""

    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(assistant, "ask", crash)
    result = with_tools(address, lambda client: client.call_tool("ask", {"question": "?"}))
    assert result.is_error
    assert "secret" not in result.content[0].text


def test_other_pages_and_names_are_refused(address: str) -> None:
    """As for the page: no foreign origin, no forged host."""
    for headers, status in (({"Origin": "http://evil.example"}, 403), ({"Host": "evil.example"}, 400)):
        assert httpx.post(f"{address}/mcp", headers=headers, json={}).status_code == status
    assert httpx.get(f"{address}/mcp/sse").status_code == 404
    assert httpx.get(f"{address}/gradio_api/mcp/").status_code == 404


def test_the_command_offers_them_only_if_asked(two_articles: Path, tmp_path: Path) -> None:
    """``serve --mcp`` says where; without it there is nothing, whatever gradio's switch says."""
    shutil.copytree(two_articles, tmp_path / "library")
    command = [str(Path(sys.executable).with_name("fundstelle")), "--library", str(tmp_path / "library"), "serve", "--port", "0"]
    for options in (["--mcp"], []):
        environment = {**os.environ, "GRADIO_MCP_SERVER": "True"}
        with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True, env=environment) as process:
            try:
                assert process.stderr
                said = process.stderr.readline()
                address = said.split()[2].rstrip(",/")
                if options:
                    assert f"tools on {address}/mcp" in said
                    result = with_tools(address, lambda client: client.call_tool("ask", {"question": QUESTION}))
                    assert "lit again on Tuesday" in result.structured_content["text"]
                else:
                    assert httpx.post(f"{address}/mcp", json={}).status_code == 404
            finally:
                process.kill()


def test_without_its_package_the_command_that_adds_it_is_named(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The page is not served without the tools that were wanted."""
    monkeypatch.setitem(sys.modules, "mcp.server", None)
    with pytest.raises(SettingsError, match=r"pip install 'fundstelle\[mcp\]'"):
        create_app(assistant, uploads=tmp_path / "uploads", mcp=True)
