"""The most expensive single requests that we know, for a tenant with 100,000 links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote, urlencode

from bench.sites import Site

SLUG = "icons"
BACK = "(back)"
"""Placeholder for the page after the last change."""

DONE = "(done)"
"""Placeholder for the transaction id of the last change."""

REVISION = "(revision)"
"""Placeholder for the revision in the last form, which a change of what it shows must send."""

LONGEST = 255
TERMS = 16
_LETTERS = "abcdefghijklmnop"
_ENABLED = quote("enabled EQ true")
_NAMES = "amber payroll birch roster cobalt wiki delta tickets ember mail fjord budget granite "


class Who(StrEnum):
    """The sender of a request."""

    CLIENT = "API"
    ADMINISTRATOR = "console"
    VISITOR = "portal"


@dataclass(frozen=True)
class WorstRequest:
    """One request. `form` has the fields of a console form, without its CSRF token."""

    title: str
    who: Who
    path: str
    form: tuple[tuple[str, str], ...] = ()


def worst_requests(site: Site, portal_ids: tuple[str, str], links: list[str]) -> list[WorstRequest]:
    """Return all requests. `links` are those of the second portal, which has large icons."""
    plain, heavy = portal_ids
    return [
        *_searches(site),
        *_lists(site, plain, heavy),
        *_console_reads(site),
        *_bulk_changes(site, links),
        WorstRequest("Portal of 500 links", Who.VISITOR, f"/p/{plain}"),
        WorstRequest("Portal of 500 links, find", Who.VISITOR, f"/p/{plain}?q={'a' * 200}"),
        WorstRequest("Portal of 500 large icons", Who.VISITOR, f"/p/{SLUG}"),
    ]


def _searches(site: Site) -> Iterator[WorstRequest]:
    found = {
        "LIKE of 255 rare letters": f"name LIKE {'q' * LONGEST}",
        "LIKE of 255 common letters": f"name LIKE {(_NAMES * 3)[:LONGEST]}",
        "LIKE of one letter": "name LIKE a",
        "LIKE on a field without an index": "protocol LIKE s",
        "NE on a description": "description NE x",
        "GT on a description": "description GT m",
        "16 times LIKE with OR, rare": _joined("name LIKE {}" + "q" * 200),
        "16 times LIKE with OR, common": _joined("description LIKE page number {}"),
        "16 times LIKE with OR, all": " OR ".join(["description LIKE for everyone in the"] * TERMS),
        "16 times ENDSWITH with OR": _joined("description ENDSWITH {}am"),
        "16 times NE with AND": " AND ".join(f"description NE {each}" for each in _LETTERS),
    }
    for title, search in found.items():
        path = f"{site.links_path}?pagesize=500&search={quote(search)}"
        yield WorstRequest(title, Who.CLIENT, path)


def _joined(term: str) -> str:
    return " OR ".join(term.format(each) for each in _LETTERS)


def _lists(site: Site, plain: str, heavy: str) -> Iterator[WorstRequest]:
    found = {
        "Page 5,000 of 20": "?page=5000&pagesize=20",
        "Page 200 of 500, newest first": "?page=200&pagesize=500&sortBy=id&sortOrder=DESC",
        "Page 180 of 500 enabled links": f"?page=180&pagesize=500&search={_ENABLED}",
        "500 links of a portal": f"/userPortal/{plain}?pagesize=500",
        "500 links with icons of 128 KiB": f"/userPortal/{heavy}?pagesize=500",
    }
    for title, query in found.items():
        yield WorstRequest(title, Who.CLIENT, f"{site.links_path}{query}")


def _console_reads(site: Site) -> Iterator[WorstRequest]:
    found = {
        "Dashboard": "",
        "Links with words": f"/links?{urlencode({'q': 'everyone team number opens page'})}",
        "Links without section or portal": "/links?portal=none&section=none&page=50",
        "Links, deep page": "/links?page=2000&sort=changed",
        "Search everything": f"/search?{urlencode({'q': 'a e i o u n r s t'})}",
        "Audit log": "/audit",
        "Audit log, rare kind": "/audit?kind=userPortalAup",
        "Users with a word": "/users?q=zz",
        "Portals with a word": "/portals?q=zz",
    }
    base = f"/console/{site.credentials.customer_id}/0"
    for title, path in found.items():
        yield WorstRequest(title, Who.ADMINISTRATOR, f"{base}{path}")


def _bulk_changes(site: Site, links: list[str]) -> Iterator[WorstRequest]:
    """Yield changes of many links, the pages after one, and its undo."""
    base = f"/console/{site.credentials.customer_id}/0"
    path = f"{base}/links/bulk"
    everything = (("all", "1"), ("action", "disable"), ("filter.q", "everyone team"))
    chosen = (("action", "disable"), *(("link", each) for each in links))
    apply, undo = (("revision", REVISION), *chosen), (("transaction", DONE),)
    yield WorstRequest("Preview for all that match", Who.ADMINISTRATOR, path, everything)
    yield WorstRequest("Preview for 500 large icons", Who.ADMINISTRATOR, path, chosen)
    yield WorstRequest("Disable 500 large icons", Who.ADMINISTRATOR, f"{path}/apply", apply)
    yield WorstRequest("The page after that", Who.ADMINISTRATOR, BACK)
    yield WorstRequest("The audit log after that", Who.ADMINISTRATOR, f"{base}/audit")
    yield WorstRequest("Undo that", Who.ADMINISTRATOR, f"{base}/undo", undo)
