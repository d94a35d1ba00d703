"""Compares a bulk of 500 links with 500 single creates, with one client on one connection."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from functools import partial
from statistics import median, quantiles

from bench import checks, dataset
from bench.http_client import JSON, Answer, Connection, UnexpectedAnswer, expect
from bench.kinds import new_link
from bench.load import Sample
from bench.rounds import Timing
from bench.sites import Site

BULKS_A_ROUND = 5
Send = Callable[[], object]


def bulk_body(portal_id: str, tag: str) -> str:
    """Return a bulk request of 500 new links on one empty portal."""
    text = json.dumps(new_link(portal_id))
    links = [
        json.loads(text.replace("@TAG@", tag).replace("@N@", f"{number:03d}"))
        for number in range(dataset.BULK)
    ]
    portals = links[0]["userPortals"]
    for link in links:
        del link["userPortals"]
    return json.dumps({"userPortalLinks": links, "userPortals": portals})


def bulk_timing(site: Site) -> Timing:
    """Return a timing of bulks of 500 on one connection."""

    def measure(tag: str, _seconds: float) -> Sample:
        bodies = [
            bulk_body(site.bulk_portals.pop(), f"bulk {tag} {turn}")
            for turn in range(BULKS_A_ROUND)
        ]
        before = checks.count_links(site)
        sample = _timed([partial(_post_bulk, site, body) for body in bodies])
        checks.grown_by(site, before, BULKS_A_ROUND * dataset.BULK, 0)
        return sample

    return measure


def singles_timing(site: Site) -> Timing:
    """Return a timing of 500 creates on one connection. The rate counts sets of 500."""

    def measure(tag: str, _seconds: float) -> Sample:
        text = json.dumps(new_link(site.bulk_portals.pop())).replace("@TAG@", f"single {tag}")
        bodies = [text.replace("@N@", str(number)) for number in range(dataset.BULK)]

        def create_all() -> None:
            for body in bodies:
                answer = site.connection.send(
                    "POST", site.links_path, token=site.token, body=body, content_type=JSON
                )
                expect(answer, 201, "create")

        return _timed([create_all])

    return measure


def repeated_timing(port: int, path: str, body: str) -> Timing:
    """Return a timing of the limit, with the same body each time."""

    def measure(_tag: str, _seconds: float) -> Sample:
        connection = Connection(port)

        def send() -> None:
            expect(connection.send("POST", path, body=body, content_type=JSON), 201, "bulk")

        sample = _timed([send] * BULKS_A_ROUND)
        connection.close()
        return sample

    return measure


def _post_bulk(site: Site, body: str) -> Answer:
    answer = site.connection.send(
        "POST", site.bulk_path, token=site.token, body=body, content_type=JSON
    )
    return expect(answer, 201, "bulk")


def verify_bulk(site: Site) -> Answer:
    """Check that the response to a bulk has its 500 links in order, each with the portal."""
    body = bulk_body(site.bulk_portals.pop(), "bulk check")
    sent = json.loads(body)
    answer = _post_bulk(site, body)
    links = answer.json()["userPortalLinks"]
    names = [link["name"] for link in links]
    portals = [link["userPortals"][0]["id"] for link in links]
    if names != [link["name"] for link in sent["userPortalLinks"]]:
        raise UnexpectedAnswer("the bulk's answer does not hold its links in order")
    if set(portals) != {sent["userPortals"][0]["id"]}:
        raise UnexpectedAnswer("the bulk's links are not on its portal")
    return answer


def bulk_portals_needed(sendings: int) -> int:
    """Return the number of empty portals for the check and for all bulks and creates."""
    return 1 + sendings * (BULKS_A_ROUND + 1)


def _timed(sendings: list[Send]) -> Sample:
    """Time each request, and return the medians."""
    took = []
    for send in sendings:
        start = time.perf_counter()
        send()
        took.append(time.perf_counter() - start)
    worst = quantiles(took, n=100)[-1] if len(took) > 1 else took[0]
    return Sample(len(took), 1 / median(took), median(took) * 1000, worst * 1000)
