"""Makes a request see the time of the tenant that its path names."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from portico.emulator.clock import EmulatedClock

_TENANT = re.compile(r"(?:/customers|^/console)/([0-9]{1,19})(?:/|$)")


class TenantTime:
    """Serves each request at the time of its tenant, or at the common time."""

    def __init__(self, app: ASGIApp, *, clock: EmulatedClock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        named = _TENANT.search(scope["path"])
        with self._clock.serving(int(named[1]) if named else None):
            await self._app(scope, receive, send)
