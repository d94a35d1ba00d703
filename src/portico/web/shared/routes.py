"""The decorators that make routes of the handlers of pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Concatenate, Unpack

from starlette.requests import Request
from starlette.types import ASGIApp

from portico.asgi.routing import Limits, Route, route
from portico.web.shared.site import Site, site_of

PageHandler = Callable[Concatenate[Site, Request, ...], Awaitable[ASGIApp]]
"""Answers with a page. It gets the parameters of the path, which are texts, by their names."""


def get(*paths: str) -> Callable[[PageHandler], Route]:
    """Make a route that shows a page."""
    return _page_route("GET", *paths)


def post(*paths: str, **limits: Unpack[Limits]) -> Callable[[PageHandler], Route]:
    """Make a route that receives a form."""
    return _page_route("POST", *paths, **limits)


def _page_route(
    method: str, *paths: str, **limits: Unpack[Limits]
) -> Callable[[PageHandler], Route]:
    def decorate(handler: PageHandler) -> Route:
        @wraps(handler)
        async def handle(request: Request) -> ASGIApp:
            return await handler(site_of(request), request, **request.path_params)

        return route(method, *paths, **limits)(handle)

    return decorate
