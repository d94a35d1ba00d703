"""The OpenAPI 3.1 document, generated from the routes and their wire structs."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import msgspec

from portico.asgi.routing import Route
from portico.http.kit.errors import ErrorAnswer
from portico.http.kit.examples import EXAMPLES
from portico.http.kit.operations import Operation, Parameter, description_of

REF = "#/components/schemas/{name}"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
DESCRIPTION = (
    "User portals and the links on them. Every path is also served below `/zpa`, and with a "
    "trailing slash. Sign in at `/signin` or `/oauth2/v1/token`, then send the token as "
    "`Authorization: Bearer`. Answers have ids, times and totals as strings of digits; requests "
    "can send ids as numbers."
)

Document = dict[str, Any]


def describe(routes: Iterable[tuple[str, Route]], *, version: str) -> Document:
    """Return the document of routes, each given with the prefix of its path."""
    described = [
        (prefix, route, operation)
        for prefix, route in routes
        if (operation := description_of(route)) is not None
    ]
    paths: dict[str, Document] = {}
    for prefix, route, operation in described:
        for operation_id, address in named_addresses(prefix, route):
            paths.setdefault(address, {})[route.method.lower()] = _operation(
                operation, operation_id
            )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Portico",
            "version": version,
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This server."}],
        "tags": [{"name": tag} for tag in dict.fromkeys(each.tag for *_, each in described)],
        "paths": paths,
        "components": {
            "schemas": _schemas([operation for *_, operation in described]),
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def named_addresses(prefix: str, route: Route) -> list[tuple[str, str]]:
    """Return the operation id and the path template of each path of a route."""
    return [
        (f"{route.name}_{number + 1}" if number else route.name, prefix + path)
        for number, path in enumerate(sorted(route.paths, reverse=True))
    ]


def _operation(operation: Operation, operation_id: str) -> Document:
    described: Document = {
        "operationId": operation_id,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": [_parameter(each) for each in operation.parameters],
        "responses": _responses(operation),
        "security": [] if operation.public else [{"bearer": []}],
    }
    if operation.body is not None:
        content: Document = {"schema": _schema(operation.body)}
        if operation.name in EXAMPLES:
            content["examples"] = EXAMPLES[operation.name].requests
        described["requestBody"] = {
            "required": True,
            "content": {FORM if operation.form else JSON: content},
        }
    return described


def _parameter(parameter: Parameter) -> Document:
    return {
        "name": parameter.name,
        "in": parameter.location,
        "description": parameter.description,
        "required": parameter.required,
        "schema": parameter.schema,
    }


def _responses(operation: Operation) -> Document:
    success: Document = {"description": HTTPStatus(operation.status).phrase, "headers": _HEADERS}
    if operation.answer is not None:
        content: Document = {"schema": _schema(operation.answer)}
        if operation.name in EXAMPLES:
            content["examples"] = EXAMPLES[operation.name].answers
        success["content"] = {JSON: content}
    responses = {str(operation.status): success}
    if any(parameter.name == "If-None-Match" for parameter in operation.parameters):
        responses["304"] = {"description": "Not Modified", "headers": _HEADERS}
    for status in operation.statuses:
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "headers": _HEADERS | _ERROR_HEADERS.get(status, {}),
            "content": {
                JSON: {
                    "schema": {"$ref": REF.format(name=ErrorAnswer.__name__)},
                    "examples": EXAMPLES["error"].errors.get(status, {}),
                }
            },
        }
    return responses


def _header(description: str) -> Document:
    return {"description": description, "schema": {"type": "string"}}


_HEADERS = {"x-transaction-id": _header("The transaction id of the request, or a new one.")}
_ERROR_HEADERS = {
    401: {"WWW-Authenticate": _header("Bearer.")},
    405: {"Allow": _header("The methods that the path allows.")},
    429: {"Retry-After": _header("A number of seconds, followed by s.")},
    503: {"Retry-After": _header("A number of seconds, followed by s.")},
}


def _schema(kind: Any) -> Document:  # noqa: ANN401  # a wire struct, a list or a union of them
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REF)
    return schema


def _schemas(operations: list[Operation]) -> Document:
    kinds = [each for op in operations for each in (op.body, op.answer) if each is not None]
    _, components = msgspec.json.schema_components([*kinds, ErrorAnswer], ref_template=REF)
    for operation in operations:
        for name in _body_names(operation):
            if set(operation.required) <= set(components[name]["properties"]):
                components[name]["required"] = list(operation.required)
    return components


def _body_names(operation: Operation) -> list[str]:
    """Return the names of the structs that an operation accepts as its body."""
    options = getattr(operation.body, "__args__", (operation.body,))
    return [option.__name__ for option in options if hasattr(option, "__struct_fields__")]
