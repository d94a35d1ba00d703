"""What Portico adds to the vendor's objects: told when asked for, kept when nothing is said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.harness import LINKS, PORTALS, Caller, assert_error
from tests.http.bodies import BULK, link

ASKED = {"include": "portico"}
SHOWN = {
    "section": "Tools",
    "order": 3,
    "groups": ["Pay", "Staff"],
    "iconIsDark": True,
    "keywords": ["salary", "Löhne"],
}


def shown(caller: Caller, link_id: str) -> Any:  # noqa: ANN401  # any JSON value
    """How a link is shown, as it is answered."""
    return caller.get(f"{LINKS}/{link_id}", **ASKED).json()["portico"]


def test_presentation_is_told_only_when_asked_for(admin: Caller) -> None:
    portal_id = admin.create_portal()
    link_id = admin.create_link(userPortals=[{"id": portal_id}], portico=SHOWN)
    of_portal = f"{LINKS}/userPortal/{portal_id}"

    for path in (LINKS, of_portal):
        assert "portico" not in admin.get(path).json()["list"][0]
        assert admin.get(path, **ASKED).json()["list"][0]["portico"] == SHOWN
    assert "portico" not in admin.get(f"{LINKS}/{link_id}").json()
    assert shown(admin, link_id) == SHOWN
    assert admin.get(f"{LINKS}/{link_id}", include="x,portico").json()["portico"] == SHOWN


def test_creation_answers_what_is_asked_for(admin: Caller) -> None:
    assert "portico" not in admin.create(LINKS, link("A", portico=SHOWN))
    assert admin.create(LINKS, link("B", portico=SHOWN), **ASKED)["portico"] == SHOWN
    assert admin.create(LINKS, link("C"), **ASKED)["portico"] == {"order": 0}
    body = {"userPortalLinks": [link("D", portico=SHOWN), link("E")]}
    made = admin.create(BULK, body, **ASKED)["userPortalLinks"]
    assert [each["portico"] for each in made] == [SHOWN, {"order": 0}]


def test_put_of_the_vendors_object_keeps_the_presentation(admin: Caller) -> None:
    link_id = admin.create_link(portico=SHOWN)

    assert admin.put(f"{LINKS}/{link_id}", link("Renamed")).status_code == 204
    assert shown(admin, link_id) == SHOWN
    assert admin.put(f"{LINKS}/{link_id}", link(portico=None)).status_code == 204
    assert shown(admin, link_id) == SHOWN
    assert admin.put(f"{LINKS}/{link_id}", link(portico={"section": "New"})).status_code == 204
    assert shown(admin, link_id) == {"section": "New", "order": 0}
    assert admin.put(f"{LINKS}/{link_id}", link(portico={})).status_code == 204
    assert shown(admin, link_id) == {"order": 0}


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("portico", "field"),
    [
        ({"section": 5}, "portico.section"),
        ({"section": "x" * 256}, "portico.section"),
        ({"section": "a\u0007"}, "portico.section"),
        ({"order": "3"}, "portico.order"),
        ({"order": -1}, "portico.order"),
        ({"order": 1.5}, "portico.order"),
        ({"groups": "Staff"}, "portico.groups"),
        ({"groups": [""]}, "portico.groups"),
        ({"groups": [None]}, "portico.groups[0]"),
        ({"iconIsDark": "yes"}, "portico.iconIsDark"),
        ({"keywords": "salary"}, "portico.keywords"),
        ({"keywords": [""]}, "portico.keywords"),
        ({"keywords": ["salary, wages"]}, "portico.keywords"),
        ({"keywords": ["x" * 65]}, "portico.keywords"),
        ({"keywords": ["pay\u202e"]}, "portico.keywords"),
        ({"keywords": [str(number) for number in range(21)]}, "portico.keywords"),
        ([], "portico"),
    ],
)
def test_wrong_presentation_is_refused_by_name(admin: Caller, portico: object, field: str) -> None:
    answer = admin.post(LINKS, link(portico=portico))

    assert_error(answer, 400, "invalid.resource.argument", field)
    bulk = admin.post(BULK, {"userPortalLinks": [link("A"), link("B", portico=portico)]})
    assert bulk.status_code == 400
    assert bulk.json()["params"][0].endswith(field)
    assert admin.names() == []


def test_either_version_of_a_link_may_be_meant(admin: Caller) -> None:
    path = f"{LINKS}/{admin.create_link(portico=SHOWN)}"
    plain = admin.get(path).headers["etag"]
    full = admin.get(path, **ASKED).headers["etag"]
    assert plain != full

    def put(tag: str) -> int:
        body = link(portico=SHOWN)
        return admin.call("PUT", path, json=body, headers={"If-Match": tag}).status_code

    assert put(full) == 204
    assert put('"other"') == 409
    current = admin.get(path, **ASKED).headers["etag"]
    admin.put(path, link(portico={"section": "New"}))
    assert put(current) == 409
    assert put(admin.get(path).headers["etag"]) == 204


def test_page_of_a_portal_is_told_and_taken(admin: Caller) -> None:
    slug = f"staff-{admin.customer_id}"
    page: dict[str, object] = {"slug": slug, "audience": "public", "title": "Hello"}
    page |= {"accent": "#1f5eff", "acceptsRequests": True}
    portal_id = admin.create_portal(portico=page)
    path = f"{PORTALS}/{portal_id}"

    assert "portico" not in admin.get(path).json()
    assert "portico" not in admin.get(PORTALS).json()["list"][0]
    assert admin.get(path, **ASKED).json()["portico"] == page
    assert admin.get(PORTALS, **ASKED).json()["list"][0]["portico"] == page
    assert admin.put(path, {"name": "Renamed"}).status_code == 204
    assert admin.get(path, **ASKED).json()["portico"] == page
    assert admin.put(path, {"name": "Renamed", "portico": {}}).status_code == 204
    left = {"slug": slug, "audience": "signed_in", "acceptsRequests": False}
    assert admin.get(path, **ASKED).json()["portico"] == left
    made = admin.create(PORTALS, {"name": "Team"}, **ASKED)["portico"]
    assert made["audience"] == "signed_in"
    assert made["slug"].startswith("team")


@pytest.mark.one_database
@pytest.mark.parametrize(
    ("page", "field"),
    [
        ({"slug": "No"}, "portico.slug"),
        ({"slug": "7"}, "portico.slug"),
        ({"audience": "all"}, "portico.audience"),
        ({"accent": "blue"}, "portico.accent"),
        ({"title": 5}, "portico.title"),
    ],
)
def test_wrong_page_is_refused_by_name(admin: Caller, page: object, field: str) -> None:
    answer = admin.post(PORTALS, {"name": "Staff", "portico": page})

    assert_error(answer, 400, "invalid.resource.argument", field)
    assert admin.names(PORTALS) == []


def test_what_one_writer_arranged_others_see_at_once(admin: Caller) -> None:
    link_id = admin.create_link(portico=SHOWN)
    assert shown(admin, link_id) == shown(admin, link_id) == SHOWN

    admin.put(f"{LINKS}/{link_id}", link(portico={"section": "Other"}))

    assert shown(admin, link_id) == {"section": "Other", "order": 0}
