"""The decorators that make routes of the console's handlers, which get the console itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Unpack

from starlette.requests import Request
from starlette.types import ASGIApp

from portico.asgi.routing import Limits, Route
from portico.web.console.frame.page import Console, open_console
from portico.web.shared import routes
from portico.web.shared.site import Site

ConsoleHandler = Callable[[Console], Awaitable[ASGIApp]]


def get(*paths: str) -> Callable[[ConsoleHandler], Route]:
    """Make a route that shows a page of the console."""
    return _in_console(routes.get(*paths))


def post(*paths: str, **limits: Unpack[Limits]) -> Callable[[ConsoleHandler], Route]:
    """Make a route that receives a form of the console."""
    return _in_console(routes.post(*paths, **limits))


def _in_console(
    make_route: Callable[[routes.PageHandler], Route],
) -> Callable[[ConsoleHandler], Route]:
    def decorate(handler: ConsoleHandler) -> Route:
        @wraps(handler)
        async def handle(site: Site, request: Request, **path: str) -> ASGIApp:
            return await handler(await open_console(site, request))

        return make_route(handle)

    return decorate
