"""Signing in ahead of the router: clients do it before every command, so it must cost little.

It knows the plainest request alone, a short form with a client id and its secret, and answers what
`http.identity` would. Anything else goes to the router, with the body that was read.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portico.asgi.bodies import received_again
from portico.asgi.exchange import exchange_in
from portico.asgi.request_counts import RequestCounts
from portico.domain.errors import InvalidField, Unavailable
from portico.domain.tenancy.identity import ApiClient, secret_matches
from portico.http.kit.answers import (
    GZIP_FROM_BYTES,
    JSON,
    NO_STORE,
    VARY,
    encode,
    send_whole,
)
from portico.http.kit.tokens import Tokens
from portico.http.tenancy.identity import FORM, PRESENT_TOKEN, SIGN_IN, TOKEN, parse_form
from portico.services import access
from portico.storage.engine.connections import Database

LONGEST_FORM = 2_048
CACHED_CLIENTS = 10_000
_FORM = FORM.encode()
OPERATIONS = {SIGN_IN: "sign_in", TOKEN: "issue_token"}
_BASIC = b"basic "
_HEADERS = [JSON, NO_STORE, VARY]


class HotSignIns:
    """Sign in clients that are cached, if their tenant's revision has not changed since."""

    def __init__(
        self, app: ASGIApp, *, tokens: Tokens, database: Database, counts: RequestCounts
    ) -> None:
        self._app = app
        self._tokens = tokens
        self._database = database
        self._series = {
            path: counts.of_operation(name, "POST") for path, name in OPERATIONS.items()
        }
        self._clients: dict[str, tuple[ApiClient, int]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass it to the router."""
        if scope["type"] != "http" or not _is_plain(scope):
            await self._app(scope, receive, send)
            return
        body, messages = await _read(receive)
        answer = None if body is None else await self._answer(scope["path"], body)
        if answer is None:
            await self._app(scope, received_again(messages, receive), send)
            return
        exchange_in(scope).series = self._series[scope["path"]]
        await send_whole(send, 200, [*_HEADERS], answer)

    async def _answer(self, path: str, body: bytes) -> bytes | None:
        try:
            form = parse_form(body)
            if form.get("grant_type", "client_credentials") != "client_credentials":
                return None
            client = await self._client(form.get("client_id", ""))
        except (InvalidField, Unavailable):
            return None  # the router finds out for itself, and says so
        secret = form.get("client_secret")
        if client is None or not secret or "client_assertion" in form:
            return None
        if client.revoked_time is not None or not secret_matches(client.secret_hash, secret):
            return None
        token = await self._tokens.issue(client)
        answer = encode(PRESENT_TOKEN[path](token, self._tokens.lifetime))
        return answer if len(answer) < GZIP_FROM_BYTES else None

    async def _client(self, client_id: str) -> ApiClient | None:
        cached = self._clients.get(client_id)
        if cached is not None and await self._database.revision(cached[0].customer_id) == cached[1]:
            return cached[0]
        current = await access.client_at_revision(self._database, client_id)
        if current is None:
            return None
        if len(self._clients) >= CACHED_CLIENTS:
            self._clients.clear()
        self._clients[client_id] = current
        return current[0]


def _is_plain(scope: Scope) -> bool:
    """Whether the request posts a form to sign in, without credentials in a header."""
    if scope["method"] != "POST" or scope["path"] not in PRESENT_TOKEN:
        return False
    is_form = False
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:6].lower() == _BASIC:
            return False
        if name == b"content-type":
            is_form = value == _FORM
    return is_form


async def _read(receive: Receive) -> tuple[bytes | None, list[Message]]:
    """Return a short body and its messages. None if it is long or the client disconnected."""
    messages: list[Message] = []
    body = b""
    while len(body) <= LONGEST_FORM:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request":
            break
        body += message["body"]
        if not message.get("more_body"):
            return body, messages
    return None, messages
