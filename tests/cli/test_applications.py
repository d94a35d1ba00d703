"""`portico application`: the segments that the API lists, kept by the operator."""

from __future__ import annotations

from tests.cli.commands import misuse, refuse, run, succeed, succeed_json

APP = ("application",)


def test_segment_is_created_listed_and_deleted(database: str, customer_id: str) -> None:
    where = ("--customer", customer_id, "--database", database)
    domains = ("--domain", "app.example.com", "--domain", "*.app.example.com")

    made = succeed_json(*APP, "create", "AppPortal01", *domains, "--description", "Apps", *where)
    listed = succeed_json(*APP, "list", *where)
    table = succeed(*APP, "list", *where)
    told = succeed(*APP, "delete", made["applicationId"], *where)

    assert made == {
        "applicationId": made["applicationId"],
        "customerId": customer_id,
        "microtenantId": "0",
        "name": "AppPortal01",
        "description": "Apps",
        "enabled": True,
        "domainNames": ["app.example.com", "*.app.example.com"],
    }
    assert listed == [made]
    assert table.splitlines()[1].split("\t") == [
        made["applicationId"],
        "AppPortal01",
        "app.example.com, *.app.example.com",
        "enabled",
    ]
    assert told == f"Deleted application segment AppPortal01 ({made['applicationId']}).\n"
    assert succeed_json(*APP, "list", *where) == []


def test_create_says_what_was_made(database: str, customer_id: str) -> None:
    where = ("--customer", customer_id, "--database", database)

    told = succeed(*APP, "create", "Wiki", "--domain", "wiki", "--disabled", *where)
    (listed,) = succeed_json(*APP, "list", *where)

    assert told == f"Created application segment Wiki ({listed['applicationId']}).\n"
    assert listed["enabled"] is False


def test_wrong_values_are_refused_by_name(database: str, customer_id: str) -> None:
    where = ("--customer", customer_id, "--database", database)
    create = (*APP, "create", "Wiki", "--domain")
    succeed(*create, "wiki.example.com", *where)

    assert "already exists" in refuse(*create, "wiki.example.com", *where)
    assert "domainNames" in refuse(*APP, "create", "Other", "--domain", "a b", *where)
    elsewhere = run(*create, "x", "--customer", "99", "--database", database)
    nowhere = run(*APP, "list", "--microtenant", "77", *where)
    gone = run(*APP, "delete", "5", *where)
    assert (elsewhere.status, elsewhere.errors[-4:]) == (1, ":99\n")
    assert (nowhere.status, nowhere.errors[-4:]) == (1, ":77\n")
    assert (gone.status, gone.errors[-3:]) == (1, ":5\n")
    assert "'--domain'" in misuse(*APP, "create", "Other", *where)
