"""Versions: an ETag on every read, 304 for who has it, 409 for a change meant for another one."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from tests.harness import AUPS, LINKS, MICROTENANTS, PORTALS, Caller, assert_error
from tests.http.bodies import create_bulk, link, links, on
from tests.http.clients import ME

NOUNS = (LINKS, PORTALS, AUPS, MICROTENANTS)
KINDS = {
    LINKS: "userPortalLink",
    PORTALS: "userPortal",
    AUPS: "userPortalAup",
    MICROTENANTS: "microtenant",
}
BODIES: dict[str, dict[str, Any]] = {
    LINKS: link(),
    PORTALS: {"name": "Wiki"},
    AUPS: {"name": "Wiki"},
    MICROTENANTS: {"name": "Wiki"},
}
OTHER = '"0123456789abcdef"'


def read_on(caller: Caller, path: str, condition: str, **headers: str) -> httpx.Response:
    """A GET on the condition that the version is another one."""
    return caller.call("GET", path, headers={"If-None-Match": condition, **headers})


@pytest.mark.parametrize("noun", NOUNS)
def test_every_read_has_a_version(admin: Caller, noun: str) -> None:
    object_id = admin.create(noun, BODIES[noun])["id"]
    paths = [noun, f"{noun}/{object_id}"]
    paths += [f"{noun}/summary", "authDomains"] if noun == MICROTENANTS else []
    for path in paths:
        first, second = admin.get(path), admin.get(path)
        tag = first.headers["etag"]
        assert re.fullmatch(r'"[!#-~]+"', tag), path
        assert second.headers["etag"] == tag

        for condition in (tag, f"W/{tag}", f'"x", {tag}', "*", f"{OTHER},{tag}"):
            answer = read_on(admin, path, condition)
            assert answer.status_code == 304, (path, condition)
            # It would have to be that of the body that is not sent (RFC 9110, section 8.6).
            assert "content-length" not in answer.headers
            assert answer.content == b""
            assert answer.headers["etag"] == tag
        assert read_on(admin, path, OTHER).status_code == 200


def test_me_has_a_version(admin: Caller) -> None:
    headers = {"Authorization": f"Bearer {admin.token}"}
    tag = admin.http.get(ME, headers=headers).headers["etag"]

    answer = admin.http.get(ME, headers=headers | {"If-None-Match": tag})
    assert answer.status_code == 304


@pytest.mark.parametrize("noun", NOUNS)
def test_change_makes_another_version(admin: Caller, noun: str) -> None:
    path = f"{noun}/{admin.create(noun, BODIES[noun])['id']}"
    tags = {each: admin.get(each).headers["etag"] for each in (path, noun)}

    admin.put(path, BODIES[noun] | {"description": "Changed"})

    for each, tag in tags.items():
        answer = read_on(admin, each, tag)
        assert answer.status_code == 200
        assert answer.headers["etag"] != tag
        assert "Changed" in answer.text


def test_change_of_a_portal_makes_another_version_of_its_links(admin: Caller) -> None:
    portal_id = admin.create_portal("Before")
    link_id = admin.create_link(userPortals=on(portal_id))
    paths = (LINKS, f"{LINKS}/{link_id}", f"{LINKS}/userPortal/{portal_id}")
    tags = {path: admin.get(path).headers["etag"] for path in paths}

    admin.put(f"{PORTALS}/{portal_id}", {"name": "After"})

    for path, tag in tags.items():
        answer = read_on(admin, path, tag)
        assert answer.status_code == 200
        assert "After" in answer.text


def test_other_change_keeps_the_version(admin: Caller) -> None:
    path = f"{LINKS}/{admin.create_link('Mine')}"
    tag = admin.get(path).headers["etag"]

    admin.create_link("Another")

    assert read_on(admin, path, tag).status_code == 304


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("noun", NOUNS)
def test_stale_change_is_refused(admin: Caller, noun: str, method: str) -> None:
    path = f"{noun}/{admin.create(noun, BODIES[noun])['id']}"
    stale = admin.get(path).headers["etag"]
    admin.put(path, BODIES[noun] | {"description": "Newer"})
    newer = admin.get(path).json()
    body = BODIES[noun] | {"description": "Newest"}
    for condition in (stale, OTHER, '""', "x", f"W/{stale}"):
        answer = admin.call(method, path, json=body, headers={"If-Match": condition})

        reason = assert_error(answer, 409, "api.concurrent.access.error", KINDS[noun])
        assert "If-Match" in reason
        assert admin.get(path).json() == newer

    fresh = admin.get(path).headers["etag"]
    answer = admin.call(method, path, json=body, headers={"If-Match": fresh})
    assert answer.status_code == 204


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_any_version_will_do_for_a_star(admin: Caller, method: str) -> None:
    path = f"{LINKS}/{admin.create_link()}"

    answer = admin.call(method, path, json=link("New"), headers={"If-Match": "*"})

    assert answer.status_code == 204


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_condition_on_an_unknown_object_is_not_found(admin: Caller, method: str) -> None:
    for condition in (OTHER, "*"):
        answer = admin.call(method, f"{LINKS}/12345", json=link(), headers={"If-Match": condition})

        assert_error(answer, 404, "resource.not.found", "12345")


def test_version_of_the_packed_form_names_the_same(admin: Caller) -> None:
    portals = [admin.create_portal(f"Portal {number}") for number in range(10)]
    path = f"{LINKS}/{admin.create_link(userPortals=on(*portals))}"
    packed = admin.call("GET", path, headers={"Accept-Encoding": "gzip"})
    plain = admin.call("GET", path, headers={"Accept-Encoding": "identity"})
    tags = [packed.headers["etag"], plain.headers["etag"]]

    assert packed.headers["content-encoding"] == "gzip"
    assert tags[0] != tags[1]
    for tag in tags:
        for encoding in ("gzip", "identity"):
            headers = {"Accept-Encoding": encoding}
            assert read_on(admin, path, tag, **headers).status_code == 304
    assert read_on(admin, path, '"gzip"').status_code == 200
    headers = {"If-Match": tags[0]}
    assert admin.call("PUT", path, json=link("Changed"), headers=headers).status_code == 204


def test_repeated_reads_see_every_change(admin: Caller) -> None:
    for number in range(20):
        path = f"{LINKS}/{admin.create_link(f'Link {number}')}"
        assert len(admin.get(LINKS, pagesize=500).json()["list"]) == number + 1
        assert admin.get(path).json()["name"] == f"Link {number}"
        admin.put(path, link(f"Changed {number}"))
        assert admin.get(path).json()["name"] == f"Changed {number}"

    create_bulk(admin, links(3))
    assert admin.get(LINKS, pagesize=500).json()["totalCount"] == "23"
