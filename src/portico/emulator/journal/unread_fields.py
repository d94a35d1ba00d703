"""The members of a request that no handler reads: in its body and in its query."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl

import msgspec

from portico.emulator.operations import KnownFields, Operation

MOST = 50
"""The largest number of members that are named for one request."""

DEPTH = 20


def unread_fields(operation: Operation, query: str, body: bytes, *, form: bool) -> list[str]:
    """Return the members that the operation ignores, for example `userPortals[].name`.

    A parameter of the query starts with `?`. A body that is not JSON has none.
    """
    found = dict.fromkeys(
        f"?{name}"
        for name, _ in parse_qsl(query, keep_blank_values=True)
        if name not in operation.query
    )
    for name in _of_body(operation, body, form=form):
        if len(found) >= MOST:
            break
        found[name] = None
    return list(found)


def _of_body(operation: Operation, body: bytes, *, form: bool) -> Iterator[str]:
    if form:
        known = operation.fields or {}
        names = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        yield from (name for name in names if name not in known)
        return
    if not body:
        return
    try:
        content = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return
    yield from _unread(content, operation.fields or {}, "", DEPTH)


def _unread(value: object, known: KnownFields, prefix: str, depth: int) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _unread(item, known, f"{prefix}[]" if prefix else "", depth)
    elif isinstance(value, dict) and depth:
        for name, member in value.items():
            path = f"{prefix}.{name}" if prefix else name
            if name not in known:
                yield path
            elif (inner := known[name]) is not None:
                yield from _unread(member, inner, path, depth - 1)
