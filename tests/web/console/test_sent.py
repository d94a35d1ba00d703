"""Requests to the console that none of its pages sends: edited ids, long lines, odd texts."""

from __future__ import annotations

import re
import time

import httpx
import pytest

from portico.domain.tenancy.identity import Role
from tests.harness import LINKS, MICROTENANTS, Caller, Tenant
from tests.web.console.clerks import hire

pytestmark = pytest.mark.one_database

NO_IDS = ["9999999999999999999", "9" * 5_000, "-1", "1.5", "x", "\N{ARABIC-INDIC DIGIT THREE}"]


@pytest.mark.parametrize("text", NO_IDS)
def test_what_is_no_id_names_nothing(tenant: Tenant, admin: Caller, text: str) -> None:
    clerk, portal = hire(tenant), admin.create_portal()
    order = f"portals/{portal}/order"
    refused = {
        "like": clerk.get(f"links/new?like={text}"),
        "page": clerk.get(f"links/{text}"),
        "bulk": clerk.post("links/bulk", action="delete", link=text),
        "portals": clerk.post("links/bulk/apply", action="portals", link="1", on=text),
        "into": clerk.post(order, into=text),
        "order": clerk.post(order, link=text),
        "to": clerk.post(f"{order}/link", move=f"to:{text}", link="1"),
        "new": clerk.post("links/new", name="Wiki", host="wiki.example", portals=text),
    }
    assert {name: answer.status_code for name, answer in refused.items()} == dict.fromkeys(
        refused, 404
    )
    for narrowed in (
        "links?portal",
        "links?section",
        "audit?actor",
        "audit?object",
        "audit?before",
    ):
        assert clerk.get(f"{narrowed}={text}").status_code == 200


@pytest.mark.parametrize("text", NO_IDS)
def test_microtenant_that_is_none_does_not_become_the_whole_tenant(
    tenant: Tenant, text: str
) -> None:
    clerk = hire(tenant)
    name = f"eve {tenant.customer_id}"
    refused = (
        clerk.post("administrators/new", name=name, writes=text),
        clerk.post("administrators/new", name=name, reads=text),
        clerk.post("clients/new", name="Terraform", microtenant=text),
    )
    assert [answer.status_code for answer in refused] == [404] * 3
    assert name not in clerk.get("administrators").text


def test_section_of_another_microtenant_is_not_there(tenant: Tenant, admin: Caller) -> None:
    microtenant = str(admin.create(MICROTENANTS, {"name": "East", "enabled": True})["id"])
    portal = admin.create_portal()
    on = {"userPortals": [{"id": portal}], "portico": {"section": "Every day"}}
    admin.create(LINKS, {"name": "Wiki", "link": "wiki.example", **on}, include="portico")
    whole, part = hire(tenant), hire(tenant, microtenant=microtenant)
    found = re.search(r"/sections/([0-9]+)", whole.get(f"portals/{portal}").text)
    assert found
    section = found[1]
    move = f"sections/{section}/move"
    assert whole.post(move, move="up").status_code == 303
    refused = (
        part.post(move, move="up"),
        part.post(move, move="down"),
        part.post(f"sections/{section}", name="Mine"),
    )
    assert [answer.status_code for answer in refused] == [404] * 3


def test_nul_is_refused_wherever_the_console_reads_text(tenant: Tenant, admin: Caller) -> None:
    clerk, portal = hire(tenant), admin.create_portal()
    link = admin.create_link()
    pages = ("links", "audit", "audit.csv", "search", "links/new", f"portals/{portal}", "users")
    names = ("q", "text", "done", "message", "object", "sort", "section", "like")
    asked = [clerk.get(f"{page}?{name}=a%00b") for page in pages for name in names]
    asked += [clerk.get(f"{page}?a%00b=c") for page in pages]
    asked += [clerk.get(path) for path in ("a%00b", "links/a%00b", f"portals/{portal}/a%00b")]
    sent = [
        clerk.post("undo", transaction="a\0b"),
        clerk.post("undo", **{"a\0b": "c"}),
        clerk.post("theme", theme="a\0b"),
        clerk.post("links/new", name="a\0b", host="x.example"),
        clerk.post(f"links/{link}", name="Wiki", host="x.example", revision="a\0b"),
        clerk.post("links/bulk", action="a\0b", link=link),
        clerk.post("links/add-many", lines="Wiki https://x.example\0"),
        clerk.post("groups/new", name="a\0b"),
        clerk.post("users/new", name="a\0b"),
        clerk.post("administrators/new", name="a\0b"),
        clerk.post(f"portals/{portal}/order", into="a\0b"),
        clerk.post("password", old="a\0b"),
    ]
    assert {answer.status_code for answer in asked + sent} <= {400, 404, 405}
    assert {answer.status_code for answer in sent[:7]} == {400}
    assert "The form holds the character U+0000. Remove it" in sent[0].text
    assert list(admin.names()) == ["Wiki"]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
def test_long_line_is_read_at_once(tenant: Tenant, role: Role) -> None:
    clerk = hire(tenant, role=role)
    begun = time.monotonic()
    clerk.post("links/add-many", lines="a,b\n" + "x" * 60_000)
    assert time.monotonic() - begun < 2


def test_undo_takes_one_request_back_whatever_id_the_client_sends(
    tenant: Tenant, admin: Caller
) -> None:
    clerk = hire(tenant)
    done = []
    for name in ("First", "Second"):
        added = clerk.post_as("my-run", "links/new", name=name, host="x.example")
        done.append(httpx.URL(added.headers["location"]).params["done"])

    assert len({*done, "my-run"}) == 3
    assert clerk.post("undo", transaction="my-run").status_code == 404
    assert clerk.post("undo", transaction=done[1]).status_code == 303
    assert admin.names() == ["First"]
    assert f"Request {done[0]}, called my-run by the client" in clerk.get("audit").text


def test_section_in_other_code_points_keeps_the_links_place(tenant: Tenant, admin: Caller) -> None:
    clerk, shown = hire(tenant), {"section": "Caf\u00e9", "order": 3}
    body = {"name": "Menu", "link": "menu.example", "portico": shown}
    link = admin.create(LINKS, body, include="portico")["id"]
    revision = re.search(r'name="revision" value="([^"]*)"', clerk.get(f"links/{link}").text)
    assert revision

    saved = clerk.post(
        f"links/{link}",
        name="Menu",
        host="menu.example",
        section="CAFE\u0301",
        revision=revision[1],
    )

    assert saved.status_code == 303
    stored = admin.get(f"{LINKS}/{link}", include="portico").json()
    assert stored["portico"]["order"] == 3


def test_host_of_mixed_scripts_is_shown_in_ascii(tenant: Tenant, admin: Caller) -> None:
    mixed, shown = "p\u0430ypal.example", "xn--pypal-4ve.example"
    clerk, portal = hire(tenant), admin.create_portal("Staff", portico={"audience": "public"})
    on = {"enabled": True, "userPortals": [{"id": portal}]}
    link = admin.create(LINKS, {"name": "Pay", "link": mixed, "linkPath": "/in", **on})["id"]
    admin.put(f"{LINKS}/{link}", {"name": "Pay", "link": mixed, **on})

    pages = ("links", "search?q=pay", "audit", f"portals/{portal}", f"links/{link}")
    texts = {page: clerk.get(page).text for page in pages}
    texts["portal"] = clerk.visit.get(f"/p/{portal}").text
    texts["check"] = clerk.post("links/add-many", lines=f"Pal https://{mixed}").text

    assert [page for page, text in texts.items() if shown not in text] == []
    # The form's own fields keep what is stored, and addresses that are opened stay as they are.
    assert [page for page in ("links", "search?q=pay", "audit") if mixed in texts[page]] == []
    assert f'value="{mixed}"' in texts[f"links/{link}"]
    assert admin.get(f"{LINKS}/{link}").json()["link"] == mixed


def test_cell_that_is_too_long_is_told_in_its_row(tenant: Tenant) -> None:
    clerk = hire(tenant)
    answer = clerk.post("links/add-many", lines="a," + "x" * 131_073)
    assert answer.status_code == 200
    assert "longer than 131,072 characters" in answer.text
    assert "Read 1 row from your paste." in answer.text
