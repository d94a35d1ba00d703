"""Reading the OpenAPI document: operations, their schemas, and what in a value breaks a schema."""

from __future__ import annotations

import copy
from typing import Any

from openapi_schema_validator import OAS31Validator

Document = dict[str, Any]
JSON = "application/json"


def operation_of(document: Document, method: str, path: str) -> Document:
    """One documented operation."""
    described: Document = document["paths"][path][method.lower()]
    return described


def success_status(document: Document, method: str, path: str) -> int:
    """The one status below 300 that an operation has."""
    (status,) = (
        int(each) for each in operation_of(document, method, path)["responses"] if int(each) < 300
    )
    return status


def answer_schema(document: Document, method: str, path: str) -> Document | None:
    """The schema of the body of a success, or None for an answer without one."""
    status = str(success_status(document, method, path))
    content = operation_of(document, method, path)["responses"][status].get("content")
    return None if content is None else content[JSON]["schema"]


def problems(
    document: Document, schema: Document, value: object, *, closed: bool = False
) -> list[str]:
    """What in a value breaks a schema of the document; `closed` forbids unnamed members."""
    components = copy.deepcopy(document["components"])
    if closed:
        for each in components["schemas"].values():
            if each.get("type") == "object":
                each["additionalProperties"] = False
    validator = OAS31Validator({**schema, "components": components})
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]
