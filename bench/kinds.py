"""The kinds of request to measure: the requests of each, and the check of its response."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote, urlencode

from bench import checks, dataset
from bench.http_client import FORM, JSON
from bench.sites import Site

EQ_TARGET = dataset.links()[4_242].name


class Group(StrEnum):
    """The effect of a kind on the data. Reads are also measured with the response cache off."""

    READ = "read"
    WRITE = "write"
    SIGN_IN = "sign-in"


@dataclass(frozen=True)
class Request:
    """One request of a load. `@N@` and `@TAG@` make its body unique each time it is sent."""

    path: str
    body: str = ""


@dataclass(frozen=True)
class Load:
    """The requests that the load generator repeats in turn, with their status if all goes well.

    `headers` are those of a browser; an API client's are sent without them.
    """

    method: str
    requests: list[Request]
    status: int = 200
    content_type: str | None = None
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """One row of the comparison."""

    name: str
    title: str
    group: Group
    plan: Callable[[Site], Load]
    check: checks.Check


def _page(query: str) -> Callable[[Site], Load]:
    return lambda site: Load("GET", [Request(f"{site.links_path}?{query}")])


def _single_read(site: Site) -> Load:
    step = dataset.LINKS // dataset.ROTATION
    return Load("GET", [Request(f"{site.links_path}/{found}") for found in site.link_ids[::step]])


def _by_portal(site: Site) -> Load:
    return Load("GET", [Request(f"{site.links_path}/userPortal/{site.portal_ids[0]}")])


def _search(expression: str) -> Callable[[Site], Load]:
    return _page(f"search={quote(expression)}")


def new_link(portal_id: str) -> dict[str, Any]:
    """Return the body of a new link."""
    return {
        "name": "Created @TAG@ @N@",
        "enabled": True,
        "description": "Created while the clock was running",
        "link": "new.example.com",
        "linkPath": "/start/@N@",
        "protocol": "https://",
        "userPortals": [{"id": portal_id}],
    }


def _create(site: Site) -> Load:
    bodies = [json.dumps(new_link(portal_id)) for portal_id in site.create_portals]
    requests = [Request(site.links_path, body) for body in bodies]
    return Load("POST", requests, 201, JSON)


def _update(site: Site) -> Load:
    numbers = range(dataset.LINKS - dataset.ROTATION, dataset.LINKS)
    every = dataset.links()
    return Load("PUT", [_replacement(site, n, every[n]) for n in numbers], 204, JSON)


def _replacement(site: Site, number: int, link: dataset.SeedLink) -> Request:
    body = link.body() | {
        "description": "Updated @TAG@ @N@",
        "userPortals": [{"id": site.portal_ids[link.portal]}],
    }
    return Request(f"{site.links_path}/{site.link_ids[number]}", json.dumps(body))


def _sign_in(path: str, **more: str) -> Callable[[Site], Load]:
    def plan(site: Site) -> Load:
        fields = {
            "client_id": site.credentials.client_id,
            "client_secret": site.credentials.client_secret,
        }
        return Load("POST", [Request(path, urlencode(fields | more))], 200, FORM)

    return plan


LIST_20 = Kind(
    "list-20", "List of 20", Group.READ, _page("page=1&pagesize=20"), checks.page_of_all(20)
)
LIST_500 = Kind(
    "list-500", "List of 500", Group.READ, _page("page=1&pagesize=500"), checks.page_of_all(500)
)
SINGLE = Kind("single", "Single read", Group.READ, _single_read, checks.single_link(0))
CREATE = Kind("create", "Create", Group.WRITE, _create, checks.created)

KINDS = (
    LIST_20,
    LIST_500,
    SINGLE,
    Kind("by-portal", "List by portal", Group.READ, _by_portal, checks.page_of_portal),
    Kind(
        "search-eq",
        "Search name EQ",
        Group.READ,
        _search(f"name EQ {EQ_TARGET}"),
        checks.page_of_names(EQ_TARGET),
    ),
    Kind(
        "search-like",
        "Search name LIKE",
        Group.READ,
        _search(f"name LIKE {dataset.RARE_WORD}"),
        checks.page_of_names(dataset.RARE_WORD),
    ),
    Kind("signin", "Sign-in, /signin", Group.SIGN_IN, _sign_in("/signin"), checks.token),
    Kind(
        "token",
        "Sign-in, /oauth2/v1/token",
        Group.SIGN_IN,
        _sign_in("/oauth2/v1/token", grant_type="client_credentials"),
        checks.token,
    ),
    Kind("update", "Update", Group.WRITE, _update, checks.updated),
    CREATE,
)
