"""The edit cycle that all nouns of the console share: conflicts of changes and of deletions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.harness import AUPS, LINKS, MICROTENANTS, Caller, Tenant
from tests.web.console.clerks import Clerk, hire
from tests.web.visits import PASSWORD, Visit, add_user

ACCENT = "#ffee00"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg"
)


@dataclass(frozen=True)
class Noun:
    """How a test makes and changes one kind of record. `page` has its form, if another page has."""

    make: Callable[[Tenant, Caller, Clerk], str]
    field: str
    fixed: dict[str, str]
    page: str = ""


def _administrator(tenant: Tenant, admin: Caller, clerk: Clerk) -> str:
    before = set(_administrators(clerk))
    name = f"vera-{tenant.customer_id}"
    assert clerk.post("administrators/new", name=name, role="viewer").status_code == 303
    (added,) = set(_administrators(clerk)) - before
    return added


def _administrators(clerk: Clerk) -> list[str]:
    return re.findall(r"/(administrators/[0-9]+)", clerk.get("administrators").text)


def _group(tenant: Tenant, admin: Caller, clerk: Clerk) -> str:
    clerk.post("groups", name="Finance")
    return _address("groups", clerk.get("groups").text)


def _section(tenant: Tenant, admin: Caller, clerk: Clerk) -> str:
    portal = admin.create_portal()
    on = {"userPortals": [{"id": portal}], "portico": {"section": "Daily"}}
    admin.create(LINKS, {"name": "Wiki", "link": "wiki.example", **on}, include="portico")
    return _address("sections", clerk.get(f"portals/{portal}").text)


def _address(path: str, page: str) -> str:
    found = re.search(rf"/({path}/[0-9]+)", page)
    assert found, page
    return found[1]


LINK_FIELDS = {"name": "Wiki", "host": "wiki.example", "enabled": "on"}
NOUNS = {
    "link": Noun(
        lambda tenant, admin, clerk: f"links/{admin.create_link()}", "description", LINK_FIELDS
    ),
    "portal": Noun(
        lambda tenant, admin, clerk: f"portals/{admin.create_portal()}",
        "description",
        {"name": "Staff"},
        page="/appearance",
    ),
    "policy": Noun(
        lambda tenant, admin, clerk: f"policies/{admin.create(AUPS, {'name': 'Terms'})['id']}",
        "text",
        {"name": "Terms"},
    ),
    "microtenant": Noun(
        lambda tenant, admin, clerk: (
            f"microtenants/{admin.create(MICROTENANTS, {'name': 'East', 'enabled': True})['id']}"
        ),
        "description",
        {"name": "East"},
    ),
    "group": Noun(_group, "name", {}),
    "section": Noun(_section, "name", {}),
    "user": Noun(lambda tenant, admin, clerk: f"users/{add_user(tenant)}", "display_name", {}),
    "administrator": Noun(_administrator, "display_name", {"role": "viewer"}),
}
LISTS = {"group": "groups"}


def revision_of(page: str) -> str:
    """The revision in the first form of a page that has one."""
    found = re.search(r'name="revision" value="([^"]+)"', page)
    assert found, page
    return found[1]


@pytest.mark.parametrize("name", NOUNS)
def test_change_of_what_changed_meanwhile_is_compared(
    tenant: Tenant, admin: Caller, name: str
) -> None:
    clerk, noun = hire(tenant), NOUNS[name]
    place = noun.make(tenant, admin, clerk)
    form = dict(noun.fixed)
    if name == "section":
        portal = _address("portals", clerk.get("portals").text)
        page, form["portal"] = portal, portal.partition("/")[2]
    else:
        page = LISTS.get(name, place + noun.page)
    revision = revision_of(clerk.get(page).text)

    def save(value: str, revision: str) -> tuple[int, str]:
        fields = {**form, noun.field: value, "revision": revision}
        answer = clerk.post(place + noun.page, **fields)
        return answer.status_code, answer.text

    assert save("Theirs", revision)[0] == 303
    status, compared = save("Mine", revision)
    assert status == 409
    assert f"Tomas Lind changed this {name} today at" in compared
    assert re.search(r"<bdi>Theirs</bdi>.*<bdi>Mine</bdi>", compared, re.DOTALL)
    assert 'value="Mine"' in compared or ">\nMine</textarea>" in compared
    assert save("Mine", revision_of(compared))[0] == 303
    assert "Mine" in clerk.get(page).text


@pytest.mark.parametrize("name", NOUNS)
def test_deletion_of_what_changed_meanwhile_asks_again(
    tenant: Tenant, admin: Caller, name: str
) -> None:
    clerk, noun = hire(tenant), NOUNS[name]
    place = noun.make(tenant, admin, clerk)
    asked = revision_of(clerk.get(f"{place}/delete").text)
    if name == "section":
        fields = {"portal": _address("portals", clerk.get("portals").text).partition("/")[2]}
    else:
        fields = noun.fixed
    changed = clerk.post(place + noun.page, **{**fields, noun.field: "Theirs", "revision": asked})
    assert changed.status_code == 303, changed.text

    again = clerk.post(f"{place}/delete", revision=asked)
    assert again.status_code == 409
    assert f"Tomas Lind changed this {name} today at" in again.text
    assert "Nothing is deleted yet." in again.text
    assert "<bdi>Theirs</bdi>" in again.text

    assert clerk.post(f"{place}/delete", revision=revision_of(again.text)).status_code == 303
    assert clerk.get(f"{place}/delete").status_code == 404


def test_revoking_a_client_that_somebody_revoked_meanwhile_is_not_done_twice(
    tenant: Tenant, admin: Caller
) -> None:
    clerk = hire(tenant)
    place = f"clients/{tenant.credentials().client_id}/revoke"
    asked = revision_of(clerk.get(place).text)
    assert clerk.post(place).status_code == 409
    assert clerk.post(place, revision=asked).status_code == 303
    again = clerk.post(place, revision=asked)
    assert again.status_code == 409
    assert "Tomas Lind revoked this API client today at" in again.text
    assert "It is revoked already" in again.text
    assert "Revoke API client</button>" not in again.text


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("delete", {}),
        ("disable", {}),
        ("section", {"new_section": "Daily"}),
        ("portals", {"on": ""}),
    ],
)
def test_change_of_links_that_changed_since_the_preview_is_shown_again(
    tenant: Tenant, admin: Caller, action: str, fields: dict[str, str]
) -> None:
    clerk = hire(tenant)
    if action == "portals":
        fields = {"on": admin.create_portal()}
    links = [admin.create_link(name) for name in ("Wiki", "Mail", "Chat")]
    form = {"action": action, "link": links, **fields}
    asked = revision_of(clerk.post("links/bulk", **form).text)
    before = {link: admin.get(f"{LINKS}/{link}").json() for link in links}
    revision = revision_of(clerk.get(f"links/{links[0]}").text)
    theirs = {**LINK_FIELDS, "description": "Theirs", "revision": revision}
    assert clerk.post(f"links/{links[0]}", **theirs).status_code == 303
    gone = revision_of(clerk.get(f"links/{links[1]}/delete").text)
    assert clerk.post(f"links/{links[1]}/delete", revision=gone).status_code == 303

    again = clerk.post("links/bulk/apply", **form, revision=asked)
    assert again.status_code == 409
    assert "2 links changed after you opened this page" in again.text
    assert re.search("Tomas Lind changed Wiki today at .*<bdi>Theirs</bdi>", again.text, re.DOTALL)
    assert "Tomas Lind deleted Mail today at" in again.text
    assert "Nothing is stored yet." in again.text
    assert admin.get(f"{LINKS}/{links[2]}").json() == before[links[2]]

    left = {**form, "link": [links[0], links[2]], "revision": revision_of(again.text)}
    assert clerk.post("links/bulk/apply", **left).status_code == 303
    assert admin.get(f"{LINKS}/{links[2]}", include="portico").json() != before[links[2]]


def test_nobody_is_named_for_a_change_of_the_section_of_a_link(
    tenant: Tenant, admin: Caller
) -> None:
    clerk = hire(tenant)
    portal = admin.create_portal()
    shown = {"userPortals": [{"id": portal}], "portico": {"section": "Daily"}}
    link = admin.create(LINKS, {"name": "Wiki", "link": "wiki.example", **shown}, include="portico")
    place = f"links/{link['id']}"
    asked = revision_of(clerk.get(f"{place}/delete").text)
    section = _address("sections", clerk.get(f"portals/{portal}").text)
    revision = revision_of(clerk.get(f"portals/{portal}").text)
    renamed = clerk.post(section, name="Weekly", portal=portal, revision=revision)
    assert renamed.status_code == 303
    again = clerk.post(f"{place}/delete", revision=asked)
    assert again.status_code == 409
    assert "Somebody changed this link after you opened this page" in again.text


def test_bulk_change_without_a_preview_is_shown_first(tenant: Tenant, admin: Caller) -> None:
    clerk, link = hire(tenant), admin.create_link()
    assert clerk.post("links/bulk/apply", action="delete", link=link).status_code == 409
    assert admin.get(f"{LINKS}/{link}").status_code == 200
    disabling = revision_of(clerk.post("links/bulk", action="disable", link=link).text)
    other = clerk.post("links/bulk/apply", action="delete", link=link, revision=disabling)
    assert other.status_code == 409
    unchosen = clerk.post("links/bulk", action="section", link=link)
    refused = clerk.post(
        "links/bulk/apply", action="section", link=link, revision=revision_of(unchosen.text)
    )
    assert refused.status_code == 422
    assert "Choose a section, or &#34;No section&#34;." in refused.text


def test_sign_in_does_not_make_a_form_stale(tenant: Tenant, admin: Caller) -> None:
    clerk, user = hire(tenant), add_user(tenant)
    revision = revision_of(clerk.get(f"users/{user}").text)
    portal = admin.create_portal()
    visit = Visit(tenant.server.http)
    assert visit.sign_in(f"/p/{portal}/sign-in", "uma", PASSWORD).status_code == 303
    saved = clerk.post(f"users/{user}", display_name="Uma", revision=revision)
    assert saved.status_code == 303


def test_picture_survives_an_error_beside_another_field(tenant: Tenant, admin: Caller) -> None:
    clerk, portal = hire(tenant), admin.create_portal()
    place = f"portals/{portal}/appearance"
    picture = f"light:data:image/png;base64,{PIXEL}=="
    fields = {"name": "Staff", "revision": revision_of(clerk.get(place).text)}
    refused = clerk.post(place, **fields, accent=ACCENT, logo_data=picture)
    assert refused.status_code == 422
    assert f'name="logo_data" value="{picture}"' in refused.text
    assert clerk.post(place, **fields, logo_data=picture).status_code == 303
    stored = admin.get(f"userPortal/{portal}").json()
    assert stored["imageData"] == picture.partition(":")[2]


def test_removed_icon_stays_removed_after_an_error(tenant: Tenant, admin: Caller) -> None:
    icon = f"data:image/png;base64,{PIXEL}=="
    body = {"name": "Wiki", "link": "wiki.example", "iconText": icon}
    clerk, link = hire(tenant), admin.create(LINKS, body)["id"]
    fields = {"name": "Wiki", "revision": revision_of(clerk.get(f"links/{link}").text)}
    refused = clerk.post(f"links/{link}", **fields, host="a@b", icon_none="on")
    assert refused.status_code == 422
    assert 'name="icon_data" value="none"' in refused.text
    assert (
        clerk.post(f"links/{link}", **fields, host="b.example", icon_data="none").status_code == 303
    )
    assert "iconText" not in admin.get(f"{LINKS}/{link}").json()


def test_hash_of_a_password_is_not_taken_from_a_form(tenant: Tenant, admin: Caller) -> None:
    clerk = hire(tenant)
    clerk.post("users/new", name="ines", password_hash="$argon2id$v=19$m=8,t=1,p=1$AAAA$AAAA")
    assert "Not yet" in clerk.get("users").text
