"""`portico tenant`: creating with a name of its own, and listing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import misuse, refuse, run_process, succeed, succeed_json
from tests.harness import Caller, Credentials, served


def test_create_prints_the_customer_id(database: str) -> None:
    printed = succeed("tenant", "create", "Alder & Finch", "--database", database)
    first = printed.splitlines()[0]
    told = first.rstrip(".").rpartition(" ")[2]

    assert first == f"Created tenant Alder & Finch with customer id {told}."
    assert int(told) > 2**53
    succeed("client", "create", "--customer", told, "--database", database)


def test_create_tells_json(database: str) -> None:
    made = succeed_json(
        "tenant", "create", "Acme", "--id", "72058304855142", "--database", database
    )

    assert made == {"customerId": "72058304855142", "name": "Acme"}


@pytest.mark.parametrize("name", ["Zürich", "ZÜRICH ", "Zu\N{COMBINING DIAERESIS}rich"])
def test_taken_name_is_refused(database: str, name: str) -> None:
    made = succeed_json("tenant", "create", "Zürich", "--database", database)

    sentence = refuse("tenant", "create", name, "--database", database)

    assert "Tenant Zürich" in sentence
    assert made["customerId"] in sentence
    assert len(succeed_json("tenant", "list", "--database", database)) == 1


def test_tenants_are_listed_oldest_first(database: str) -> None:
    assert succeed_json("tenant", "list", "--database", database) == []
    domain = ("--auth-domain", "a.example")
    made = [
        succeed_json("tenant", "create", name, *domain, "--database", database)
        for name in ("Birch", "Alder")
    ]

    listed = succeed_json("tenant", "list", "--database", database)
    table = succeed("tenant", "list", "--database", database).splitlines()

    assert [each["customerId"] for each in listed] == [each["customerId"] for each in made]
    assert listed[0]["name"] == "Birch"
    assert listed[0]["authDomains"] == ["a.example"]
    assert table[0] == "Customer id\tName\tAuthentication domains\tCreated"
    assert table[1].startswith(f"{made[0]['customerId']}\tBirch\ta.example\t20")


def test_taken_id_is_refused_and_nothing_changes(database: str) -> None:
    succeed("tenant", "create", "Acme", "--id", "42", "--database", database)

    sentence = refuse("tenant", "create", "Other", "--id", "42", "--database", database)

    assert "42" in sentence
    assert "already exists" in sentence


def test_wrong_values_are_refused_by_name(database: str) -> None:
    where = ("--database", database)

    assert "name" in refuse("tenant", "create", " ", *where)
    assert "name" in refuse("tenant", "create", "a\nb", *where)
    assert "name" in refuse("tenant", "create", "a" * 256, *where)
    assert "authDomains" in refuse("tenant", "create", "A", "--auth-domain", "a b", *where)
    for number in ("0", "-5", "9223372036854775808", "99999999999999999999999"):
        assert "2^63" in refuse("tenant", "create", "A", "--id", number, *where)
    assert "'--id'" in misuse("tenant", "create", "A", "--id", "abc", *where)
    assert "'NAME'" in misuse("tenant", "create", *where)


def test_auth_domains_are_served(database: str, tmp_path: Path) -> None:
    domains = ("--auth-domain", "acme.example", "--auth-domain", "lab.acme.example")
    made = succeed_json("tenant", "create", "Acme", *domains, "--database", database)
    client = succeed_json(
        "client", "create", "--customer", made["customerId"], "--database", database
    )

    with served(database, tmp_path / "server.log") as server:
        credentials = Credentials(client["clientId"], client["clientSecret"])
        caller = Caller(server, made["customerId"], credentials)
        answer = caller.get("authDomains").json()
        later = run_process("tenant", "create", "Second", "--database", database)

    assert answer == {"authDomains": ["acme.example", "lab.acme.example"]}
    assert later.status == 0  # while the server runs
