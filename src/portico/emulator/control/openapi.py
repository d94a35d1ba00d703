"""`GET /_portico/openapi.json`: the OpenAPI 3.1 document, made of what describes the routes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from portico import __version__
from portico.asgi.routing import Application, PlacedRoute
from portico.emulator.control.operations import JSON, Operation, described_routes, operation
from portico.emulator.control.problems import MEDIA_TYPE, Problem
from portico.emulator.control.wire import Query

REF = "#/components/schemas/{name}"
Document = dict[str, Any]


@operation("GET", "/openapi.json", summary="Describe the control API by OpenAPI")
async def read_document(request: Request) -> Response:
    """Return the OpenAPI document of the control API."""
    # Rarely asked for, so that it is made on demand.
    return Response(msgspec.json.encode(_describe(request.app)), media_type=JSON)


def _describe(app: Application) -> Document:
    routes = described_routes(app)
    paths: dict[str, Document] = {}
    for placed, described in routes:
        of_path = paths.setdefault(placed.path, {})
        of_path[placed.route.method.lower()] = _operation(placed, described)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Portico stand-in control API", "version": __version__},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": _components([described for _, described in routes])},
    }


def _operation(placed: PlacedRoute, described: Operation) -> Document:
    parameters = [*map(_path_parameter, placed.parameters), *_query_parameters(described.query)]
    answered: Document = {"description": HTTPStatus(described.status).phrase}
    if content := _content(described):
        answered["content"] = content
    document: Document = {
        "operationId": placed.route.name,
        "summary": described.summary,
        "description": described.description,
        "parameters": parameters,
        "responses": {str(described.status): answered},
    }
    if described.body is not None:
        document["requestBody"] = {
            "required": not isinstance(None, described.body),
            "content": {JSON: {"schema": _schema(described.body)}},
        }
    if parameters or described.body is not None:
        document["responses"]["400"] = {
            "description": HTTPStatus.BAD_REQUEST.phrase,
            "content": {MEDIA_TYPE: {"schema": _schema(Problem)}},
        }
    return document


def _path_parameter(name: str) -> Document:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(query: type[Query] | None) -> list[Document]:
    if query is None:
        return []
    properties = _components_of(query)[query.__name__]["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "description": schema.pop("description"),
            "required": False,
            "schema": schema,
        }
        for name, schema in properties.items()
    ]


def _content(described: Operation) -> Document:
    """Return the schema of the answer for each media type. That of a Response is not known."""
    if issubclass(described.answer, Response):
        return {media_type: {} for media_type in described.media_types}
    if issubclass(described.answer, msgspec.Struct):
        return {JSON: {"schema": _schema(described.answer)}}
    return {}


def _components(operations: list[Operation]) -> Document:
    bodies = [each.body for each in operations if each.body is not None]
    answers = [each.answer for each in operations if issubclass(each.answer, msgspec.Struct)]
    return _components_of(*bodies, *answers, Problem)


def _components_of(*kinds: Any) -> Document:  # noqa: ANN401  # structs, or unions of one with None
    _, components = msgspec.json.schema_components(kinds, ref_template=REF)
    return components


def _schema(kind: Any) -> Document:  # noqa: ANN401  # a struct, or a union of one with None
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REF)
    return schema
