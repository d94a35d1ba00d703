"""Changes of links by somebody else, as the client that manages them finds them."""

from __future__ import annotations

import pytest

from portico.domain.audit import AuditFilter
from portico.services.access import operator_reading
from portico.storage.audit.log import AuditLog
from tests.emulator.stand_ins import Emulated, EmulatedCaller


@pytest.fixture
def caller(stand_in: Emulated) -> EmulatedCaller:
    """The client whose links somebody else changes."""
    return stand_in.caller()


def mutate(stand_in: Emulated, caller: EmulatedCaller, **body: object) -> dict[str, str]:
    """A change that has to succeed; its answer."""
    answer = stand_in.control("POST", "mutate", body, customerId=caller.customer_id)
    assert answer.status_code == 200, answer.text
    done: dict[str, str] = answer.json()
    return done


def test_changed_link_differs_in_the_named_fields_alone(
    stand_in: Emulated, caller: EmulatedCaller
) -> None:
    portal = caller.create_portal("Staff")
    link = caller.create_link("Wiki", description="Ours", userPortals=[{"id": portal}])
    before = caller.call("GET", f"userPortalLink/{link}").json()

    done = mutate(stand_in, caller, link="wiki", set={"description": "Theirs", "linkPath": "/new"})

    after = caller.call("GET", f"userPortalLink/{link}").json()
    assert done["linkId"] == link
    assert after["modifiedBy"] == done["administratorId"] != before["modifiedBy"]
    changed = {name for name in {*after, *before} if after.get(name) != before.get(name)}
    assert changed - {"modifiedTime"} == {"description", "linkPath", "modifiedBy"}
    assert after["description"] == "Theirs"


def test_link_is_disabled_enabled_and_deleted(stand_in: Emulated, caller: EmulatedCaller) -> None:
    link = caller.create_link("Wiki", enabled=True)
    for action, enabled in (("disable", False), ("enable", True)):
        mutate(stand_in, caller, link=link, action=action)
        assert caller.call("GET", f"userPortalLink/{link}").json()["enabled"] is enabled
    mutate(stand_in, caller, link=link, action="delete")
    assert caller.call("GET", f"userPortalLink/{link}").status_code == 404


def test_portals_of_a_link_are_changed(stand_in: Emulated, caller: EmulatedCaller) -> None:
    portal = caller.create_portal("Staff")
    link = caller.create_link("Wiki")
    mutate(stand_in, caller, link=link, set={"userPortals": [{"id": portal}]})
    after = caller.call("GET", f"userPortalLink/{link}").json()
    assert [each["id"] for each in after["userPortals"]] == [portal]


def test_audit_trail_names_the_administrator(stand_in: Emulated, caller: EmulatedCaller) -> None:
    caller.create_link("Wiki")

    first = mutate(stand_in, caller, link="Wiki", set={"name": "Ours"}, administrator="dana")
    second = mutate(stand_in, caller, link="Ours", action="delete", administrator="dana")

    async def entries() -> list[tuple[str, int]]:
        runtime = stand_in.stand_in.runtime
        async with operator_reading(runtime, int(caller.customer_id)) as work:
            log = AuditLog(work.connection, work.scope)
            found = await log.page(AuditFilter(), before_id=None, limit=50)
            return [(str(each.action), each.actor_id) for each in found]

    assert first["administratorId"] == second["administratorId"]
    assert first["administrator"] == "dana"
    assert stand_in.run(entries())[:2] == [
        ("delete", int(first["administratorId"])),
        ("update", int(first["administratorId"])),
    ]


def test_unknown_links_and_wrong_changes_are_refused(
    stand_in: Emulated, caller: EmulatedCaller
) -> None:
    caller.create_link("Wiki")
    for body, status, detail in (
        ({"link": "Mail", "action": "delete"}, 404, "no link with the id or name Mail"),
        ({"link": "12", "action": "delete"}, 404, "no link with the id or name 12"),
        ({"link": "Wiki"}, 400, "Name at least one field"),
        ({"link": "Wiki", "action": "delete", "set": {"name": "x"}}, 400, "no meaning for delete"),
        ({"link": "Wiki", "set": {"owner": "x"}}, 400, "unknown field `owner`"),
        ({"link": "Wiki", "set": {"link": "no host"}}, 400, "link: "),
        ({"link": "Wiki", "action": "enable", "microtenantId": "5"}, 404, "5"),
    ):
        refused = stand_in.control("POST", "mutate", body, customerId=caller.customer_id)
        assert refused.status_code == status, refused.text
        assert detail in refused.json()["detail"]
    assert caller.names() == ["Wiki"]
