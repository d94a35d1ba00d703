"""How a handler becomes a route that describes itself: the source of the OpenAPI document."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, Required, TypedDict, Unpack

from litestar.handlers import HTTPRouteHandler
from litestar.status_codes import HTTP_200_OK
from litestar.types import Empty

from portico.asgi.bodies import KIBIBYTE
from portico.http.kit.answers import Answer, AnyRequest
from portico.http.kit.api_call import Api, Call, api_of, open_call

OPERATION = "operation"
FORM_LIMIT_BYTES = 64 * KIBIBYTE
Method = Literal["GET", "POST", "PUT", "DELETE"]
SEED_STATUSES = (400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 503)
"""Every error status of the vendor's reference, with 413 and 429."""


@dataclass(frozen=True)
class Parameter:
    """A parameter outside the body, as a JSON Schema type tells it."""

    name: str
    place: Literal["path", "query", "header"]
    description: str
    schema: dict[str, Any]
    required: bool = False


class Description(TypedDict, total=False):
    """What is said of an operation where it is defined; `required` names members of the body."""

    tag: Required[str]
    summary: Required[str]
    parameters: tuple[Parameter, ...]
    body: Any
    required: tuple[str, ...]
    form: bool
    answer: Any
    status: int
    statuses: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """What a route takes and answers; a body or an answer is a wire struct, or a list of one."""

    name: str
    tag: str
    summary: str
    parameters: tuple[Parameter, ...] = ()
    body: Any = None
    required: tuple[str, ...] = ()
    form: bool = False
    answer: Any = None
    status: int = 200
    statuses: tuple[int, ...] = SEED_STATUSES
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
        "LE, IN; AND binds tighter than OR. At most 16 conditions, and 255 characters a value.",
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
STATELESS_LIST_PARAMETERS = tuple(
    replace(each, schema=each.schema | {"enum": [n for n in each.schema["enum"] if n != "enabled"]})
    if each.name == "sortBy"
    else each
    for each in LIST_PARAMETERS
)
"""Those of a list whose items are neither enabled nor disabled."""
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


class SignedInHandler(Protocol):
    """What answers a call."""

    __name__: str

    def __call__(self, call: Call, /) -> Awaitable[Answer]: ...


class PublicHandler(Protocol):
    """What answers a request that nobody has to sign in for."""

    __name__: str

    def __call__(self, api: Api, request: AnyRequest, /) -> Awaitable[Answer]: ...


def path_id(name: str, description: str) -> Parameter:
    """The id of one resource in the path."""
    return Parameter(name, "path", description, _INT64, required=True)


def operation(
    method: Method, path: str | Sequence[str], **description: Unpack[Description]
) -> Callable[[SignedInHandler], HTTPRouteHandler]:
    """Makes a handler of authenticated calls a route, with all that the document says of it."""

    def decorate(handler: SignedInHandler) -> HTTPRouteHandler:
        # Not by the framework's injection: that costs more than the call itself.
        async def handle(request: AnyRequest) -> Answer:
            return await handler(await open_call(api_of(request), request))

        described = Operation(name=handler.__name__, **description)
        return _route(method, path, described, handle)

    return decorate


def public_operation(
    method: Method, path: str | Sequence[str], **description: Unpack[Description]
) -> Callable[[PublicHandler], HTTPRouteHandler]:
    """The same for a handler that anybody may call."""

    def decorate(handler: PublicHandler) -> HTTPRouteHandler:
        async def handle(request: AnyRequest) -> Answer:
            return await handler(api_of(request), request)

        described = Operation(name=handler.__name__, **description, public=True)
        return _route(method, path, described, handle)

    return decorate


def _route(
    method: Method,
    path: str | Sequence[str],
    described: Operation,
    handle: Callable[[AnyRequest], Awaitable[Answer]],
) -> HTTPRouteHandler:
    paths = [path] if isinstance(path, str) else list(path)
    # The framework's own status is never sent: every answer carries its status.
    route = HTTPRouteHandler(
        paths,
        http_method=method,
        status_code=HTTP_200_OK,
        opt={OPERATION: described},
        request_max_body_size=FORM_LIMIT_BYTES if described.form else Empty,
    )
    return route(handle)


def answer_options(path: str, allow: str) -> HTTPRouteHandler:
    """The route that tells which methods a path takes."""

    async def options() -> Answer:
        """Nothing but the header."""
        return Answer(b"", status=204, headers={"allow": allow})

    return HTTPRouteHandler([path], http_method="OPTIONS", status_code=HTTP_200_OK)(options)
