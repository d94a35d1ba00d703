"""The decorators that make routes of the console's handlers, which get the console itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.types import ASGIApp

from portico.asgi.routing import Route
from portico.web.console.frame.page import Console, open_console
from portico.web.shared.site import site_of

ConsoleHandler = Callable[[Console], Awaitable[ASGIApp]]


def get(*paths: str) -> Callable[[ConsoleHandler], Route]:
    """Make a route that shows a page of the console."""
    return _route("GET", *paths)


def post(
    *paths: str, body_limit: int | None = None, form_fields: int | None = None
) -> Callable[[ConsoleHandler], Route]:
    """Make a route that receives a form, of at most `body_limit` bytes and `form_fields` fields."""
    return _route("POST", *paths, body_limit=body_limit, form_fields=form_fields)


def _route(
    method: str, *paths: str, body_limit: int | None = None, form_fields: int | None = None
) -> Callable[[ConsoleHandler], Route]:
    def decorate(handler: ConsoleHandler) -> Route:
        async def handle(request: Request) -> ASGIApp:
            return await handler(await open_console(site_of(request), request))

        return Route(
            method=method,
            paths=paths,
            handle=handle,
            name=handler.__name__,
            body_limit=body_limit,
            form_fields=form_fields,
        )

    return decorate
