"""Routes, and the application that finds the one for a request and answers its errors.

A path is looked up part by part, so a route costs the same wherever it stands in the list. A
router that tries one pattern after another would take longer for the last of 170 than the handler.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TypedDict, Unpack
from urllib.parse import quote

from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portico.domain.errors import PorticoError

Handler = Callable[[Request], Awaitable[ASGIApp]]
AnswerError = Callable[[Request, Exception], ASGIApp]
"""Makes the answer to a request from the exception that its handler raised."""

Lifespan = Callable[["Application"], AbstractAsyncContextManager[None]]

OPTIONS = "OPTIONS"
PATH_LIMIT = 200
_PLACED = "portico_route"
_REST = ":path}"


class NoSuchPath(PorticoError):
    """Nothing is served at the path. The status is 404 on every path."""

    code = "resource.not.found"


class MethodNotAllowed(PorticoError):
    """The path has other methods than this one. `allowed` is the value of the header Allow."""

    code = "method.not.allowed"

    def __init__(self, reason: str, method: str, allowed: str) -> None:
        super().__init__(reason, method)
        self.allowed = allowed


class Limits(TypedDict, total=False):
    """The most bytes of a body, and the most fields of a form."""

    body_limit: int
    form_fields: int


@dataclass(frozen=True, kw_only=True)
class Route:
    """A handler of one method at one or several paths.

    A path has parameters such as `{id}`, and at its end perhaps `{name:path}` for all that remains.
    `name` is the handler's. `operation` describes the route for those that document it.
    Without a limit, that of the group or the usual one applies.
    """

    method: str
    paths: tuple[str, ...]
    handle: Handler
    name: str
    operation: object = None
    body_limit: int | None = None
    form_fields: int | None = None


@dataclass(frozen=True, kw_only=True)
class RouteGroup:
    """Routes below a prefix that share how errors are answered, and layers around them.

    Without `errors` and `body_limit`, those of the application apply.
    """

    prefix: str = ""
    routes: Sequence[Route]
    errors: AnswerError | None = None
    layers: Sequence[Callable[[ASGIApp], ASGIApp]] = ()
    body_limit: int | None = None


@dataclass(frozen=True, kw_only=True)
class PlacedRoute:
    """A route at one of its paths in an application.

    `operation_name` is the name under which its requests are counted, and `serve` answers one.
    """

    route: Route
    path: str
    parameters: tuple[str, ...]
    operation_name: str
    body_limit: int
    serve: ASGIApp


@dataclass
class _Node:
    """A part of the paths. `takes_rest` says that it is a parameter for all that remains."""

    path: str
    takes_rest: bool = False
    children: dict[str, _Node] = field(default_factory=dict)
    parameter: _Node | None = None
    placed: dict[str, PlacedRoute] = field(default_factory=dict)


class Application:
    """An ASGI application with routes. `state` has what it makes when it starts.

    `errors` answers what no group answers itself. `body_limit` is in bytes. `lifespan` is entered
    before the first request, and left after the last. `name_operation` returns the name of the
    operation of a path and a route.
    """

    def __init__(
        self,
        groups: Sequence[RouteGroup],
        *,
        errors: AnswerError,
        body_limit: int,
        lifespan: Lifespan | None = None,
        name_operation: Callable[[str, Route], str] = lambda _, route: route.name,
    ) -> None:
        self.state = State()
        self.placed: list[PlacedRoute] = []
        self._root = _Node("/")
        self._errors = errors
        self._body_limit = body_limit
        self._lifespan = lifespan or (lambda _: nullcontext())
        self._name_operation = name_operation
        for group in groups:
            for route in group.routes:
                for path in route.paths:
                    self._place(route, group, f"{group.prefix}{path}")
        self._answer_options(self._root)

    def _place(self, route: Route, group: RouteGroup, path: str) -> None:
        node, names = self._root, list[str]()
        for part in _parts(path):
            below = f"{node.path.rstrip('/')}/{part}"
            if part.startswith("{"):
                names.append(part.removesuffix(_REST).strip("{}"))
                takes_rest = part.endswith(_REST)
                node.parameter = node.parameter or _Node(below, takes_rest=takes_rest)
                node = node.parameter
                if node.takes_rest != takes_rest or not names[-1].isidentifier():
                    raise ValueError(f"{path} has a parameter that cannot be where {part} is.")
            else:
                node = node.children.setdefault(part, _Node(below))
        if route.method in node.placed:
            raise ValueError(f"Two routes answer {route.method} {path}.")
        serve: ASGIApp = _Answering(route.handle, group.errors or self._errors)
        for layer in reversed(group.layers):
            serve = layer(serve)
        limits = (route.body_limit, group.body_limit, self._body_limit)
        node.placed[route.method] = placed = PlacedRoute(
            route=route,
            path=path,
            parameters=tuple(names),
            operation_name=self._name_operation(path, route),
            body_limit=next(limit for limit in limits if limit is not None),
            serve=serve,
        )
        self.placed.append(placed)

    def _answer_options(self, node: _Node) -> None:
        """Answer OPTIONS at every path with the methods that it has (RFC 9110, section 9.3.7)."""
        if node.placed:
            headers = {"Allow": _allowed(node)}

            async def options(request: Request) -> Response:
                return Response(status_code=204, headers=headers)

            route = Route(method=OPTIONS, paths=(node.path,), handle=options, name="options")
            self._place(route, RouteGroup(routes=()), node.path)
        for below in (*node.children.values(), *filter(None, (node.parameter,))):
            self._answer_options(below)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or run the lifespan. There are no websockets."""
        scope["app"] = self
        if scope["type"] == "http":
            try:
                placed = self._find(scope)
            except PorticoError as error:
                answer = self._errors(Request(scope, receive), error)
                await answer(scope, receive, send)
            else:
                await placed.serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await send({"type": "websocket.close"})

    def _find(self, scope: Scope) -> PlacedRoute:
        """Return the route of a request, whose path has no needless slashes from then on.

        Raises NoSuchPath and MethodNotAllowed.
        """
        path, method = scope["path"], scope["method"]
        parts, values = _parts(path), list[str]()
        node = self._look_up(parts, values)
        if node is None or not node.placed:
            shown = printable_path(path)
            raise NoSuchPath(f"Nothing is served at {shown}.", shown)
        placed = node.placed.get(method)
        if placed is None:
            reason = f"{printable_path(path)} does not allow {method}."
            raise MethodNotAllowed(reason, method, _allowed(node))
        scope["path"] = "/" + "/".join(parts)
        scope["path_params"] = dict(zip(placed.parameters, values, strict=True))
        scope[_PLACED] = placed
        return placed

    def _look_up(self, parts: list[str], values: list[str]) -> _Node | None:
        """Return the node of the parts of a path, and collect the values of its parameters."""
        node = self._root
        for number, part in enumerate(parts):
            child = node.children.get(part)
            if child is not None:
                node = child
                continue
            if node.parameter is None:
                return None
            node = node.parameter
            if node.takes_rest:
                values.append("/".join(parts[number:]))
                return node
            values.append(part)
        return node

    async def _live(self, receive: Receive, send: Send) -> None:
        """Enter the lifespan, and leave it when the server ends (the ASGI specification)."""
        step = "startup"
        await receive()
        try:
            async with self._lifespan(self):
                await send({"type": "lifespan.startup.complete"})
                step = "shutdown"
                await receive()
        except BaseException:
            await send({"type": f"lifespan.{step}.failed", "message": traceback.format_exc()})
            raise
        await send({"type": "lifespan.shutdown.complete"})


class _Answering:
    """The application of one route: its handler, and the answer to an error of it."""

    def __init__(self, handle: Handler, errors: AnswerError) -> None:
        self._handle = handle
        self._errors = errors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. An error after the beginning of the answer cannot be answered."""
        has_begun = False

        async def note_beginning(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        request = Request(scope, receive)
        try:
            answer = await self._handle(request)
            await answer(scope, receive, note_beginning)
        except Exception as error:
            if has_begun:
                raise
            answer = self._errors(request, error)
            await answer(scope, receive, send)


def route(method: str, *paths: str, **limits: Unpack[Limits]) -> Callable[[Handler], Route]:
    """Make a route of a handler that needs nothing but the request."""

    def decorate(handler: Handler) -> Route:
        return Route(method=method, paths=paths, handle=handler, name=handler.__name__, **limits)

    return decorate


def has_route(scope: Scope) -> bool:
    """Return whether the route of a request was found."""
    return _PLACED in scope


def placed_route(scope: Scope) -> PlacedRoute:
    """Return the route that serves a request."""
    placed: PlacedRoute = scope[_PLACED]
    return placed


def printable_path(path: str) -> str:
    """Return a path for an error message: percent-encoded again, and cut to a limit."""
    return quote(path, safe="/:@!$&'()*+,;=~", errors="replace")[:PATH_LIMIT]


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _allowed(node: _Node) -> str:
    return ", ".join(sorted({*node.placed, OPTIONS}))
