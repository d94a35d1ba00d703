"""The reference of the API, rendered from its OpenAPI document.

It is a page of the documentation site, and stands alone where the site has not been built.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment

STYLESHEET = "reference.css"
_REF = "#/components/schemas/"
_TYPES = {"integer": "number", "boolean": "true or false", "array": "list", "object": "object"}


def render_reference(document: dict[str, Any]) -> str:
    """Return a page of its own as HTML. Every text of the document is escaped."""
    template = _environment(document).get_template("reference.html")
    return template.render(
        document=document, groups=group_operations(document), stylesheet=STYLESHEET
    )


def render_operation(document: dict[str, Any], operation: dict[str, Any]) -> str:
    """Return what the page says of one operation, without its heading."""
    template = _environment(document).get_template("operation.html")
    return template.render(operation=operation)


def _environment(document: dict[str, Any]) -> Environment:
    # Imported when the page is asked for: it would cost every start of the server 50 ms.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("portico.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["pretty"] = lambda value: json.dumps(value, indent=2, ensure_ascii=False)
    environment.filters["kind"] = _kind
    schemas = document["components"]["schemas"]
    environment.globals["members"] = lambda schema: _members(schema, schemas)
    return environment


def read_stylesheet() -> bytes:
    """Return the page's stylesheet."""
    return files("portico.web").joinpath("static", STYLESHEET).read_bytes()


def group_operations(document: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Return the operations by tag, in the order of the document."""
    operations = [
        {"method": method.upper(), "path": path, **operation}
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    return [
        (tag["name"], [each for each in operations if tag["name"] in each["tags"]])
        for tag in document["tags"]
    ]


def _members(schema: dict[str, Any], schemas: dict[str, Any]) -> list[tuple[str, Any, bool]]:
    """Return the members of a body, following references: name, schema, whether required."""
    for option in (schema, *schema.get("anyOf", ())):
        name = option.get("$ref", "").removeprefix(_REF)
        found = schemas.get(name, option)
        if "properties" in found:
            required = found.get("required", ())
            return [
                (member, described, member in required)
                for member, described in found["properties"].items()
            ]
    return []


def _kind(schema: dict[str, Any]) -> str:
    """Return the type of a value, in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    if "anyOf" in schema:
        kinds = [_kind(option) for option in schema["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if schema.get("pattern"):
        return "digits"
    kind = schema.get("type", "value")
    return _TYPES.get(kind, "text" if kind == "string" else kind)
