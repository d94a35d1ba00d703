"""A page of links with large icons: complete, the same bytes in every form, a few at a time."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import pytest

from portico.domain.links.links import ICON_LIMIT_BYTES
from portico.domain.tenancy.identity import fingerprint
from portico.http.kit.large_answers import LARGE_BYTES
from tests.harness import LINKS, Caller, Server, assert_error, create_tenant
from tests.http.bodies import BULK, create_bulk, link

ICON = "data:image/png;base64,".ljust(ICON_LIMIT_BYTES, "A")
COUNT = 120
WHOLE_PAGE = {"pagesize": 500}


@pytest.fixture(scope="module")
def gallery(server: Server) -> Caller:
    """A tenant whose page of links has over 8 MiB."""
    admin = create_tenant(server).caller()
    portal = admin.create_portal()
    entries = [link(f"Link {number:03}", iconText=ICON) for number in range(COUNT)]
    for start in range(0, COUNT, 30):
        create_bulk(admin, entries[start : start + 30], portal)
    return admin


def test_large_page_has_every_link(gallery: Caller) -> None:
    answer = gallery.call("GET", LINKS, params=WHOLE_PAGE, headers={"Accept-Encoding": "identity"})

    assert answer.status_code == 200
    assert len(answer.content) > LARGE_BYTES
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["cache-control"] == "no-store"
    page = answer.json()
    assert [each["name"] for each in page["list"]] == [f"Link {n:03}" for n in range(COUNT)]
    assert {each["iconText"] for each in page["list"]} == {ICON}
    assert (page["totalCount"], page["totalPages"]) == (str(COUNT), "1")
    compact = json.dumps(page, separators=(",", ":"), ensure_ascii=False).encode()
    assert answer.content == compact
    assert answer.headers["etag"] == f'"{fingerprint(compact)}"'


def test_large_page_is_the_same_in_each_form(gallery: Caller) -> None:
    portal = gallery.get("userPortal").json()["list"][0]["id"]
    for path in (LINKS, f"{LINKS}/userPortal/{portal}"):
        plain, packed, again = (
            gallery.call("GET", path, params=WHOLE_PAGE, headers={"Accept-Encoding": coding})
            for coding in ("identity", "gzip", "gzip")
        )
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert plain.content == packed.content == again.content
        assert packed.headers["etag"] == again.headers["etag"]
        for tag in (plain.headers["etag"], packed.headers["etag"]):
            unchanged = gallery.call("GET", path, params=WHOLE_PAGE, headers={"If-None-Match": tag})
            assert (unchanged.status_code, unchanged.content) == (304, b"")
            assert unchanged.headers["etag"] == plain.headers["etag"]


def test_large_page_is_as_new_as_the_data(server: Server, gallery: Caller) -> None:
    before = gallery.get(LINKS, **WHOLE_PAGE)
    made = gallery.create_link("Zebra")
    after = gallery.get(LINKS, **WHOLE_PAGE)
    gallery.delete(f"{LINKS}/{made}")

    assert after.headers["etag"] != before.headers["etag"]
    assert after.json()["list"][-1]["name"] == "Zebra"


def test_bulk_of_large_icons_answers_all_of_them(admin: Caller) -> None:
    entries = [link(f"Link {number:02}", iconText=ICON) for number in range(36)]

    made = admin.create(BULK, {"userPortalLinks": entries})["userPortalLinks"]

    assert [each["name"] for each in made] == [each["name"] for each in entries]
    assert {each["iconText"] for each in made} == {ICON}


def test_slow_clients_of_one_tenant_leave_room_for_others(
    gallery: Caller, admin: Caller, server: Server
) -> None:
    """Two that do not read hold both places of their tenant; a third is told to come again."""
    stalled = [begin_page(gallery) for _ in range(2)]
    refused = gallery.get(LINKS, **WHOLE_PAGE)
    small = gallery.get(LINKS, pagesize=1)
    other = admin.get(LINKS)
    for client in stalled:
        client.close()

    assert_error(refused, 503, "retryable.server.error")
    assert "large answers" in refused.json()["reason"]
    assert refused.headers["retry-after"] == "5s"
    assert (small.status_code, other.status_code) == (200, 200)
    assert gallery.get(LINKS, **WHOLE_PAGE).status_code == 200


def begin_page(caller: Caller) -> socket.socket:
    """A connection on which the whole page was asked for and only its head was read."""
    address = urlsplit(caller.server.url)
    client = socket.create_connection((address.hostname, address.port), timeout=30)
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    path = f"{caller.path(LINKS)}?pagesize=500"
    lines = f"GET {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {caller.token}\r\n\r\n"
    client.sendall(lines.encode())
    assert client.recv(15).startswith(b"HTTP/1.1 200")
    return client
