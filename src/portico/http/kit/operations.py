"""The decorators that make routes of handlers, and the descriptions that OpenAPI needs of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, Required, TypedDict, Unpack

import msgspec
from starlette.requests import Request

from portico.asgi.bodies import KIBIBYTE
from portico.asgi.routing import Route
from portico.http.kit.answers import Answer
from portico.http.kit.api_call import Api, Call, api_of, open_call

FORM_LIMIT_BYTES = 64 * KIBIBYTE
Method = Literal["GET", "POST", "PUT", "DELETE"]
SEED_STATUSES = (400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 503)
"""The error statuses of the vendor's reference, and 413 and 429."""


@dataclass(frozen=True)
class Parameter:
    """A parameter in the path, the query or a header, with its JSON Schema."""

    name: str
    location: Literal["path", "query", "header"]
    description: str
    schema: dict[str, Any]
    required: bool = False


class _Described(TypedDict, total=False):
    tag: Required[str]
    summary: Required[str]
    parameters: tuple[Parameter, ...]


class Description(_Described, total=False):
    """The arguments of `operation`. `required` names members of the body."""

    body: Any
    required: tuple[str, ...]
    form: bool
    answer: Any
    status: int
    statuses: tuple[int, ...]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters, body and answer of a route. Body and answer are wire structs or lists."""

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
    "The id of the microtenant; absent or 0 for Default. A client of a microtenant must send the "
    "id of that microtenant.",
    {**_INT64, "minimum": 0},
)
COMMON = (CUSTOMER_ID, MICROTENANT_ID)
LIST_PARAMETERS = (
    Parameter(
        "search",
        "query",
        "A filter, for example name EQ wiki, or enabled EQ true AND name LIKE test, or words that "
        "the name contains. Operators: EQ, NE, LIKE, CONTAINS, STARTSWITH, ENDSWITH, GT, GE, LT, "
        "LE, IN. AND binds tighter than OR. At most 16 conditions, and 255 characters per value.",
        {"type": "string", "maxLength": 4096},
    ),
    Parameter(
        "page",
        "query",
        "The page number, from 1.",
        {**_INT32, "minimum": 1, "default": 1},
    ),
    Parameter(
        "pagesize",
        "query",
        "The number of items per page. Values over 500 mean 500.",
        {**_INT32, "minimum": 1, "maximum": 500, "default": 20},
    ),
    Parameter(
        "sortBy",
        "query",
        "The field to sort by. Equal items are sorted by id.",
        {"type": "string", "enum": ["name", "id", "enabled", "creationTime", "modifiedTime"]},
    ),
    Parameter(
        "sortOrder",
        "query",
        "The sort order.",
        {"type": "string", "enum": ["ASC", "DESC", "DSC"]},
    ),
)
STATELESS_LIST_PARAMETERS = tuple(
    replace(each, schema=each.schema | {"enum": [n for n in each.schema["enum"] if n != "enabled"]})
    if each.name == "sortBy"
    else each
    for each in LIST_PARAMETERS
)
"""The parameters of a list whose items have no field `enabled`."""
INCLUDE = Parameter(
    "include",
    "query",
    "portico: answers include the member `portico`, which Portico adds to the vendor's objects.",
    {"type": "string", "enum": ["portico"]},
)
IF_NONE_MATCH = Parameter(
    "If-None-Match",
    "header",
    "The ETag of the version that the client has. The answer is 304 if it is current.",
    {"type": "string"},
)
IF_MATCH = Parameter(
    "If-Match",
    "header",
    "The ETag of the version to change. The answer is 409 if it is not current.",
    {"type": "string"},
)
IDEMPOTENCY_KEY = Parameter(
    "Idempotency-Key",
    "header",
    "A key for this request. A repeated request gets the first answer again for 24 hours.",
    {"type": "string", "minLength": 1, "maxLength": 255},
)


class SignedInHandler(Protocol):
    """A handler of authenticated calls."""

    __name__: str

    def __call__(self, call: Call, /) -> Awaitable[Answer]: ...


class PublicHandler(Protocol):
    """A handler of requests without a token."""

    __name__: str

    def __call__(self, api: Api, request: Request, /) -> Awaitable[Answer]: ...


Decorator = Callable[[SignedInHandler], Route]


def path_id(name: str, description: str) -> Parameter:
    """Return the parameter for the id of one resource in the path."""
    return Parameter(name, "path", description, _INT64, required=True)


def operation(
    method: Method, path: str | Sequence[str], **description: Unpack[Description]
) -> Decorator:
    """Make a route of a handler of authenticated calls, with its description."""

    def decorate(handler: SignedInHandler) -> Route:
        async def handle(request: Request) -> Answer:
            return await handler(await open_call(api_of(request), request))

        described = Operation(name=handler.__name__, **description)
        return _route(method, path, described, handle)

    return decorate


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """The routes of one kind of object. Each method makes one of a handler, as `operation` does.

    `path` is the path of the list. `extra` are parameters of each answer that has an object.
    """

    tag: str
    path: str
    id_description: str
    answer: type
    list_answer: type
    body: type | None = None
    required: tuple[str, ...] = ()
    extra: tuple[Parameter, ...] = ()
    list_parameters: tuple[Parameter, ...] = LIST_PARAMETERS

    def gets_page(self, summary: str, *also: str) -> Decorator:
        """Answer a page of objects, at the paths `also` too."""
        parameters = (*COMMON, *self.list_parameters, *self.extra, IF_NONE_MATCH)
        described = _Described(tag=self.tag, summary=summary, parameters=parameters)
        return operation("GET", (self.path, *also), **described, answer=self.list_answer)

    def gets(self, summary: str) -> Decorator:
        """Answer one object."""
        described = self._one(summary, *self.extra, IF_NONE_MATCH)
        return operation("GET", self._path_of_one, **described, answer=self.answer)

    def creates(self, summary: str) -> Decorator:
        """Create an object and answer it."""
        return operation(
            "POST",
            self.path,
            tag=self.tag,
            summary=summary,
            parameters=(*COMMON, *self.extra, IDEMPOTENCY_KEY),
            body=self.body,
            required=self.required,
            answer=self.answer,
            status=201,
        )

    def replaces(self, summary: str) -> Decorator:
        """Replace an object and answer nothing."""
        described = self._one(summary, IF_MATCH)
        body, required = self.body, self.required
        return operation(
            "PUT", self._path_of_one, **described, body=body, required=required, status=204
        )

    def deletes(self, summary: str) -> Decorator:
        """Delete an object and answer nothing."""
        return operation("DELETE", self._path_of_one, **self._one(summary, IF_MATCH), status=204)

    @property
    def _path_of_one(self) -> str:
        return f"{self.path}/{{id}}"

    def _one(self, summary: str, *parameters: Parameter) -> _Described:
        of_one = (*COMMON, path_id("id", self.id_description), *parameters)
        return _Described(tag=self.tag, summary=summary, parameters=of_one)


def public_operation(
    method: Method, path: str | Sequence[str], **description: Unpack[Description]
) -> Callable[[PublicHandler], Route]:
    """Make a route of a handler that needs no token, with its description."""

    def decorate(handler: PublicHandler) -> Route:
        async def handle(request: Request) -> Answer:
            return await handler(api_of(request), request)

        described = Operation(name=handler.__name__, **description, public=True)
        return _route(method, path, described, handle)

    return decorate


def _route(
    method: Method,
    path: str | Sequence[str],
    described: Operation,
    handle: Callable[[Request], Awaitable[Answer]],
) -> Route:
    return Route(
        method=method,
        paths=(path,) if isinstance(path, str) else tuple(path),
        handle=handle,
        name=described.name,
        operation=described,
        body_limit=FORM_LIMIT_BYTES if described.form else None,
    )


def description_of(route: Route) -> Operation | None:
    """Return the description of a route, or None for a route outside of the API."""
    return route.operation if isinstance(route.operation, Operation) else None
