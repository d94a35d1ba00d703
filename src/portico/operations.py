"""The name of every route's operation, as metrics, traces and the log of slow requests use it.

An operation of the API has the name of its handler, a page of the console that of its noun, and
any other route the name of its handler. There are as many names as routes, whatever clients send.
"""

from __future__ import annotations

from collections.abc import Mapping

from portico.asgi.routing import OPTIONS, Application, Route
from portico.http.kit.operations import description_of

NOT_MODIFIED = 304
_PAGE_STATUSES = {
    "GET": (200, 303, 304, 400, 403, 404, 500, 503),
    "POST": (200, 204, 303, 400, 403, 404, 409, 413, 429, 500, 503),
    OPTIONS: (204,),
}
_CONSOLE = "/console"


def usual_statuses_of(app: Application) -> Mapping[tuple[str, str], frozenset[int]]:
    """Return the usual statuses of every operation and method of an application."""
    statuses: dict[tuple[str, str], frozenset[int]] = {}
    for placed in app.placed:
        key = (placed.operation_name, placed.route.method)
        statuses[key] = statuses.get(key, frozenset()) | _statuses(placed.route)
    return statuses


def name_operation(path: str, route: Route) -> str:
    """Return the name of the operation of a route at a path."""
    is_page = description_of(route) is None and route.method != OPTIONS
    if is_page and (path == _CONSOLE or path.startswith(f"{_CONSOLE}/")):
        return _console_name(path)
    return route.name


def _console_name(path: str) -> str:
    """Return `console_` and the noun: the first part after `/console` that is no parameter."""
    parts = [part for part in path.split("/")[2:] if part and not part.startswith("{")]
    return "_".join(("console", *parts[:1])).replace("-", "_").removesuffix(".csv")


def _statuses(route: Route) -> frozenset[int]:
    described = description_of(route)
    if described is None:
        return frozenset(_PAGE_STATUSES.get(route.method, ()))
    unchanged = {NOT_MODIFIED} if route.method == "GET" else set()
    return frozenset({described.status, *described.statuses} | unchanged)
