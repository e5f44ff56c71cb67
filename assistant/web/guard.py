"""What every response carries and which requests are let through: host, origin, paths and security headers, as ASGI middleware.

Gradio brings many more routes than this page needs (proxy, monitoring, run history, code editing). An allow list keeps them shut
whatever a later release adds or an environment switch turns on.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from assistant.remote import ASK_PATH, CANCEL_PATH, SEARCH_PATH

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMED: Final = ("ask", "search", "add", "articles")
"""The endpoints that programs may use."""
TOOLS_PATH: Final = "/mcp"
INTERNAL_PATHS: Final = (ASK_PATH, SEARCH_PATH, CANCEL_PATH)
PATHS: Final = frozenset(
    {
        "/",
        "/config",
        "/favicon.ico",
        "/theme.css",
        "/gradio_api/startup-events",
        "/gradio_api/queue/join",
        "/gradio_api/queue/data",
        "/gradio_api/cancel",
        "/gradio_api/run/predict",
        "/gradio_api/reset",
        "/gradio_api/upload",
        "/gradio_api/upload_progress",
        "/gradio_api/info",
        *INTERNAL_PATHS,
        *(f"/gradio_api/call/{name}" for name in NAMED),
    }
)
FOLDERS: Final = (
    "/assets/",
    "/static/",
    "/svelte/",
    "/gradio_api/heartbeat/",
    *(f"/gradio_api/call/{name}/" for name in NAMED),
)
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
INLINE_SCRIPT: Final = re.compile(rb"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL | re.IGNORECASE)

# gr.HTML fills its template with Function(), hence 'unsafe-eval'; inline script and handlers stay forbidden except the page's own, by hash.
POLICY: Final = (
    "default-src 'none'; script-src 'self' 'unsafe-eval'{hashes}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self'; manifest-src 'self'; media-src 'none'; object-src 'none'; frame-src 'none'; "
    "worker-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow",
}


def policy(page: bytes = b"") -> str:
    """The content security policy of a response; the inline scripts of ``page`` (HTML) are allowed by their hashes."""
    digests = [base64.b64encode(hashlib.sha256(script).digest()).decode() for script in INLINE_SCRIPT.findall(page)]
    return POLICY.format(hashes="".join(f" 'sha256-{digest}'" for digest in digests))


def allowed_path(path: str, *, tools: bool = False) -> bool:
    """Whether the page, the named endpoints or, if they are offered, the ``tools`` need ``path``."""
    return path in PATHS or (path.startswith(FOLDERS) and ".." not in path) or (tools and path == TOOLS_PATH)


def own_origin(headers: Headers) -> bool:
    """Whether a request comes from the page itself (or from no page at all, such as a command line)."""
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
    return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


class Guard:
    """Refuses paths the page does not need and writes from other pages, and adds the security headers to every response.

    Runs inside ``TrustedHostMiddleware``: an origin is compared with a host that has already been checked.
    """

    def __init__(self, app: ASGIApp, *, tools: bool = False) -> None:
        """``tools`` lets through what the tools need too."""
        self.app = app
        self._tools = tools

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        refusal = None
        if not allowed_path(scope["path"], tools=self._tools):
            refusal = PlainTextResponse("Not found", status_code=404)
        elif scope["method"] not in SAFE_METHODS and not own_origin(Headers(scope=scope)):
            refusal = PlainTextResponse("Refused: the request comes from another page", status_code=403)
        page = scope["path"] == "/"
        inner = {**scope, "headers": kept_headers(scope, page=page)}
        sender = PageSender(send) if page else HeaderSender(send)
        await (refusal or self.app)(inner, receive, sender)


def kept_headers(scope: Scope, *, page: bool) -> list[tuple[bytes, bytes]]:
    """The request's headers without those that would move the page to another address, or compress it before its scripts are hashed."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    return [
        (name, value)
        for name, value in headers
        if not name.startswith(b"x-forwarded-") and not (page and name == b"accept-encoding")
    ]


class HeaderSender:
    """Adds the security headers to a response as it starts."""

    def __init__(self, send: Send) -> None:
        self.send = send

    async def __call__(self, message: Message) -> None:
        """Pass one ASGI message on."""
        if message["type"] == "http.response.start":
            secure(message, page=b"")
        await self.send(message)


class PageSender:
    """The same for the page itself, held back until it is whole because its inline scripts are allowed by hash."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        """Keep the start and the parts of the body; send all of it after the last part."""
        if message["type"] == "http.response.start":
            self.start = message
            return
        self.body += message.get("body", b"")
        if message.get("more_body") or self.start is None:
            return
        secure(self.start, page=self.body)
        MutableHeaders(scope=self.start)["Cache-Control"] = "no-store"
        await self.send(self.start)
        await self.send({"type": "http.response.body", "body": self.body})


def secure(start: Message, *, page: bytes) -> None:
    """Put the security headers on the start of a response."""
    headers = MutableHeaders(scope=start)
    for name, value in HEADERS.items():
        headers[name] = value
    headers["Content-Security-Policy"] = policy(page)
    # Gradio allows any origin on this machine to read its answers; this page has no readers but itself.
    for name in [key for key in headers if key.lower().startswith("access-control-")]:
        del headers[name]
