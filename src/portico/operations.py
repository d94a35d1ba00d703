"""The name of every route's operation, as metrics, traces and the log of slow requests use it.

An operation of the API has the name of its handler, a page of the console that of its noun, and
any other route the name of its handler. There are as many names as routes, whatever clients send.
"""

from __future__ import annotations

from collections.abc import Mapping

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from portico.asgi.request_counts import OPERATION_NAME
from portico.http.kit.operations import OPERATION, Operation

NOT_MODIFIED = 304
_PAGE_STATUSES = {
    "GET": (200, 303, 304, 400, 403, 404, 500, 503),
    "HEAD": (200, 404),
    "POST": (200, 204, 303, 400, 403, 404, 409, 413, 429, 500, 503),
    "OPTIONS": (204,),
}
_CONSOLE = "/console"


def name_operations(app: Litestar) -> Mapping[tuple[str, str], frozenset[int]]:
    """Name the operation of each route.

    Returns the usual statuses of every operation and method.
    """
    statuses: dict[tuple[str, str], frozenset[int]] = {}
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            name = handler.opt[OPERATION_NAME] = _name(route.path, handler)
            for method in handler.http_methods:
                key = (name, str(method))
                statuses[key] = statuses.get(key, frozenset()) | _statuses(str(method), handler)
    return statuses


def _name(path: str, handler: HTTPRouteHandler) -> str:
    described: Operation | None = handler.opt.get(OPERATION)
    if described is not None:
        return described.name
    if "OPTIONS" in handler.http_methods:
        return "options"
    if path == _CONSOLE or path.startswith(f"{_CONSOLE}/"):
        return _console_name(path)
    return handler.handler_name


def _console_name(path: str) -> str:
    """Return `console_` and the noun: the first part after `/console` that is no parameter."""
    parts = [part for part in path.split("/")[2:] if part and not part.startswith("{")]
    return "_".join(("console", *parts[:1])).replace("-", "_").removesuffix(".csv")


def _statuses(method: str, handler: HTTPRouteHandler) -> frozenset[int]:
    described: Operation | None = handler.opt.get(OPERATION)
    if described is None:
        return frozenset(_PAGE_STATUSES.get(method, ()))
    unchanged = {NOT_MODIFIED} if method == "GET" else set()
    return frozenset({described.status, *described.statuses} | unchanged)
