"""The JSON Schema of a seed, generated from its structures."""

from __future__ import annotations

from typing import Any

import msgspec

from portico.emulator.seeds.format import Seed

_REFERENCE: dict[str, Any] = {
    "title": "Reference",
    "description": "A text from an environment variable, or from a file beside the seed.",
    "oneOf": [
        {
            "type": "object",
            "properties": {name: {"type": "string"}},
            "required": [name],
            "additionalProperties": False,
        }
        for name in ("env", "file")
    ],
}


def seed_schema() -> dict[str, Any]:
    """Return the schema, in which a reference can stand for every text."""
    schema = msgspec.json.schema(Seed)
    for definition in schema["$defs"].values():
        properties = definition.get("properties", {})
        definition["properties"] = {
            name: _with_references(each) for name, each in properties.items()
        }
    schema["$defs"]["Reference"] = _REFERENCE
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def seed_schema_text() -> str:
    """Return the schema as indented JSON."""
    return f"{msgspec.json.format(msgspec.json.encode(seed_schema()), indent=2).decode()}\n"


def _with_references(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field that also allows a reference for each of its texts."""
    described = {key: each for key, each in schema.items() if key in {"description", "writeOnly"}}
    plain = {key: each for key, each in schema.items() if key not in described}
    if plain.get("type") == "string" and "enum" not in plain:
        return {**described, "anyOf": [plain, {"$ref": "#/$defs/Reference"}]}
    if "items" in plain:
        return {**described, **plain, "items": _with_references(plain["items"])}
    if any(each.get("type") == "string" for each in plain.get("anyOf", ())):
        return {**described, "anyOf": [*plain["anyOf"], {"$ref": "#/$defs/Reference"}]}
    return schema
