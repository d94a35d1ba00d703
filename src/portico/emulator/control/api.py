"""The control API as an ASGI layer: it answers what is below `/_portico` and passes on the rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.enums import ScopeType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.types import ASGIApp, Receive, Scope, Send

from portico import __version__
from portico.asgi.routing import Application, OwnRouter
from portico.emulator.control.guard import NotLocal, require_local
from portico.emulator.control.problems import answer_problem, exception_handlers, problem_of
from portico.emulator.stand_in import StandIn

PREFIX = "/_portico"
BODY_LIMIT_BYTES = 5 * 1024 * 1024


class ControlApi:
    """Serves the control routes to this machine; `app` serves everything else.

    Control requests meet none of the inner layers: neither journal nor faults.
    """

    def __init__(
        self, app: ASGIApp, *, stand_in: StandIn, routes: Sequence[HTTPRouteHandler]
    ) -> None:
        self._app = app
        self._control = _application(stand_in, routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass it on."""
        if scope["type"] != ScopeType.HTTP or not _is_control(scope["path"]):
            await self._app(scope, receive, send)
            return
        try:
            require_local(scope)
        except NotLocal as error:
            request: Request[Any, Any, Any] = Request(scope)
            answer = answer_problem(problem_of(error)).to_asgi_response(None, request)
            await answer(scope, receive, send)
            return
        await self._control(scope, receive, send)


def _is_control(path: str) -> bool:
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def _application(stand_in: StandIn, routes: Sequence[HTTPRouteHandler]) -> ASGIApp:
    @get("/openapi.json", summary="Describe the control API by OpenAPI")
    async def read_document(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Return the OpenAPI document of the control API."""
        return Response(_document(every), media_type="application/json")

    every = (*routes, read_document)
    application = Application(
        route_handlers=[OwnRouter(PREFIX, route_handlers=every)],
        state=State({"stand_in": stand_in}),
        exception_handlers=exception_handlers(),
        request_max_body_size=BODY_LIMIT_BYTES,
        openapi_config=None,
        logging_config=None,
    )
    return cast("ASGIApp", application)


def _document(routes: Sequence[HTTPRouteHandler]) -> bytes:
    """Return the OpenAPI document. Rarely asked for, so that it is made on demand."""
    described = Litestar(
        route_handlers=[OwnRouter(PREFIX, route_handlers=routes)],
        openapi_config=OpenAPIConfig(title="Portico stand-in control API", version=__version__),
        logging_config=None,
    )
    return msgspec.json.encode(described.openapi_schema.to_schema())
