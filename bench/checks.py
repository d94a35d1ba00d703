"""Checks of responses. Nothing is timed before its response has passed one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from bench import dataset
from bench.dataset import SeedLink, in_list_order
from bench.http_client import Answer, UnexpectedAnswer
from bench.sites import Site

Check = Callable[[Site, Answer, str], None]
"""Checks the response to the first request of a load. The text is the body of that request."""


def _require(condition: bool, sentence: str) -> None:
    if not condition:
        raise UnexpectedAnswer(sentence)


def received(link: dict[str, Any]) -> tuple[object, ...]:
    """Return the fields of a link in a response that the dataset determines."""
    portals = [portal["name"] for portal in link["userPortals"]]
    fields = ("name", "enabled", "description", "link", "linkPath", "protocol")
    return (*(link[name] for name in fields), portals)


def written(link: SeedLink) -> tuple[object, ...]:
    """Return a link of the dataset in the form of `received`."""
    return (*link.body().values(), [dataset.portal_name(link.portal)])


def _page(answer: Answer, expected: list[SeedLink], size: int) -> None:
    page = answer.json()
    total = len(expected)
    pages = -(-total // size)
    _require(page["totalCount"] == str(total), f"totalCount is {page['totalCount']}, not {total}")
    _require(page["totalPages"] == str(pages), f"totalPages is {page['totalPages']}, not {pages}")
    actual = [received(link) for link in page["list"]]
    wanted = [written(link) for link in in_list_order(expected)[:size]]
    _require(actual == wanted, f"the list does not hold the expected {len(wanted)} links in order")
    _require(
        all(isinstance(link["id"], str) for link in page["list"]), "an id is not a string of digits"
    )


def page_of_all(size: int) -> Check:
    return lambda _site, answer, _body: _page(answer, dataset.links(), size)


def page_of_portal(_site: Site, answer: Answer, _body: str) -> None:
    _page(answer, [link for link in dataset.links() if link.portal == 0], 20)


def page_of_names(part: str) -> Check:
    expected = [link for link in dataset.links() if part.lower() in link.name.lower()]
    return lambda _site, answer, _body: _page(answer, expected, 20)


def single_link(number: int) -> Check:
    def check(site: Site, answer: Answer, _body: str) -> None:
        link = answer.json()
        _require(link["id"] == site.link_ids[number], "the response has a different link")
        _require(received(link) == written(dataset.links()[number]), "the link's fields differ")

    return check


def token(site: Site, answer: Answer, _body: str) -> None:
    issued = answer.json()
    _require(issued["token_type"].lower() == "bearer", "token_type is not Bearer")
    _require(issued["access_token"].count(".") == 2, "the access token is no JWT")
    path = f"{site.links_path}/{site.link_ids[0]}"
    read = site.connection.send("GET", path, token=issued["access_token"])
    _require(read.status == 200, f"the new token reads a link with status {read.status}")


def created(site: Site, answer: Answer, body: str) -> None:
    sent = json.loads(body)
    link = answer.json()
    _matches(link, sent)
    stored = site.connection.send("GET", f"{site.links_path}/{link['id']}", token=site.token)
    _matches(stored.json(), sent)


def updated(site: Site, _answer: Answer, body: str) -> None:
    number = dataset.LINKS - dataset.ROTATION
    path = f"{site.links_path}/{site.link_ids[number]}"
    stored = site.connection.send("GET", path, token=site.token)
    _matches(stored.json(), json.loads(body))


def _matches(link: dict[str, Any], sent: dict[str, Any]) -> None:
    for name, value in sent.items():
        found = link[name]
        if name == "userPortals":
            found = [{"id": portal["id"]} for portal in found]
        _require(found == value, f"{name} is {found!r}, not {value!r}")


def grown_by(site: Site, before: int, acknowledged: int, connections: int) -> None:
    """Check that every acknowledged create is in the list, and at most a few others are."""
    grown = count_links(site) - before
    _require(
        acknowledged <= grown <= acknowledged + 2 * connections,
        f"{acknowledged} creates were acknowledged, but the list grew by {grown}",
    )


def count_links(site: Site) -> int:
    answer = site.connection.send("GET", f"{site.links_path}?pagesize=1", token=site.token)
    return int(answer.json()["totalCount"])
