"""Who is answered, with which headers, and what stays shut whatever the environment says."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from assistant.web.guard import USER_HEADER, allowed_path, kept_headers, logged_in, policy
from assistant.web.logins import FAILURES, Attempts, Logins
from assistant.web.server import check_reach, create_app, listen, serve
from tests.web.conftest import serving
from tests.web.fakes import FakeAssistant, make_article
from vectorstore.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Any: the page needs only part of what an assistant can do.
NOBODY: Any = FakeAssistant()
LOGINS = Logins(["reader:open sesame", "lesende:öffne dich: bitte"])


@pytest.fixture
def address(serve_page: Callable[[Any], str]) -> str:
    """A running page."""
    return serve_page(FakeAssistant(articles_kept=[make_article()]))


def test_the_page_loads_with_its_headers(address: str) -> None:
    """The page is there, nothing outside may be loaded, and inline script only by hash."""
    response = httpx.get(address)
    assert response.status_code == 200
    assert "Fundstelle" in response.text
    directives = dict(part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["frame-ancestors"] == "'none'"
    assert "unsafe-inline" not in directives["script-src"]
    assert "'sha256-" in directives["script-src"]
    assert "http" not in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["cache-control"] == "no-store"


def test_the_page_is_ours_from_its_first_byte(address: str) -> None:
    """Before any script runs it has our name and paper, in light and dark, and nothing that gradio says of itself."""
    told = httpx.head(address).headers["content-length"]
    head = httpx.get(address).text.partition("window.gradio_config")[0]
    assert int(told) > len(head)
    assert "og:" not in head
    assert "twitter:" not in head
    assert 'content: "Fundstelle"' in httpx.get(address).text.partition("<body")[0]


def test_assets_carry_the_policy_too(address: str) -> None:
    """Every response is guarded, also the refusals."""
    for path in ("/theme.css", "/favicon.ico", "/nowhere"):
        assert "default-src 'none'" in httpx.get(address + path).headers["content-security-policy"]


@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/queue/join", "/nowhere"])
def test_a_forged_host_is_refused(address: str, path: str) -> None:
    """A name that was pointed at this machine (DNS rebinding) gets nothing, also when the origin matches."""
    headers = {"Host": "evil.example", "Origin": "http://evil.example"}
    assert httpx.get(address + path, headers=headers).status_code == 400
    assert httpx.post(address + path, headers=headers, json={}).status_code == 400


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1", "[::1]:7860"])
def test_this_machine_has_its_names(address: str, host: str) -> None:
    """All names of this machine are answered."""
    assert httpx.get(address, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1"])
def test_another_page_cannot_ask(address: str, origin: str) -> None:
    """A page from elsewhere, even from another port of this machine, can neither send nor read."""
    response = httpx.post(f"{address}/gradio_api/queue/join", headers={"Origin": origin}, json={})
    assert response.status_code == 403
    assert "access-control-allow-origin" not in httpx.get(f"{address}/config", headers={"Origin": origin}).headers
    crossing = {"Sec-Fetch-Site": "cross-site"}
    assert httpx.post(f"{address}/gradio_api/upload", headers=crossing, files={"files": b"x"}).status_code == 403


def test_a_forwarded_address_is_not_believed(address: str) -> None:
    """No proxy stands before the page, so none can move it elsewhere."""
    page = httpx.get(address, headers={"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}).text
    assert "evil.example" not in page


SWITCHES = {
    "GRADIO_ALLOWED_PATHS": "/",
    "GRADIO_ANALYTICS_ENABLED": "True",
    "GRADIO_MCP_SERVER": "True",
    "GRADIO_ROOT_PATH": "https://evil.example",
    "GRADIO_RUN_HISTORY": "True",
    "GRADIO_SHARE": "True",
    "GRADIO_SSR_MODE": "True",
    "GRADIO_VIBE_MODE": "1",
    "GRADIO_WATCH_DIRS": "/",
}


def test_gradio_switches_in_the_environment_do_nothing(
    serve_page: Callable[[Any], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What gradio would read from the environment is gone, and its other doors are shut."""
    for name, value in SWITCHES.items():
        monkeypatch.setenv(name, value)
    address = serve_page(FakeAssistant(articles_kept=[make_article()]))
    ours = {"GRADIO_TEMP_DIR", "GRADIO_ANALYTICS_MAX_EVENTS", "GRADIO_ANALYTICS_CACHE_FREQUENCY"}
    assert {name for name in os.environ if name.startswith("GRADIO_")} == ours
    config = httpx.get(f"{address}/config").json()
    assert not any(
        config.get(key) for key in ("run_history", "mcp_server", "vibe_mode", "dev_mode", "analytics_enabled", "is_space")
    )
    assert config["root"] == address
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    for path in (
        f"/gradio_api/file={secret}",
        "/gradio_api/file=/etc/passwd",
        "/gradio_api/proxy=https://x.hf.space/",
        "/gradio_api/mcp/",
        "/gradio_api/runs",
        "/gradio_api/openapi.json",
        "/gradio_api/vibe-code/",
        "/monitoring",
        "/monitoring/summary",
        "/docs",
        "/openapi.json",
        "/assets/..%2f..%2f__init__.py",
    ):
        assert httpx.get(address + path).status_code in {403, 404}, path


def test_uploads_are_for_this_user_alone(tmp_path: Path) -> None:
    """The folder for dropped files is not readable by others."""
    uploads = tmp_path / "a" / "uploads"
    create_app(NOBODY, uploads=uploads)
    assert uploads.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", ""])
def test_only_this_machine_is_served_without_a_login(host: str) -> None:
    """Whoever reached the page could read the library; the message names what would let them in."""
    with pytest.raises(SettingsError, match=r"127\.0\.0\.1.*--auth"):
        serve(NOBODY, host=host, port=0)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_every_address_needs_a_name_to_be_called_by(host: str) -> None:
    """Else any name that points here would be answered."""
    with pytest.raises(SettingsError, match="--trusted-host"):
        check_reach(host, logins=LOGINS, trusted=())
    check_reach(host, logins=LOGINS, trusted=["news.example.org"])
    with pytest.raises(SettingsError, match=r"without \*"):
        check_reach(host, logins=LOGINS, trusted=["*"])


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[str]:
    """A running page with logins."""
    kept = FakeAssistant(articles_kept=[make_article()])
    with serving(kept, uploads=tmp_path / "uploads", logins=LOGINS) as address:
        yield address


PLACES = ("/", "/config", "/theme.css", "/gradio_api/info", "/gradio_api/queue/data", "/gradio_api/call/ask", "/nowhere")


@pytest.mark.parametrize("path", PLACES)
@pytest.mark.parametrize("login", [None, ("reader", "wrong"), ("nobody", "open sesame"), ("", "")])
def test_without_a_login_nothing_is_told(locked: str, path: str, login: tuple[str, str] | None) -> None:
    """Not even which paths there are."""
    for response in (httpx.get(locked + path, auth=login), httpx.post(locked + path, auth=login, json={})):
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Basic ")
        assert "default-src 'none'" in response.headers["content-security-policy"]


def test_who_logs_in_is_served(locked: str) -> None:
    """The page and the endpoints, with a password that is more than ASCII."""
    for login in (("reader", "open sesame"), ("lesende", "öffne dich: bitte")):
        assert "Fundstelle" in httpx.get(locked, auth=login).text
        assert httpx.post(f"{locked}/gradio_api/call/articles", auth=login, json={"data": []}).status_code == 200


def test_guessing_ends_soon(locked: str) -> None:
    """After some wrong passwords even the right one has to wait; requests without any, as browsers send first, do not count."""
    for _ in range(FAILURES + 5):
        assert httpx.get(locked).status_code == 401
    for _ in range(FAILURES):
        assert httpx.get(locked, auth=("reader", "guess")).status_code == 401
    refused = httpx.get(locked, auth=("reader", "open sesame"))
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 61


def test_failures_are_forgotten_after_a_while() -> None:
    """Who waited may try again."""
    now = [0.0]
    attempts = Attempts(clock=lambda: now[0])
    for _ in range(FAILURES):
        assert attempts.wait("::1") == 0
        attempts.failed("::1")
    assert attempts.wait("::1") > 0
    assert attempts.wait("127.0.0.1") == 0
    now[0] = 61.0
    assert attempts.wait("::1") == 0


@pytest.mark.parametrize("pair", ["reader", "reader:", ":open sesame", ""])
def test_a_login_that_is_none_is_refused(pair: str) -> None:
    """Before anything is served."""
    with pytest.raises(SettingsError, match="user:password"):
        Logins([pair])


def test_a_short_password_is_for_this_machine_alone() -> None:
    """Others could guess it; the message says whose, not what it is."""
    short = Logins(["reader:abc123"])
    check_reach("127.0.0.1", logins=short, trusted=())
    with pytest.raises(SettingsError, match=r"'reader' is too short .* 8 characters") as error:
        check_reach("192.168.1.5", logins=short, trusted=())
    assert "abc123" not in str(error.value)


def test_a_client_cannot_say_who_it_is() -> None:
    """The header that names the user is the guard's alone."""
    scope = {"headers": [(USER_HEADER.encode(), b"c29tZW9uZQ=="), (b"host", b"localhost")]}
    assert kept_headers(scope, page=False, user=None) == [(b"host", b"localhost")]
    name = dict(kept_headers(scope, page=False, user="läser"))[USER_HEADER.encode()]
    assert logged_in(name.decode()) == "läser"
    assert logged_in(None) is None


def test_web_sockets_are_closed(address: str) -> None:
    """The page needs none, so none is let past the guard."""
    with socket.create_connection(("127.0.0.1", int(address.rsplit(":", 1)[1])), timeout=5) as connection:
        connection.sendall(
            b"GET /gradio_api/queue/join HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Key: dGVzdHRlc3R0ZXN0dGVzdA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        )
        assert b" 101 " not in connection.recv(200)


def test_a_taken_port_is_named_with_the_remedy() -> None:
    """The message says which port and which option."""
    with listen("127.0.0.1", port=0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"Port {port} .*--port"):
            serve(NOBODY, port=port)


def test_an_impossible_port_is_refused() -> None:
    """A number that is no port is a setting that cannot be used."""
    with pytest.raises(SettingsError, match="--port"):
        listen("127.0.0.1", port=70000)


def test_paths_that_climb_are_not_allowed() -> None:
    """A folder that is open does not open its neighbours."""
    assert allowed_path("/assets/x.js")
    assert not allowed_path("/assets/../gradio_api/info")
    assert not allowed_path("/gradio_api/file=/etc/passwd")


def test_the_policy_hashes_inline_scripts_only() -> None:
    """Scripts with a source need no hash."""
    assert policy(b"<script src='a.js'></script>").count("sha256-") == 0
    assert policy(b"<script>a</script><script type=module>b</script>").count("sha256-") == 2


def test_importing_the_server_does_not_load_gradio() -> None:
    """Gradio is loaded when a page is made, not before."""
    code = "import sys, assistant, assistant.types, assistant.web.server; sys.exit('gradio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[2]).returncode == 0
