"""Bodies that tests send: links by default values, and bytes that no JSON library would make."""

from __future__ import annotations

from typing import Any

import httpx

from tests.harness import LINKS, Caller

BULK = f"{LINKS}/bulk"
JSON = {"Content-Type": "application/json"}
Body = dict[str, Any]


def link(name: str = "Wiki", **fields: object) -> Body:
    """A link as a client writes it."""
    return {"name": name, "link": "wiki.example.com", **fields}


def links(count: int, name: str = "Link") -> list[Body]:
    """Many links with names in order."""
    return [link(f"{name} {number:04}") for number in range(count)]


def on(*portal_ids: str) -> list[Body]:
    """Portals as a link refers to them."""
    return [{"id": portal_id} for portal_id in portal_ids]


def create_bulk(
    caller: Caller, entries: list[Body], *portal_ids: str, **parameters: str
) -> list[Body]:
    """Many links at once, on portals; what was made."""
    body = {"userPortalLinks": entries, "userPortals": on(*portal_ids)}
    made: list[Body] = caller.create(BULK, body, **parameters)["userPortalLinks"]
    return made


def send_bytes(
    caller: Caller, content: bytes, *, method: str = "POST", path: str = LINKS
) -> httpx.Response:
    """A body as it stands, declared to be JSON."""
    return caller.call(method, path, content=content, headers=JSON)


def total(caller: Caller, path: str = LINKS, **parameters: str) -> int:
    """How many items a list has on all its pages."""
    return int(caller.get(path, **parameters).json()["totalCount"])
