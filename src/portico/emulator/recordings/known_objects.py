"""Objects that existed before a recording, which a seed can bring: bound by kind and name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import count

from portico.emulator.recordings.bindings import Bindings
from portico.emulator.recordings.comparing import Answer
from portico.emulator.recordings.exchanges import Exchange, Json, json_of


class Kind(StrEnum):
    """A kind of object. The value is the path of its list."""

    PORTAL = "userPortal"
    LINK = "userPortalLink"
    POLICY = "userportal/aup"
    CERTIFICATE = "certificate"
    APPLICATION = "application"
    MICROTENANT = "microtenants"


WORDS = {
    "userPortal": Kind.PORTAL,
    "userPortals": Kind.PORTAL,
    "userPortalLink": Kind.LINK,
    "userPortalLinks": Kind.LINK,
    "aup": Kind.POLICY,
    "certificate": Kind.CERTIFICATE,
    "issued": Kind.CERTIFICATE,
    "application": Kind.APPLICATION,
    "microtenants": Kind.MICROTENANT,
}
"""The kinds by their words in paths and in bodies."""

_PAGE = 500
Fetch = Callable[[str], Awaitable[Answer]]
Objects = dict[Kind, dict[str, dict[str, Json]]]
"""The members of objects by their kind and their id."""


async def bind_known_objects(
    exchanges: Sequence[Exchange], fetch: Fetch, bindings: Bindings
) -> None:
    """Bind the ids of objects that the recording reads and does not create, if they exist here."""
    for kind, objects in read_objects(exchanges).items():
        if not objects:
            continue
        ours = {each["name"]: str(each["id"]) async for each in _all_items(fetch, kind)}
        for recorded_id, fields in objects.items():
            if fields["name"] in ours:
                bindings.bind(recorded_id, ours[fields["name"]])


def read_objects(exchanges: Sequence[Exchange]) -> Objects:
    """Return the objects that the recording reads and does not create, as they were first read."""
    found: Objects = {kind: {} for kind in Kind}
    created: set[str] = set()
    for exchange in exchanges:
        answer = json_of(exchange.answer_body)
        if exchange.status == 201:
            created.update(str(each["id"]) for _, each in _objects(None, answer))
        elif exchange.status == 200:
            for kind, fields in _objects(_kind_of(exchange.path), answer):
                if kind is not None and str(fields["id"]) not in created:
                    known = found[kind].setdefault(str(fields["id"]), {})
                    known.update({**fields, **known})
    return found


def _kind_of(path: str) -> Kind | None:
    """Return the kind of the objects that a path answers."""
    kinds = [WORDS[word] for word in path.split("/") if word in WORDS]
    if not kinds:
        return None
    # The list of a portal's links is below `userPortalLink/userPortal/`.
    return kinds[0] if kinds[0] is Kind.LINK else kinds[-1]


def _objects(kind: Kind | None, value: Json) -> Iterator[tuple[Kind | None, Mapping[str, Json]]]:
    """Yield the kind and the members of every object with an id and a name in a JSON value."""
    if isinstance(value, list):
        for each in value:
            yield from _objects(kind, each)
    elif isinstance(value, Mapping):
        if "id" in value and isinstance(value.get("name"), str):
            yield kind, value
        for name, each in value.items():
            yield from _objects(WORDS.get(name, kind if name == "list" else None), each)


async def _all_items(fetch: Fetch, kind: Kind) -> AsyncIterator[Mapping[str, Json]]:
    for page in count(1):
        content = json_of((await fetch(f"{kind}?pagesize={_PAGE}&page={page}")).body)
        for each in content["list"]:
            yield each
        if page >= int(content["totalPages"]):
            return
