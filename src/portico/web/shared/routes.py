"""The decorators that make routes of the handlers of pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Concatenate

from starlette.requests import Request
from starlette.types import ASGIApp

from portico.asgi.routing import Route
from portico.web.shared.site import Site, site_of

PageHandler = Callable[Concatenate[Site, Request, ...], Awaitable[ASGIApp]]
"""Answers with a page. It gets the parameters of the path, which are texts, by their names."""


def get(path: str) -> Callable[[PageHandler], Route]:
    """Make a route that shows a page."""
    return _route("GET", path)


def post(path: str, *, body_limit: int | None = None) -> Callable[[PageHandler], Route]:
    """Make a route that receives a form of at most `body_limit` bytes."""
    return _route("POST", path, body_limit)


def _route(method: str, path: str, body_limit: int | None = None) -> Callable[[PageHandler], Route]:
    def decorate(handler: PageHandler) -> Route:
        async def handle(request: Request) -> ASGIApp:
            return await handler(site_of(request), request, **request.path_params)

        return Route(
            method=method,
            paths=(path,),
            handle=handle,
            name=handler.__name__,
            body_limit=body_limit,
        )

    return decorate
