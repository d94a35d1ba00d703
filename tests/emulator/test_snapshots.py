"""Reset and snapshots by the control API, as clients and their caches see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from portico.emulator import snapshots
from tests.emulator.stand_ins import Account, Emulated, EmulatedCaller


def all_links(caller: EmulatedCaller) -> dict[str, str]:
    """The names of the links by id."""
    answer = caller.call("GET", "userPortalLink", pagesize="500").json()
    return {each["id"]: each["name"] for each in answer["list"]}


def revision(stand_in: Emulated, customer_id: str) -> int:
    """The revision of a tenant."""
    found = stand_in.run(stand_in.stand_in.runtime.database.revision(int(customer_id)))
    assert found is not None
    return found


def test_reset_returns_everything_to_the_seed(stand_in: Emulated) -> None:
    first, second = stand_in.caller(0), stand_in.caller(1)
    made = first.create_link("Wiki")
    portal = second.create_portal("Staff")
    second.create_link("Mail", userPortals=[{"id": portal}])

    stand_in.reset()

    assert first.names() == second.names() == second.names("userPortal") == []
    assert first.call("GET", f"userPortalLink/{made}").status_code == 404
    assert first.create_link("Wiki") == made, "Ids begin again where they were."
    stand_in.reset()
    assert first.create_link("Wiki") == made


def test_reset_of_one_tenant_leaves_the_other_alone(stand_in: Emulated) -> None:
    first, second = stand_in.caller(0), stand_in.caller(1)
    first.create_link("Wiki")
    second.create_link("Mail")

    stand_in.reset(customerId=first.customer_id)

    assert first.names() == []
    assert second.names() == ["Mail"]
    first.create_link("Wiki")


def test_reset_undoes_changes_and_deletions(own_stand_in: Emulated) -> None:
    stand_in = own_stand_in
    caller = stand_in.caller()
    portal = caller.create_portal("Staff")
    changed = caller.create_link("Wiki", userPortals=[{"id": portal}])
    deleted = caller.create_link("Mail", description="Read your mail")
    stand_in.run(stand_in.stand_in.snapshots.save_seed())
    before = caller.call("GET", f"userPortalLink/{changed}").json()

    body = {**before, "name": "Changed", "userPortals": []}
    assert caller.call("PUT", f"userPortalLink/{changed}", body).status_code == 204
    assert caller.call("DELETE", f"userPortalLink/{deleted}").status_code == 204
    assert caller.call("DELETE", f"userPortal/{portal}").status_code == 204
    taker = caller.create_link("Mail")
    stand_in.reset()

    assert caller.call("GET", f"userPortalLink/{changed}").json() == before
    assert all_links(caller) == {changed: "Wiki", deleted: "Mail"}
    assert caller.call("GET", f"userPortalLink/{taker}").status_code == 404
    assert caller.names(search="description LIKE mail") == ["Mail"], "The text index is right."
    assert caller.names(search="name LIKE chang") == []


def test_token_outlives_a_reset(stand_in: Emulated) -> None:
    caller = stand_in.caller()
    assert caller.names() == []
    stand_in.reset()
    assert caller.names() == []


def test_cached_answer_is_never_used_after_a_reset(stand_in: Emulated) -> None:
    caller = stand_in.caller()
    for _ in range(5):
        # The same number of writes each time, so that revisions would repeat if they began again.
        made = caller.create_link("Wiki")
        caller.call("GET", "userPortalLink")
        assert caller.names() == ["Wiki"]
        stand_in.reset()
        assert caller.names() == []
        assert caller.call("GET", f"userPortalLink/{made}").status_code == 404


def test_revision_is_higher_than_any_before(stand_in: Emulated) -> None:
    first, second = stand_in.caller(0), stand_in.caller(1)
    given_out: dict[str, int] = {}
    for step in ("write", "save", "write", "restore", "reset", "write", "reset one", "reset"):
        if step == "write":
            first.create_link(f"Link {len(given_out)}")
            second.create_link(f"Link {len(given_out)}")
        elif step == "save":
            assert stand_in.control("PUT", "snapshots/here").status_code == 200
        elif step == "restore":
            assert stand_in.control("POST", "snapshots/here/restore").status_code == 200
        else:
            stand_in.reset(**({"customerId": first.customer_id} if step == "reset one" else {}))
        for caller in (first, second):
            now = revision(stand_in, caller.customer_id)
            before = given_out.get(caller.customer_id, -1)
            touched = step not in ("save", "reset one") or (caller is first and step != "save")
            assert now > before if touched else now == before, step
            given_out[caller.customer_id] = now


def test_tenant_with_the_id_of_a_removed_one_begins_above_its_revisions(
    stand_in: Emulated,
) -> None:
    first = fresh_tenant(stand_in)
    caller = EmulatedCaller(stand_in, first)
    caller.create_link("Of the first")
    assert caller.names() == caller.names() == ["Of the first"]
    before = revision(stand_in, first.customer_id)

    stand_in.reset()
    second = fresh_tenant(stand_in)

    assert second.customer_id == first.customer_id
    assert revision(stand_in, second.customer_id) > before
    caller = EmulatedCaller(stand_in, second)
    assert caller.names() == []


def fresh_tenant(stand_in: Emulated) -> Account:
    """A new tenant, as a test gets it."""
    made = stand_in.control("POST", "tenants").json()
    return Account(made["customerId"], made["clientId"], made["clientSecret"])


def test_named_snapshots_are_saved_restored_listed_and_deleted(stand_in: Emulated) -> None:
    caller = stand_in.caller()
    caller.create_link("Wiki")
    saved = stand_in.control("PUT", "snapshots/with-wiki")
    assert saved.status_code == 200
    assert saved.json() == {
        "name": "with-wiki",
        "customerId": None,
        "time": saved.json()["time"],
        "tenants": 2,
    }
    caller.create_link("Mail")
    assert stand_in.control("POST", "snapshots/with-wiki/restore").json() == saved.json()
    assert caller.names() == ["Wiki"]

    stand_in.reset()
    assert caller.names() == []
    assert stand_in.control("POST", "snapshots/with-wiki/restore").status_code == 200
    assert caller.names() == ["Wiki"], "A reset leaves snapshots alone."

    caller.create_link("Mail")
    assert stand_in.control("PUT", "snapshots/with-wiki").status_code == 200
    listed = stand_in.control("GET", "snapshots").json()["snapshots"]
    assert [each["name"] for each in listed] == ["with-wiki"]
    stand_in.reset()
    stand_in.control("POST", "snapshots/with-wiki/restore")
    assert sorted(caller.names()) == ["Mail", "Wiki"], "The later snapshot replaced the first."

    assert stand_in.control("DELETE", "snapshots/with-wiki").status_code == 204
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/restore")):
        gone = stand_in.control(method, f"snapshots/with-wiki{path}")
        assert gone.status_code == 404
        assert gone.json()["code"] == "portico.snapshot.unknown"
        assert "with-wiki" in gone.json()["detail"]


def test_tenants_can_use_the_same_name(stand_in: Emulated) -> None:
    callers = [stand_in.caller(0), stand_in.caller(1)]
    for caller in callers:
        caller.create_link(f"Of {caller.customer_id}")
        query = {"customerId": caller.customer_id}
        assert stand_in.control("PUT", "snapshots/mine", **query).json()["tenants"] == 1
    for caller in callers:
        caller.create_link("More")
        query = {"customerId": caller.customer_id}
        assert stand_in.control("POST", "snapshots/mine/restore", **query).status_code == 200
        assert caller.names() == [f"Of {caller.customer_id}"]
    assert stand_in.control("POST", "snapshots/mine/restore").status_code == 404
    listed = stand_in.control("GET", "snapshots", customerId=callers[0].customer_id).json()
    assert [each["customerId"] for each in listed["snapshots"]] == [callers[0].customer_id]


def test_one_tenant_is_restored_from_a_snapshot_of_all(stand_in: Emulated) -> None:
    first, second = stand_in.caller(0), stand_in.caller(1)
    stand_in.control("PUT", "snapshots/empty")
    first.create_link("Wiki")
    second.create_link("Mail")

    query = {"customerId": first.customer_id}
    assert stand_in.control("POST", "snapshots/empty/restore", **query).status_code == 200

    assert first.names() == []
    assert second.names() == ["Mail"]


def test_too_many_snapshots_are_refused(
    stand_in: Emulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshots, "MOST_SNAPSHOTS", 2)
    assert stand_in.control("PUT", "snapshots/one").status_code == 200
    assert stand_in.control("PUT", "snapshots/two").status_code == 200

    refused = stand_in.control("PUT", "snapshots/three")

    assert refused.status_code == 409
    assert "Delete one" in refused.json()["detail"]
    assert stand_in.control("PUT", "snapshots/two").status_code == 200


def test_snapshot_names_are_plain(stand_in: Emulated) -> None:
    refused = stand_in.control("PUT", "snapshots/a%20b")

    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("name: Use 1 to 100 letters")


def test_writers_and_resets_at_once_leave_a_sound_database(stand_in: Emulated) -> None:
    callers = [stand_in.caller(0), stand_in.caller(1)]

    def write(number: int) -> int:
        caller = callers[number % 2]
        body = {"name": f"Link {number}", "link": "wiki.example.com"}
        return caller.call("POST", "userPortalLink", body).status_code

    def reset(number: int) -> int:
        query = {"customerId": callers[0].customer_id} if number % 2 else {}
        return stand_in.control("POST", "reset", **query).status_code

    with ThreadPoolExecutor(8) as pool:
        writes = pool.map(write, range(60))
        resets = pool.map(reset, range(20))
        # A name can be taken if a reset comes between two writes with it; nothing else can fail.
        assert set(writes) <= {201}
        assert set(resets) == {204}

    for caller in callers:
        links = all_links(caller)
        me = caller.call("GET", "userPortalLink").json()
        assert me["totalCount"] == str(len(links))
    stand_in.reset()
    assert [all_links(caller) for caller in callers] == [{}, {}]
