"""The control API as an ASGI layer: it answers what is below `/_portico` and passes on the rest."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.types import ASGIApp, Receive, Scope, Send

from portico.asgi.routing import Application, Route, RouteGroup
from portico.emulator.control.guard import NotLocal, require_local
from portico.emulator.control.openapi import read_document
from portico.emulator.control.problems import answer_control_error, answer_problem, problem_of
from portico.emulator.stand_in import StandIn

PREFIX = "/_portico"
BODY_LIMIT_BYTES = 5 * 1024 * 1024


class ControlApi:
    """Serves the control routes to this machine; `app` serves everything else.

    Control requests meet none of the inner layers: neither journal nor faults.
    """

    def __init__(self, app: ASGIApp, *, stand_in: StandIn, routes: Sequence[Route]) -> None:
        self._app = app
        self._control = Application(
            [RouteGroup(prefix=PREFIX, routes=(*routes, read_document))],
            errors=answer_control_error,
            body_limit=BODY_LIMIT_BYTES,
        )
        self._control.state.stand_in = stand_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass it on."""
        if scope["type"] != "http" or not _is_control(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            require_local(scope)
        except NotLocal as error:
            await answer_problem(problem_of(error))(scope, receive, send)
            return
        await self._control(scope, receive, send)


def _is_control(path: str) -> bool:
    return path == PREFIX or path.startswith(f"{PREFIX}/")
