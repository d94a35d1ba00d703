"""The decorators that make routes of the console's handlers, which get the console itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Unpack

from starlette.requests import Request
from starlette.types import ASGIApp

from portico.asgi.routing import Limits, Route, route
from portico.web.console.frame.page import Console, open_console
from portico.web.shared.site import site_of

ConsoleHandler = Callable[[Console], Awaitable[ASGIApp]]


def get(*paths: str) -> Callable[[ConsoleHandler], Route]:
    """Make a route that shows a page of the console."""
    return _console_route("GET", *paths)


def post(*paths: str, **limits: Unpack[Limits]) -> Callable[[ConsoleHandler], Route]:
    """Make a route that receives a form of the console."""
    return _console_route("POST", *paths, **limits)


def _console_route(
    method: str, *paths: str, **limits: Unpack[Limits]
) -> Callable[[ConsoleHandler], Route]:
    def decorate(handler: ConsoleHandler) -> Route:
        @wraps(handler)
        async def handle(request: Request) -> ASGIApp:
            return await handler(await open_console(site_of(request), request))

        return route(method, *paths, **limits)(handle)

    return decorate
