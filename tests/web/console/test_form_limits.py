"""How much a form may bring: each page refuses more with its limit, and nobody else waits."""

from __future__ import annotations

import io
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest
from PIL import Image

from portico.domain.tenancy.identity import Role
from tests.harness import LINKS, Caller, Server, Tenant, waits_for_health
from tests.web.console.clerks import Clerk, hire

pytestmark = pytest.mark.one_database

KIBIBYTE = 1024
MEBIBYTE = 1024 * KIBIBYTE
URL_ENCODED = "application/x-www-form-urlencoded"
BOUNDARY = "boundary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
UPLOADS = ("links/new", "links/add-many", "links/add-many/check", "policies/new")


def send(
    clerk: Clerk, place: str, body: bytes, content_type: str, token: str = ""
) -> httpx.Response:
    """A body as it stands, with the session's cookies."""
    cookies = "; ".join(f"{name}={value}" for name, value in clerk.visit.cookies.items())
    headers = {"content-type": content_type, "cookie": cookies, "sec-fetch-site": "same-origin"}
    if token:
        headers["x-csrf-token"] = token
    clerk.visit.http.cookies.clear()
    return clerk.visit.http.post(f"{clerk.base}/{place}", content=body, headers=headers)


def parts(count: int) -> bytes:
    """A multipart form of many tiny fields."""
    one = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n'
    return one.encode() * count + f"--{BOUNDARY}--\r\n".encode()


def test_each_page_names_its_limit(tenant: Tenant, admin: Caller) -> None:
    clerk, portal = hire(tenant), admin.create_portal()
    limits = {
        "portals/new": (64 * KIBIBYTE, "64 KiB"),
        f"portals/{portal}/notice": (64 * KIBIBYTE, "64 KiB"),
        f"portals/{portal}/appearance": (MEBIBYTE, "1 MiB"),
        **dict.fromkeys(UPLOADS, (MEBIBYTE, "1 MiB")),
    }
    for place, (limit, words) in limits.items():
        field = b"csrf=" + clerk.token.encode() + b"&pad="
        for size, refused in ((limit - len(field), False), (limit - len(field) + 1, True)):
            answer = send(clerk, place, field + b"x" * size, URL_ENCODED)
            assert (answer.status_code == 413) is refused, (place, size, answer.status_code)
            if refused:
                assert f"The body is larger than {words}." in answer.text
                assert answer.headers["content-type"].startswith("text/html")
    assert admin.get(LINKS).json()["totalCount"] == "0"


def test_doors_and_portals_take_small_forms(server: Server, admin: Caller) -> None:
    portal = admin.create_portal(portico={"audience": "public"})
    headers = {
        "content-type": URL_ENCODED,
        "cookie": f"__Host-portico_form={'a' * 43}",
        "x-csrf-token": "a" * 43,
    }
    for path in ("/console/sign-in", f"/p/{portal}/sign-in"):
        answer = server.http.post(path, content=b"x" * (64 * KIBIBYTE + 1), headers=headers)
        assert answer.status_code == 413, path
        assert "The body is larger than 64 KiB." in answer.text


@pytest.mark.parametrize("content_type", [URL_ENCODED, MULTIPART])
def test_fields_are_limited(tenant: Tenant, content_type: str) -> None:
    clerk = hire(tenant)
    body = b"a=b&" * 1_001 if content_type == URL_ENCODED else parts(1_001)

    answer = send(clerk, "links/new", body, content_type, clerk.token)

    assert answer.status_code == 413
    assert "The form has over 1,000 fields" in answer.text


@pytest.mark.parametrize("content_type", [URL_ENCODED, MULTIPART])
@pytest.mark.parametrize("token", ["", "wrong"])
def test_millions_of_fields_delay_nobody(tenant: Tenant, content_type: str, token: str) -> None:
    clerk = hire(tenant)
    body = b"a=b&" * (5 * MEBIBYTE // 4) if content_type == URL_ENCODED else parts(90_000)
    with ThreadPoolExecutor(1) as pool:
        sent = [
            pool.submit(send, clerk, place, body, content_type, token or clerk.token)
            for place in (*UPLOADS, "portals/new")
        ]
        waits = waits_for_health(tenant.server, until=lambda: all(each.done() for each in sent))
    assert {each.result().status_code for each in sent} == {403 if token else 413}
    assert max(waits) < 1.0  # it was up to 10 s


def test_largest_paste_delays_nobody(tenant: Tenant, admin: Caller) -> None:
    clerk = hire(tenant)
    for number in range(30):
        admin.create_portal(f"Portal {number} of the works")
    path = "a" * 1_000
    rows = "".join(
        f"Link {number}\thttps://l{number}.example.com/{path}\t\tPortol {number} of the works\n"
        for number in range(500)
    )
    form = {"csrf": clerk.token, "lines": rows}
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(clerk.visit.post, f"{clerk.base}/links/add-many", form)
        waits = waits_for_health(tenant.server, until=sent.done)
    page = sent.result().text
    assert page.count("No portal has the name") == 500
    assert page.count("Use Portal") == 5
    assert max(waits) < 1.0


def test_every_checked_row_of_a_full_paste_comes_back(tenant: Tenant, admin: Caller) -> None:
    clerk = hire(tenant)
    rows = {
        f"rows.{number}.{column}": value
        for number in range(1, 501)
        for column, value in (
            ("name", f"Link {number}"),
            ("url", f"l{number}.example.com"),
            ("description", ""),
            ("portals", ""),
            ("section", ""),
        )
    }

    answer = clerk.post("links/add-many/check", count="500", go="add", **rows)

    assert answer.status_code == 303
    assert admin.get(LINKS).json()["totalCount"] == "500"


def upload(clerk: Clerk, place: str, content: bytes) -> httpx.Response:
    """A form with the name of a link, and a file as its icon."""
    form = {"csrf": clerk.token, "name": "Painted", "host": "a.example"}
    url = clerk.visit.http.base_url
    sent = httpx.Request("POST", url, data=form, files={"icon": ("a.png", content)})
    return send(clerk, place, sent.read(), sent.headers["content-type"])


def test_huge_picture_delays_nobody(tenant: Tenant, admin: Caller) -> None:
    clerk, packed = hire(tenant), io.BytesIO()
    Image.new("RGB", (6_000, 4_000), "red").save(packed, "PNG")

    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(upload, clerk, "links/new", packed.getvalue())
        waits = waits_for_health(tenant.server, until=sent.done)

    assert sent.result().status_code == 303
    assert max(waits) < 1.0
    (made,) = admin.get(LINKS).json()["list"]
    assert made["iconText"].startswith("data:image/png;base64,")


def test_refused_picture_is_told_beside_the_link(tenant: Tenant, admin: Caller) -> None:
    clerk, link = hire(tenant), admin.create_link("Wiki")

    broken = upload(clerk, f"links/{link}", b"hello")
    long = upload(clerk, f"links/{link}", b"x" * MEBIBYTE)

    assert broken.status_code == 422
    assert "The file is no PNG, JPEG, GIF, WebP or ICO picture." in broken.text
    assert "<title>Wiki" in broken.text
    assert long.status_code == 413
    assert "The body is larger than 1 MiB." in long.text
    assert admin.get(f"{LINKS}/{link}").json()["name"] == "Wiki"


def test_viewer_has_no_picture_read(tenant: Tenant) -> None:
    clerk = hire(tenant, role=Role.VIEWER)

    assert upload(clerk, "links/new", b"hello").status_code == 403


@pytest.fixture
def raw(server: Server) -> Iterator[socket.socket]:
    """A connection that sends what the test writes."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as client:
        yield client


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, b"403"),
        ({"origin": "https://elsewhere.example"}, b"403"),
        ({"x-csrf-token": "wrong"}, b"403"),
        ({"cookie": ""}, b"303"),
        ({}, b"413"),
    ],
)
def test_headers_are_checked_before_the_body_is_read(
    tenant: Tenant, raw: socket.socket, headers: dict[str, str], status: bytes
) -> None:
    """The body never comes, so an answer means that nobody waited for it."""
    clerk = hire(tenant)
    cookies = "; ".join(f"{name}={value}" for name, value in clerk.visit.cookies.items())
    sent = {
        "host": "a",
        "content-type": URL_ENCODED,
        "content-length": str(5 * MEBIBYTE),
        "cookie": cookies,
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    raw.sendall(f"POST {clerk.base}/portals/new HTTP/1.1\r\n{lines}\r\n".encode())

    assert raw.recv(4_096).startswith(b"HTTP/1.1 " + status)
