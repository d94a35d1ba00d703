"""Requests to the operations of /openapi.json with bodies, queries and ids made at random."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes

from prove.grammar import HEADERS, VALUES, Request

PLAIN: Mapping[str, object] = {
    "link": "wiki.example.com",
    "linkPath": "/start",
    "protocol": "https://",
    "enabled": True,
}
NUMBERS = (0, 1, -1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 0.5, 1e308)
QUERIES = ("page", "pagesize", "search", "sortBy", "sortOrder", "microtenantId", "include", "x")
SEARCHES = (b"name EQ Wiki", b"name LIKE a", b"link EQ", b"EQ EQ EQ", b"((", b"enabled EQ true")
DEEP = 200


@dataclass(frozen=True)
class Operation:
    """One operation, and the names of the fields of its body."""

    method: str
    path: str
    fields: tuple[str, ...]


def operations_of(document: Mapping[str, Any]) -> list[Operation]:
    """Return every operation but the one that ends the session which the others need."""
    return [
        Operation(method.upper(), path, tuple(sorted(_fields(document, operation))))
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if path != "/signout"
    ]


def make_api_request(
    operation: Operation,
    token: str,
    customer_id: str,
    ids: Sequence[str],
    choices: random.Random,
) -> Request:
    """Return a random request of an operation. `ids` are those of stored objects."""
    headers = {"Authorization": f"Bearer {token}"}
    if choices.random() < 0.1:
        headers |= dict(choices.choices(HEADERS, k=2))
    path = operation.path.replace("{customerId}", customer_id)
    path = re.sub(r"\{\w+\}", lambda _: _some_id(ids, choices), path)
    if choices.random() < 0.3:
        name, value = choices.choice(QUERIES), choices.choice(VALUES + SEARCHES)[:4_000]
        path += f"?{name}={quote_from_bytes(value)}"
    if operation.method in {"GET", "DELETE"}:
        return Request(operation.method, path, headers)
    headers["Content-Type"] = "application/json" if choices.random() < 0.95 else "text/plain"
    return Request(operation.method, path, headers, _body(operation.fields, choices))


def _fields(document: Mapping[str, Any], node: object) -> set[str]:
    """Return the names of the properties in the body of an operation, at any depth."""
    found: set[str] = set()
    waiting = [node.get("requestBody", {})] if isinstance(node, dict) else []
    seen: set[str] = set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting += each
        elif isinstance(each, dict):
            found |= set(each.get("properties", {}))
            waiting += each.values()
            name = str(each.get("$ref", "")).rpartition("/")[2]
            if name and name not in seen:
                seen.add(name)
                waiting.append(document["components"]["schemas"][name])
    return found


def _some_id(ids: Sequence[str], choices: random.Random) -> str:
    if ids and choices.random() < 0.8:
        return choices.choice(ids)
    return choices.choice(("0", "-1", "9" * 19, "9" * 30, "x", "%00", "%ff", "1.5", "%2e%2e"))


def _body(fields: Sequence[str], choices: random.Random) -> bytes:
    """Return an object of some of the fields, mostly plausible, at times not even JSON."""
    body: Any = {"name": f"Fuzzed {choices.getrandbits(40)}"}
    body |= {key: value for key, value in PLAIN.items() if key in fields}
    for name in choices.sample(fields, min(len(fields), choices.randint(0, 3))):
        body[name] = _json_value(fields, choices, 0)
    chance = choices.random()
    if chance < 0.02:
        return b"[" * DEEP + b"]" * DEEP
    if chance < 0.05:
        body = _json_value(fields, choices, 0)
    encoded = json.dumps(body).encode()
    if chance > 0.97:
        at = choices.randrange(len(encoded) + 1)
        return encoded[:at] + choices.choice((b"", b"\0", b"\xff", b"}", b'"', b"\\ud800"))
    return encoded


def _json_value(fields: Sequence[str], choices: random.Random, depth: int) -> object:
    kind = choices.randrange(8 if depth < 3 else 6)
    if kind == 0:
        return choices.choice((None, True, False))
    if kind == 1:
        return choices.choice(NUMBERS)
    if kind < 6 or not fields:
        return choices.choice(VALUES).decode(errors="surrogateescape")
    inner = [_json_value(fields, choices, depth + 1) for _ in range(choices.randint(0, 3))]
    return inner if kind == 6 else {choices.choice(fields): each for each in inner}
