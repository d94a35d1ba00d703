"""How a handler becomes a route that describes itself: the source of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec

from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_200_OK

from portico.http.answers import Answer

P = ParamSpec("P")
OPERATION = "operation"


@dataclass(frozen=True)
class Parameter:
    """A parameter outside the body, as a JSON Schema type tells it."""

    name: str
    place: Literal["path", "query", "header"]
    description: str
    schema: dict[str, Any]
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What a route takes and answers."""

    name: str
    tag: str
    summary: str
    parameters: tuple[Parameter, ...]
    body: Any = None
    required: tuple[str, ...] = ()
    form: bool = False
    answer: Any = None
    status: int = 200
    statuses: tuple[int, ...] = ()
    public: bool = False


_INT64: dict[str, Any] = {"type": "integer", "format": "int64"}
_INT32: dict[str, Any] = {"type": "integer", "format": "int32"}

CUSTOMER_ID = Parameter("customerId", "path", "The id of the tenant.", _INT64, required=True)
MICROTENANT_ID = Parameter(
    "microtenantId",
    "query",
    "The microtenant to work in. Absent or 0: Default. A client that belongs to a microtenant "
    "passes that one's id.",
    {**_INT64, "minimum": 0},
)
LIST_PARAMETERS = (
    Parameter(
        "search",
        "query",
        "Which items, as in: name EQ wiki; enabled EQ true AND name LIKE test; or plain words that "
        "the name contains. Operators: EQ, NE, LIKE, CONTAINS, STARTSWITH, ENDSWITH, GT, GE, LT, "
        "LE, IN; AND binds tighter than OR.",
        {"type": "string", "maxLength": 4096},
    ),
    Parameter(
        "page",
        "query",
        "The number of the page, from 1.",
        {**_INT32, "minimum": 1, "default": 1},
    ),
    Parameter(
        "pagesize",
        "query",
        "How many items a page has; more than 500 are read as 500.",
        {**_INT32, "minimum": 1, "maximum": 500, "default": 20},
    ),
    Parameter(
        "sortBy",
        "query",
        "What the list is ordered by; then by id.",
        {"type": "string", "enum": ["name", "id", "enabled", "creationTime", "modifiedTime"]},
    ),
    Parameter(
        "sortOrder",
        "query",
        "The direction of the order.",
        {"type": "string", "enum": ["ASC", "DESC", "DSC"]},
    ),
)
INCLUDE = Parameter(
    "include",
    "query",
    "portico: answers also tell what Portico adds to the vendor's objects, as `portico`.",
    {"type": "string", "enum": ["portico"]},
)
IF_NONE_MATCH = Parameter(
    "If-None-Match",
    "header",
    "The ETag of the version that the client has; 304 when nothing changed.",
    {"type": "string"},
)
IF_MATCH = Parameter(
    "If-Match",
    "header",
    "The ETag of the version that the change is meant for; 409 when it is another one.",
    {"type": "string"},
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A name for this request; sent again within 24 hours it gets the first answer again.",
    {"type": "string", "minLength": 1, "maxLength": 255},
)
SEED_STATUSES = (400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 503)
"""Every error status that `seed-api.md` lists, with 413 and 429 of design section 4."""


def path_id(name: str, description: str) -> Parameter:
    """The id of one resource in the path."""
    return Parameter(name, "path", description, _INT64, required=True)


def operation(
    method: Literal["GET", "POST", "PUT", "DELETE"],
    path: str | Sequence[str],
    *,
    tag: str,
    summary: str,
    parameters: Sequence[Parameter] = (),
    body: Any = None,  # noqa: ANN401  # a wire struct or a union of them
    required: Sequence[str] = (),
    form: bool = False,
    answer: Any = None,  # noqa: ANN401  # a wire struct or a list of one
    status: int = 200,
    statuses: Sequence[int] = SEED_STATUSES,
    public: bool = False,
) -> Callable[[Callable[P, Awaitable[Answer]]], HTTPRouteHandler]:
    """Makes a handler a route, with everything that the OpenAPI document says of it.

    `required` names the members of the body that cannot be left out.
    """

    def decorate(handler: Callable[P, Awaitable[Answer]]) -> HTTPRouteHandler:
        described = Operation(
            name=getattr(handler, "__name__", ""),
            tag=tag,
            summary=summary,
            parameters=tuple(parameters),
            body=body,
            required=tuple(required),
            form=form,
            answer=answer,
            status=status,
            statuses=tuple(statuses),
            public=public,
        )
        paths = [path] if isinstance(path, str) else list(path)
        # The framework's own status is never sent: every answer carries its status.
        route = HTTPRouteHandler(
            paths, http_method=method, status_code=HTTP_200_OK, opt={OPERATION: described}
        )
        return route(handler)

    return decorate


def answer_options(path: str, allow: str) -> HTTPRouteHandler:
    """The route that tells which methods a path takes."""

    async def options() -> Answer:
        """Nothing but the header."""
        return Answer(b"", status=204, headers={"allow": allow})

    return HTTPRouteHandler([path], http_method="OPTIONS", status_code=HTTP_200_OK)(options)
