"""Deleting users and administrators in the console: asked first, and not over a newer version."""

from __future__ import annotations

import re

from tests.harness import Tenant
from tests.web.console.clerks import Clerk, hire
from tests.web.console.people import make_administrator
from tests.web.forms import editor_of
from tests.web.visits import Visit, add_user


def question(clerk: Clerk, place: str) -> tuple[str, str]:
    """What the page asks, and the revision that it was asked about."""
    page = clerk.get(f"{place}/delete").text
    return page, editor_of(page).fields["revision"][0]


def administrator_place(clerk: Clerk, name: str) -> str:
    """The page of an administrator in the list."""
    listed = clerk.get("administrators").text
    found = re.search(rf'administrators/(\d+)"(?:(?!data-href).)*{name}<', listed, re.DOTALL)
    assert found, listed
    return f"administrators/{found[1]}"


def test_a_user_is_deleted_as_it_was_seen(tenant: Tenant) -> None:
    clerk = hire(tenant)
    place = f"users/{add_user(tenant)}"
    portal = tenant.caller().create_portal()
    visit = Visit(tenant.server.http)
    assert visit.sign_in(f"/p/{portal}/sign-in", "uma").status_code == 303

    asked, revision = question(clerk, place)
    assert "This cannot be undone." in asked
    form = editor_of(clerk.get(place).text).fields
    assert clerk.post(place, **{**form, "display_name": "Uma Ö"}).status_code == 303
    stale = clerk.post(f"{place}/delete", revision=revision)
    assert stale.status_code == 409
    assert "Uma Ö" in stale.text
    assert "Nothing is deleted yet." in stale.text
    _, revision = question(clerk, place)
    done = clerk.post(f"{place}/delete", revision=revision)

    assert done.status_code == 303
    assert "Deleted uma." in clerk.visit.get(done.headers["location"]).text
    assert clerk.get(place).status_code == 404
    assert visit.get(f"/p/{portal}/sign-in").status_code == 200


def test_an_administrator_is_deleted_by_another_one(tenant: Tenant) -> None:
    clerk, name = hire(tenant), make_administrator(tenant)
    place = administrator_place(clerk, name)
    assert f"{place}/delete" in clerk.get(place).text
    asked, revision = question(clerk, place)
    assert "The audit log keeps what they did. This cannot be undone." in asked
    assert clerk.post(f"{place}/delete", revision=revision).status_code == 303
    assert name not in clerk.get("administrators").text
    assert name in clerk.get("audit").text


def test_nobody_deletes_oneself(tenant: Tenant) -> None:
    clerk = hire(tenant)
    own = re.findall(r'administrators/(\d+)"', clerk.get("administrators").text)[0]
    place = f"administrators/{own}"
    page = clerk.get(place).text
    assert "/delete" not in page
    assert "/password-link" not in page
    _, revision = question(clerk, place)
    refused = clerk.post(f"{place}/delete", revision=revision)
    assert refused.status_code == 403
    assert "another one can" in refused.text
