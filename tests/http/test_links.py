"""The seven operations over TCP, on both databases, as behaviour sections 1 and 2 record them."""

from __future__ import annotations

from tests.harness import LINKS, PORTALS, Caller, assert_error


def test_created_link_reads_back(admin: Caller) -> None:
    portal_id = admin.create_portal()
    body = {"name": "Payslips", "link": "pay.example.com", "userPortals": [{"id": portal_id}]}

    made = admin.create(LINKS, body)
    read = admin.get(f"{LINKS}/{made['id']}").json()

    assert made["userPortals"] == [{"id": portal_id, "enabled": True}]
    assert made["enabled"] is False
    assert "microtenantName" not in made
    assert read["microtenantName"] == "Default"
    assert read["userPortals"][0]["name"] == "Staff"


def test_unknown_link_is_not_found(admin: Caller) -> None:
    for method in ("GET", "DELETE"):
        assert_error(admin.call(method, f"{LINKS}/12345"), 404, "resource.not.found", "12345")


def test_portal_with_links_stays(admin: Caller) -> None:
    portal_id = admin.create_portal()
    admin.create_link("Wiki", userPortals=[{"id": portal_id}])

    answer = admin.delete(f"{PORTALS}/{portal_id}")

    assert_error(answer, 400, "resource.referenced", "userPortalLink", "Wiki")
