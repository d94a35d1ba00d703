"""Every route of the application, as the router itself knows them, and what to put in their paths.

Nothing here lists routes: a new one is walked by every contract test from its first day.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp

from portico.app import create_app
from portico.asgi.routing import Application
from portico.http.kit.operations import Operation, description_of
from portico.settings import Settings
from tests.certificates import certificate_pem
from tests.harness import (
    APPLICATIONS,
    AUPS,
    CERTIFICATES,
    ISSUED,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    assert_error,
)

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
UNKNOWN_ID = "111"
PAGES = ("/console", "/p/", "/sign-in/", "/static/{", "/docs/{")
"""Where the pages of both faces begin; they speak HTML, and tests/web looks at them."""


@dataclass(frozen=True)
class Route:
    """A method on a path with `{names}` in it. Probes and pages have no operation."""

    method: str
    path: str
    operation: Operation | None = field(compare=False)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def names(self) -> list[str]:
        """The path parameters, in order."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def noun(self) -> str:
        """The path of the resource below the tenant, such as `userPortalLink`."""
        below = self.path.partition("{customerId}/")[2]
        nouns = (AUPS, MICROTENANTS, LINKS, PORTALS, CERTIFICATES, ISSUED, APPLICATIONS)
        return next(noun for noun in nouns if below.startswith(noun))

    def filled(self, **values: str) -> str:
        """The path with its parameters."""
        return self.path.format(**values)


def is_page(path: str) -> bool:
    """Whether a path shows a page of the console or of a portal, or a part of one."""
    return path.startswith(PAGES)


def router_of(app: ASGIApp) -> Application:
    """The router inside the layers of an application."""
    layer: Any = app
    while not isinstance(layer, Application):
        layer = vars(layer)["_app"]
    return layer


def all_routes() -> list[Route]:
    """Every route but the pages', sorted, without the router's own answers to OPTIONS."""
    router = router_of(create_app(Settings(access_log=False)))
    return sorted(
        (
            Route(each.route.method, each.path, description_of(each.route))
            for each in router.placed
            if each.route.method != "OPTIONS" and not is_page(each.path)
        ),
        key=str,
    )


ROUTES = all_routes()
OPERATIONS = [route for route in ROUTES if route.operation is not None]
PROTECTED = [route for route in OPERATIONS if route.operation and not route.operation.public]
OF_TENANT = [route for route in PROTECTED if "customerId" in route.names]
WITH_ID = [route for route in OF_TENANT if len(route.names) > 1]
WITH_BODY = [
    route
    for route in PROTECTED
    if route.operation and route.operation.body is not None and not route.operation.form
]
READING_POSTS = ("microtenants/search", "/signout")
WRITES = [
    route for route in OF_TENANT if route.method != "GET" and not route.path.endswith(READING_POSTS)
]


def plain(routes: list[Route]) -> list[Route]:
    """The routes without the second deployment's prefix."""
    return [route for route in routes if not route.path.startswith("/zpa")]


@dataclass(frozen=True)
class Home:
    """A tenant with one of everything in it, and its administrator."""

    admin: Caller
    ids: dict[str, str]

    def path(self, route: Route, **replaced: str) -> str:
        """A route's path that leads to this tenant's objects, but for what is replaced."""
        values = {"customerId": self.admin.customer_id}
        if "id" in route.names:
            values["id"] = self.ids[route.noun]
        if "portalId" in route.names:
            values["portalId"] = self.ids[PORTALS]
        return route.filled(**(values | replaced))


Body = dict[str, Any]
BODIES: dict[str, Body] = {
    LINKS: {"name": "Contract link", "link": "contract.example.com"},
    f"{LINKS}/bulk": {"userPortalLinks": [{"name": "Bulk link", "link": "bulk.example.com"}]},
    PORTALS: {"name": "Contract portal"},
    AUPS: {"name": "Contract policy"},
    CERTIFICATES: {"name": "Contract certificate", "certBlob": certificate_pem()},
    MICROTENANTS: {"name": "Contract microtenant"},
    f"{MICROTENANTS}/search": {},
}


def body_for(route: Route) -> Body | None:
    """A body that the route takes, or None when it takes none."""
    if route not in WITH_BODY:
        return None
    below = route.path.partition("{customerId}/")[2]
    return BODIES[below if below in BODIES else route.noun]


def assert_refused(caller: Caller, route: Route, path: str, status: int, code: str) -> None:
    """Checks that a call of a route with the caller's token is refused in an envelope."""
    answer = caller.http.request(
        route.method,
        path,
        json=body_for(route),
        headers={"Authorization": f"Bearer {caller.token}"},
    )
    params = answer.json().get("params", [])

    assert_error(answer, status, code, *params)
