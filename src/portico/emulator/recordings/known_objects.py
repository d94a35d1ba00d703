"""Objects that existed before a recording, which a seed can bring: bound by kind and name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import count

from portico.emulator.recordings.bindings import Bindings
from portico.emulator.recordings.comparing import Answer
from portico.emulator.recordings.exchanges import Exchange, Json, json_of

PATHS = {
    "userPortal": "userPortal",
    "userPortals": "userPortal",
    "userPortalLink": "userPortalLink",
    "userPortalLinks": "userPortalLink",
    "aup": "userportal/aup",
    "certificate": "certificate",
    "issued": "certificate",
    "application": "application",
    "microtenants": "microtenants",
    "summary": "microtenants",
}
"""The list of each kind of object, by the words for the kind in paths and in bodies."""

_PAGE = 500
Named = tuple[str, str]
"""The path of a list, and the name of an object in it."""

Fetch = Callable[[str], Awaitable[Answer]]


async def bind_known_objects(
    exchanges: Sequence[Exchange], fetch: Fetch, bindings: Bindings
) -> None:
    """Bind the ids of objects that the recording reads and does not create, if they exist here."""
    known = known_objects(exchanges)
    for path in sorted({path for path, _ in known.values()}):
        ours = {each["name"]: each["id"] async for each in _all_items(fetch, path)}
        for recorded_id, (kind, name) in known.items():
            if kind == path and name in ours:
                bindings.bind(recorded_id, str(ours[name]))


def known_objects(exchanges: Sequence[Exchange]) -> dict[str, Named]:
    """Return the kind and the first recorded name of each object that the recording only reads."""
    known: dict[str, Named] = {}
    created: set[str] = set()
    for exchange in exchanges:
        answer = json_of(exchange.answer_body)
        if exchange.status == 201:
            created.update(str(each["id"]) for _, each in _objects("", answer))
        elif exchange.status == 200:
            for kind, each in _objects(_kind(exchange.path), answer):
                known.setdefault(str(each["id"]), (kind, each["name"]))
    return {each: named for each, named in known.items() if each not in created and named[0]}


def _kind(path: str) -> str:
    """Return the list to which a path belongs, or ""."""
    words = [word for word in path.split("/") if word in PATHS]
    if not words:
        return ""
    by_portal = words[:2] == ["userPortalLink", "userPortal"]
    return PATHS[words[0] if by_portal else words[-1]]


def _objects(kind: str, value: Json) -> Iterator[tuple[str, Mapping[str, Json]]]:
    """Yield the kind and the members of every named object in a JSON value."""
    if isinstance(value, list):
        for each in value:
            yield from _objects(kind, each)
    elif isinstance(value, Mapping):
        if "id" in value and (isinstance(value.get("name"), str) or not kind):
            yield kind, value
        for name, each in value.items():
            yield from _objects(PATHS.get(name, kind if name == "list" else ""), each)


async def _all_items(fetch: Fetch, path: str) -> AsyncIterator[Mapping[str, Json]]:
    for page in count(1):
        content = json_of((await fetch(f"{path}?pagesize={_PAGE}&page={page}")).body)
        for each in content["list"]:
            yield each
        if page >= int(content["totalPages"]):
            return
