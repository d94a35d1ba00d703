"""An ASGI layer that collects the database statements of each request."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from portico.asgi.exchange import exchange_in
from portico.storage.engine.usage import DatabaseUsage


class FollowedStatements:
    """Collects statements in the exchange, each with its own time if `one_by_one` is set."""

    def __init__(self, app: ASGIApp, usage: DatabaseUsage, *, one_by_one: bool) -> None:
        self._app = app
        self._usage = usage
        self._one_by_one = one_by_one

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            exchange_in(scope).statements = self._usage.follow(one_by_one=self._one_by_one)
        await self._app(scope, receive, send)
