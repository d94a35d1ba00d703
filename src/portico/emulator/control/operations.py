"""The decorator that makes routes of the control API's handlers, and describes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from inspect import getdoc
from typing import Any, Literal, TypeAlias, get_type_hints

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from portico.asgi.bodies import read_body
from portico.asgi.routing import Application, PlacedRoute, Route
from portico.domain.errors import InvalidField
from portico.emulator.control.wire import Query

JSON = "application/json"
Method = Literal["GET", "POST", "PUT", "DELETE"]
Answered: TypeAlias = msgspec.Struct | Response | None
ControlHandler: TypeAlias = Callable[..., Awaitable[Answered]]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What a route does, takes and answers. `query` and `body` are None if it takes none.

    `answer` is the type of what the handler returns, and `media_types` are those of a Response.
    """

    summary: str
    description: str
    query: type[Query] | None
    body: Any
    answer: type
    status: int
    media_types: Sequence[str]


def operation(
    method: Method,
    path: str,
    *,
    summary: str,
    status: int = 200,
    media_types: Sequence[str] = (JSON,),
) -> Callable[[ControlHandler], Route]:
    """Make a route of a handler, whose annotations and docstring describe it.

    The handler takes the request and, by their names, the parameters of the path. An argument
    `query` or `body` is decoded to its type. A struct that it returns becomes JSON with the status,
    None an answer without a body, and a Response stays as it is.
    """

    def decorate(handler: ControlHandler) -> Route:
        types = get_type_hints(handler)
        described = Operation(
            summary=summary,
            description=getdoc(handler) or "",
            query=types.get("query"),
            body=types.get("body"),
            answer=types["return"],
            status=status,
            media_types=media_types,
        )

        async def handle(request: Request) -> Response:
            answer = await handler(request, **await _arguments(described, request))
            return _response(answer, status)

        name = handler.__name__
        return Route(method=method, paths=(path,), handle=handle, name=name, operation=described)

    return decorate


def described_routes(app: Application) -> list[tuple[PlacedRoute, Operation]]:
    """Return the routes of an application that have a description."""
    return [
        (placed, placed.route.operation)
        for placed in app.placed
        if isinstance(placed.route.operation, Operation)
    ]


async def _arguments(described: Operation, request: Request) -> dict[str, Any]:
    """Return what a handler takes beside the request. Raises InvalidField and BodyTooLarge.

    Numbers, booleans and null can be texts, in the body as in the query. An empty body is the same
    as null.
    """
    found: dict[str, Any] = dict(request.path_params)
    if described.query is not None:
        given = dict(request.query_params)
        with _refusing("query"):
            found["query"] = msgspec.convert(given, described.query, strict=False)
    if described.body is not None:
        content = await read_body(request)
        if not content and not isinstance(None, described.body):
            raise InvalidField("body", "Send a JSON object.")
        with _refusing("body"):
            found["body"] = msgspec.json.decode(
                content or b"null", type=described.body, strict=False
            )
    return found


@contextmanager
def _refusing(part: str) -> Iterator[None]:
    """Raise InvalidField for what cannot be decoded, with the field that msgspec names."""
    try:
        yield
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        why, _, field = str(error).partition(" - at `$")
        if "Invalid enum value" in why:
            why += ". GET /_portico/openapi.json lists the values"
        raise InvalidField(field.strip(".`") or part, f"{why}.") from None


def _response(answer: Answered, status: int) -> Response:
    if isinstance(answer, Response):
        return answer
    if answer is None:
        return Response(status_code=status)
    return Response(msgspec.json.encode(answer), status, media_type=JSON)
