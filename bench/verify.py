"""Checks each contestant before it is timed, and compares cached with computed responses."""

from __future__ import annotations

from collections.abc import Callable

from bench.checks import count_links, grown_by
from bench.cores import CONNECTIONS
from bench.http_client import Answer, Connection, UnexpectedAnswer, expect
from bench.kinds import Group, Kind, Load, Request
from bench.load import Sample
from bench.rounds import Timing
from bench.sites import Site


def ask(site: Site, load: Load, request: Request, tag: str) -> tuple[Answer, str]:
    """Send one request of a load. Return its response and the sent body."""
    body = request.body.replace("@TAG@", tag).replace("@N@", "0")
    answer = site.connection.send(
        load.method,
        request.path,
        token=site.token,
        body=body or None,
        content_type=load.content_type,
    )
    return expect(answer, load.status, f"{load.method} {request.path}"), body


def verified_answer(kind: Kind, site: Site) -> Answer:
    """Return the checked response to the first request of a kind. Raises UnexpectedAnswer."""
    load = kind.plan(site)
    answer, body = ask(site, load, load.requests[0], "check")
    kind.check(site, answer, body)
    return answer


def same_when_cold(kind: Kind, hot: Site, cold: Site) -> None:
    """Raise UnexpectedAnswer unless every cached response equals the computed one."""
    if kind.group is not Group.READ:
        return
    load = kind.plan(hot)
    for request in load.requests:
        made, _ = ask(cold, load, request, "")
        first, _ = ask(hot, load, request, "")
        again, _ = ask(hot, load, request, "")
        if not made.body == first.body == again.body:
            raise UnexpectedAnswer(
                f"{request.path}: the cached bytes differ from the computed ones"
            )


def same_as_captured(port: int, load: Load, captured: Answer) -> Callable[[], None]:
    """Return a check that the limit sends Portico's status, body and header names."""

    def verify() -> None:
        connection = Connection(port)
        answer = connection.send(load.method, "/", body=None if load.method == "GET" else "{}")
        connection.close()
        same = (answer.status, answer.body) == (captured.status, captured.body)
        if not same or _header_names(answer) != _header_names(captured):
            raise UnexpectedAnswer("the limit does not send Portico's answer")

    return verify


def _header_names(answer: Answer) -> list[str]:
    return sorted(name.lower() for name, _ in answer.headers)


def counted(site: Site, timing: Timing) -> Timing:
    """Return a timing of creates that also checks that every acknowledged link exists."""

    def measure(tag: str, seconds: float) -> Sample:
        before = count_links(site)
        sample = timing(tag, seconds)
        grown_by(site, before, sample.requests, CONNECTIONS)
        return sample

    return measure
