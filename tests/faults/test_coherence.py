"""Kept answers are never older than a write that was acknowledged before the request, anywhere.

Three servers share a database: two keep answers, one does not and says what is true.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from tests.harness import LINKS, Caller, Server, create_tenant, served

WRITES = 40
READERS = 4


@pytest.fixture(scope="module")
def servers(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """Two servers that keep answers, and one that never does."""
    logs = tmp_path_factory.mktemp("servers")
    with ExitStack() as stack:
        kept = [
            stack.enter_context(served(database_url, logs / f"{name}.log"))
            for name in ("first", "second")
        ]
        plain = served(database_url, logs / "plain.log", "--cache-bytes", "0")
        yield [*kept, stack.enter_context(plain)]


def _on(server: Server, caller: Caller) -> Caller:
    """The same API client on another server, with the same token."""
    other = Caller(server, caller.customer_id, caller.credentials)
    other.token = caller.token
    return other


def test_reader_never_sees_less_than_was_acknowledged(servers: list[Server]) -> None:
    writer = create_tenant(servers[0]).caller()
    link_id = writer.create_link("Counter", description="0")
    acknowledged = [0]
    finished = threading.Event()
    stale: list[str] = []

    def read(server: Server) -> None:
        caller = _on(server, writer)
        with httpx.Client(base_url=server.url, timeout=30) as caller.http:
            while not finished.is_set():
                for path in (f"{LINKS}/{link_id}", LINKS):
                    before = acknowledged[0]
                    body = caller.get(path).json()
                    seen = int((body if "id" in body else body["list"][0])["description"])
                    if seen < before:
                        stale.append(f"{path} on {server.url}: {seen} after {before}")

    readers = [
        threading.Thread(target=read, args=(servers[number % 2],)) for number in range(READERS)
    ]
    for reader in readers:
        reader.start()
    for number in range(1, WRITES + 1):
        body = {"name": "Counter", "link": "a.example.com", "description": str(number)}
        answer = _on(servers[number % 2], writer).put(f"{LINKS}/{link_id}", body)
        assert answer.status_code == 204, answer.text
        acknowledged[0] = number
    finished.set()
    for reader in readers:
        reader.join()

    assert stale == []


@pytest.mark.parametrize("seed", range(2))
def test_kept_answers_equal_the_computed_ones(servers: list[Server], seed: int) -> None:
    """Any interleaving of writes and reads: the same bytes from every server, kept or not."""
    chance = random.Random(seed)
    admin = create_tenant(servers[0]).caller()
    callers = [_on(server, admin) for server in servers]
    portal_id = admin.create_portal()
    ids = [admin.create_link(f"Link {number}") for number in range(3)]
    paths = [LINKS, f"{LINKS}?search=name%20LIKE%20link", f"{LINKS}/userPortal/{portal_id}"]
    differing = []
    for step in range(40):
        caller = chance.choice(callers)
        if chance.random() < 0.4:
            _change(chance, caller, ids, portal_id, step)
        path = chance.choice([*paths, *(f"{LINKS}/{link_id}" for link_id in ids[-3:])])
        answers = [each.call("GET", path) for each in (*callers, *callers)]
        if len({(answer.status_code, answer.content) for answer in answers}) != 1:
            differing.append((step, path))

    assert differing == []


def _change(
    chance: random.Random, caller: Caller, ids: list[str], portal_id: str, step: int
) -> None:
    kind = chance.choice(["create", "update", "delete", "rename portal"])
    if kind == "create" or not ids:
        ids.append(caller.create_link(f"New {step}", userPortals=[{"id": portal_id}]))
    elif kind == "update":
        body = {"name": f"Link of step {step}", "link": "b.example.com", "enabled": True}
        caller.put(f"{LINKS}/{chance.choice(ids)}", body)
    elif kind == "delete":
        caller.delete(f"{LINKS}/{ids.pop(chance.randrange(len(ids)))}")
    else:
        caller.put(f"userPortal/{portal_id}", {"name": f"Portal of step {step}"})


def test_revoked_client_is_refused_by_every_server(servers: list[Server]) -> None:
    tenant = create_tenant(servers[0])
    client = tenant.caller()
    callers = [_on(server, client) for server in servers]
    warm = [caller.get(LINKS).status_code for caller in (*callers, *callers)]

    tenant.revoke(client.credentials)
    refused = [caller.get(LINKS) for caller in callers]

    assert set(warm) == {200}
    assert [answer.status_code for answer in refused] == [401, 401, 401]
    assert all("SESSION_NOT_VALID" in answer.json()["reason"] for answer in refused)


def test_revoked_client_writes_on_no_server(servers: list[Server]) -> None:
    """What a server knows of a caller's access is as fresh for a write as for a read."""
    tenant = create_tenant(servers[0])
    client = tenant.caller()
    callers = [_on(server, client) for server in servers]
    for number, caller in enumerate(callers):
        caller.create_link(f"Link {number}")

    tenant.revoke(client.credentials)
    body = {"name": "Late", "link": "late.example.com"}
    refused = [caller.post(LINKS, body) for caller in callers]

    assert [answer.status_code for answer in refused] == [401, 401, 401]
    names = {link["name"] for link in tenant.caller().get(LINKS).json()["list"]}
    assert names == {"Link 0", "Link 1", "Link 2"}
