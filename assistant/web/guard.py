"""What every response carries and which requests are let through: login, origin, paths and security headers, as ASGI middleware.

Gradio brings many more routes than this page needs (proxy, monitoring, run history, code editing). An allow list keeps them shut
whatever a later release adds or an environment switch turns on.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from assistant.messages import ASK_PATH, CANCEL_PATH, CHECK_PATH, SEARCH_PATH
from assistant.web.logins import Attempts, Logins

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

NAMED: Final = ("ask", "search", "add", "articles")
"""The endpoints that programs may use."""
TOOLS_PATH: Final = "/mcp"
ARTICLE_PATH: Final = "/look/article"
WORDS_PATH: Final = "/look/words"
INTERNAL_PATHS: Final = (ASK_PATH, SEARCH_PATH, CANCEL_PATH, CHECK_PATH)
PATHS: Final = frozenset(
    {
        "/",
        "/config",
        "/favicon.ico",
        "/theme.css",
        "/gradio_api/app_id",  # asked for until the server is back
        "/gradio_api/startup-events",
        "/gradio_api/queue/join",
        "/gradio_api/queue/data",
        "/gradio_api/cancel",
        "/gradio_api/run/predict",
        "/gradio_api/reset",
        "/gradio_api/upload",
        "/gradio_api/upload_progress",
        "/gradio_api/info",
        ARTICLE_PATH,
        WORDS_PATH,
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
USER_HEADER: Final = "x-fundstelle-user"
"""Tells the page who is logged in; whatever a client sends under this name is dropped."""
CHALLENGE: Final = 'Basic realm="Fundstelle", charset="UTF-8"'
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
FIRST_STYLE: Final = (Path(__file__).parent / "first.css").read_bytes()
OF_GRADIO: Final = re.compile(rb'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>')
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
    """Refuses paths the page does not need, writes from other pages and, where there are logins, who has none; secures every response.

    Runs inside ``TrustedHostMiddleware``: an origin is compared with a host that has already been checked.
    """

    def __init__(self, app: ASGIApp, *, tools: bool = False, logins: Logins | None = None) -> None:
        """``tools`` lets through what the tools need too. Without ``logins`` nobody is asked who they are."""
        self.app = app
        self._tools = tools
        self._logins = logins or Logins(())
        self._attempts = Attempts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI connection; of its kinds the page needs only HTTP."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = Headers(scope=scope)
        user = self._logins.user(headers.get("authorization"))
        refusal = self._refusal(scope, headers, user=user)
        page = scope["path"] == "/"
        inner = {**scope, "headers": kept_headers(scope, page=page, user=user)}
        sender = PageSender(send) if page else HeaderSender(send)
        await (refusal or self.app)(inner, receive, sender)

    def _refusal(self, scope: Scope, headers: Headers, *, user: str | None) -> PlainTextResponse | None:
        """Why a request goes no further; None if it does."""
        path, method = scope["path"], scope["method"]
        # These have their own key, and answer only this machine.
        if self._logins and path not in INTERNAL_PATHS:
            address = (scope.get("client") or ("",))[0]
            if wait := self._attempts.wait(address):
                text = "Too many wrong logins. Try again in a minute."
                return PlainTextResponse(text, status_code=429, headers={"Retry-After": str(round(wait) + 1)})
            if user is None:
                if "authorization" in headers:
                    self._attempts.failed(address)
                return PlainTextResponse("Log in to use this page", status_code=401, headers={"WWW-Authenticate": CHALLENGE})
        if not allowed_path(path, tools=self._tools):
            return PlainTextResponse("Not found", status_code=404)
        if method not in SAFE_METHODS and not own_origin(headers):
            return PlainTextResponse("Refused: the request comes from another page", status_code=403)
        return None


def kept_headers(scope: Scope, *, page: bool, user: str | None) -> list[tuple[bytes, bytes]]:
    """The request's headers, with the name of its ``user``, without those that would move the page to another address, or compress it before its scripts are hashed."""
    headers: list[tuple[bytes, bytes]] = scope["headers"]
    dropped = (b"x-forwarded-", USER_HEADER.encode(), *([b"accept-encoding"] if page else []))
    kept = [(name, value) for name, value in headers if not name.startswith(dropped)]
    return [*kept, (USER_HEADER.encode(), base64.urlsafe_b64encode(user.encode()))] if user else kept


def logged_in(value: str | None) -> str | None:
    """The name in the header ``USER_HEADER`` that ``Guard`` sets, None where nobody is logged in."""
    return base64.urlsafe_b64decode(value).decode() if value else None


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
        body = dressed(self.body)
        secure(self.start, page=body)
        headers = MutableHeaders(scope=self.start)
        headers["Cache-Control"] = "no-store"
        if body:  # of a HEAD request only the length is told
            headers["Content-Length"] = str(len(body))
        await self.send(self.start)
        await self.send({"type": "http.response.body", "body": body})


def dressed(page: bytes) -> bytes:
    """Gradio's page (HTML) without what it says of itself, and with how it looks until its styles are loaded."""
    return OF_GRADIO.sub(b"", page).replace(b"</head>", b"<style>%b</style></head>" % FIRST_STYLE, 1)


def secure(start: Message, *, page: bytes) -> None:
    """Put the security headers on the start of a response."""
    headers = MutableHeaders(scope=start)
    for name, value in HEADERS.items():
        headers[name] = value
    headers["Content-Security-Policy"] = policy(page)
    # Gradio allows any origin on this machine to read its answers; this page has no readers but itself.
    for name in [key for key in headers if key.lower().startswith("access-control-")]:
        del headers[name]
