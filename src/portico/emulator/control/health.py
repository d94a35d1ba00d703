"""`GET /_portico/health` and `GET /_portico/routes`."""

from __future__ import annotations

from starlette.requests import Request

from portico import __version__
from portico.emulator.control.operations import described_routes, operation
from portico.emulator.control.wire import Answer, stand_in_of


class HealthAnswer(Answer, frozen=True, kw_only=True):
    """The stand-in answers: its version and its number of tenants."""

    status: str
    version: str
    tenants: int


class Route(Answer, frozen=True, kw_only=True):
    """A method and a path of the control API, and its purpose."""

    method: str
    path: str
    summary: str


class RoutesAnswer(Answer, frozen=True, kw_only=True):
    """Every route of the control API."""

    routes: list[Route]


@operation("GET", "/health", summary="Report that the stand-in is ready")
async def read_health(request: Request) -> HealthAnswer:
    """Return the version and the number of tenants."""
    tenants = await stand_in_of(request).tenants()
    return HealthAnswer(status="ready", version=__version__, tenants=len(tenants))


@operation("GET", "/routes", summary="List the routes of the control API")
async def list_routes(request: Request) -> RoutesAnswer:
    """Return every method and path with its summary."""
    found = [
        Route(method=placed.route.method, path=placed.path, summary=described.summary)
        for placed, described in described_routes(request.app)
    ]
    return RoutesAnswer(routes=sorted(found, key=lambda each: (each.path, each.method)))


ROUTES = (read_health, list_routes)
