"""`portico admin`, `portico user` and `portico provider`: people at the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.commands import Finished, refuse, refused, succeed, succeed_json
from tests.harness import served
from tests.web.console.second_factors import code_of, codes_of, secret_of
from tests.web.visits import Visit, csrf_of

NEW = "a password of my own"
DOOR = "/console/sign-in"


@pytest.fixture
def where(database: str, customer_id: str) -> tuple[str, ...]:
    """The options that name the tenant."""
    return ("--customer", customer_id, "--database", database)


def test_administrator_signs_in_until_disabled(
    database: str, where: tuple[str, ...], tmp_path: Path
) -> None:
    made = succeed_json("admin", "create", "ada", "--generate", *where)
    with served(database, tmp_path / "server.log") as server:
        visit = Visit(server.http)
        entered = visit.sign_in(DOOR, "Ada", made["password"]).status_code
        printed = succeed("admin", "disable", "ADA", "--database", database)
        refused = visit.sign_in(DOOR, "ada", made["password"]).status_code
        succeed("admin", "enable", "ada", "--database", database)
        again = visit.sign_in(DOOR, "ada", made["password"]).status_code
        told = succeed("admin", "password", "ada", "--generate", "--database", database)
        old = visit.sign_in(DOOR, "ada", made["password"]).status_code

    assert (entered, refused, again, old) == (303, 401, 303, 401)
    assert printed == f"Disabled administrator ada ({made['administratorId']}).\n"
    assert "Password: " in told
    assert made["password"] not in told


def test_operator_resets_a_second_factor(
    database: str, where: tuple[str, ...], tmp_path: Path
) -> None:
    made = succeed_json("admin", "create", "ada", "--generate", *where)
    none = succeed("admin", "reset-second-factor", "ada", "--database", database)
    with served(database, tmp_path / "server.log") as server:
        visit = Visit(server.http)
        home = visit.sign_in(DOOR, "ada", made["password"]).headers["location"]
        place = f"{visit.get(home).headers['location']}/second-factor"
        token = csrf_of(visit.get(place).text)
        visit.post(f"{place}/password", {"csrf": token, "password": made["password"]})
        secret = secret_of(visit.get(place).text)
        form = {"csrf": token, "secret": secret, "code": code_of(secret)}
        assert len(codes_of(visit.post(f"{place}/app", form).text)) == 10
        asked = visit.sign_in(DOOR, "ada", made["password"]).headers["location"]
        printed = succeed("admin", "reset-second-factor", "ADA", "--database", database)
        thrown_out = visit.get(place).headers["location"]
        again = visit.sign_in(DOOR, "ada", made["password"]).headers["location"]

    assert "had no second factor" in none
    assert asked.startswith("/console/sign-in/second-factor?")
    assert printed == "Deleted 1 second factor of administrator ada. Their sessions have ended.\n"
    assert thrown_out.startswith("/console/sign-in?")
    assert again == home == "/console"


def test_administrators_are_listed_with_what_they_may(
    database: str, where: tuple[str, ...]
) -> None:
    succeed("admin", "create", "ada", "--no-password", "--email", "ada@a.example", *where)
    succeed("admin", "create", "vic", "--role", "viewer", "--generate", *where)

    listed = succeed_json("admin", "list", *where)
    table = succeed("admin", "list", *where)

    assert [(each["name"], each["signsInBy"]) for each in listed] == [
        ("ada", "provider"),
        ("vic", "password"),
    ]
    assert listed[1]["grants"] == [{"role": "viewer", "microtenantId": None}]
    assert "viewer everywhere" in table
    assert "hash" not in str(listed).lower()


def test_administrator_may_work_in_a_second_tenant(database: str, where: tuple[str, ...]) -> None:
    other = succeed_json("tenant", "create", "Other", "--database", database)["customerId"]
    succeed("admin", "create", "ada", "--generate", *where)

    succeed(
        "admin", "grant", "ada", "--customer", other, "--role", "viewer", "--database", database
    )

    listed = succeed_json("admin", "list", "--customer", other, "--database", database)
    assert [each["name"] for each in listed] == ["ada"]


def test_users_are_made_listed_and_deleted(database: str, where: tuple[str, ...]) -> None:
    made = succeed_json("user", "create", "uma", "--generate", "--email", "u@a.example", *where)
    succeed("user", "disable", "UMA", *where)
    disabled = succeed_json("user", "list", *where)
    succeed("user", "enable", "uma", *where)
    succeed("user", "password", "uma", "--generate", *where)
    succeed("user", "delete", "uma", *where)

    assert made["userId"]
    assert [each["enabled"] for each in disabled] == [False]
    assert succeed_json("user", "list", *where) == []


def test_administrators_are_deleted_but_the_last(database: str, where: tuple[str, ...]) -> None:
    made = [
        succeed_json("admin", "create", name, "--no-password", *where) for name in ("ada", "vic")
    ]
    told = succeed("admin", "delete", "VIC", "--database", database)
    last = refuse("admin", "delete", "ada", "--database", database)

    assert told == f"Deleted administrator vic ({made[1]['administratorId']}).\n"
    assert last.startswith("ada is the last administrator who can change everything in ")
    assert [each["name"] for each in succeed_json("admin", "list", *where)] == ["ada"]


def test_people_set_a_password_by_a_link(
    database: str, where: tuple[str, ...], tmp_path: Path
) -> None:
    succeed("admin", "create", "ada", "--no-password", *where)
    succeed("user", "create", "uma", "--no-password", *where)
    public = ("--public-url", "https://links.example.com")
    told = succeed("admin", "password-link", "ada", "--database", database, *public)
    path = succeed("admin", "password-link", "ada", "--database", database)
    missing = refuse("user", "password-link", "uma", "--portal", "nowhere", *where)
    with served(database, tmp_path / "server.log") as server:
        link = succeed_json("admin", "password-link", "ADA", "--database", database)["link"]
        visit = Visit(server.http)
        page = visit.get(visit.get(link).headers["location"])
        fields = {"link": link.partition("link=")[2], "password": NEW, "again": NEW}
        done = visit.post("/console/set-password", {"csrf": csrf_of(page.text), **fields})
        entered = visit.sign_in(DOOR, "ada", NEW).status_code

    assert "https://links.example.com/console/set-password?link=" in told
    assert "works once" in told
    assert "--public-url" in path
    assert "no enabled portal nowhere" in missing
    assert (done.status_code, entered) == (303, 303)


def test_password_is_read_from_standard_input(where: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "portico", "user", "create", "uma", "--password-stdin"]
    good = subprocess.run(
        [*command, *where], input=b"a password of mine\n", capture_output=True, check=False
    )
    short = subprocess.run([*command, *where], input=b"short\n", capture_output=True, check=False)

    assert good.returncode == 0, good.stderr
    assert b"a password of mine" not in good.stdout
    assert short.returncode == 1
    assert b"5 characters" in short.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("admin", "create", "ada"),
        ("admin", "password", "ada"),
        ("user", "create", "uma"),
        ("user", "password", "uma"),
    ],
)
def test_without_a_terminal_the_options_are_told(
    where: tuple[str, ...], command: tuple[str, ...]
) -> None:
    options = where[2:] if command == ("admin", "password", "ada") else where
    ended = subprocess.run(
        [sys.executable, "-m", "portico", *command, *options],
        input="a password of mine\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    sentence = refused(Finished(ended.returncode, ended.stdout, ended.stderr))
    assert "--generate" in sentence
    assert f"{' '.join(command[:2])} ... --password-stdin" in sentence


def test_mistakes_are_told_in_a_sentence(database: str, where: tuple[str, ...]) -> None:
    succeed("admin", "create", "ada", "--generate", *where)

    assert "already exists" in refuse("admin", "create", "ADA", "--generate", *where)
    assert "nobody" in refuse("admin", "disable", "nobody", "--database", database)
    assert "nobody" in refuse("user", "disable", "nobody", *where)
    assert "Crew" in refuse("user", "create", "uma", "--generate", "--group", "Crew", *where)
    assert "--generate" in refuse("user", "create", "uma", "--generate", "--password-stdin", *where)


def test_providers_are_added_listed_and_removed(database: str, where: tuple[str, ...]) -> None:
    issuer = ("--issuer", "https://login.example", "--client-id", "portico")
    made = succeed_json("provider", "create", "Acme", *issuer, "--for-console", *where)

    listed = succeed_json("provider", "list", *where)
    table = succeed("provider", "list", *where)
    refused = refuse(
        "provider", "create", "B", "--issuer", "http://login.example", "--client-id", "x", *where
    )
    removed = succeed("provider", "remove", made["providerId"], "--database", database)

    assert listed == [made]
    assert (made["forPortals"], made["forConsole"]) == (True, True)
    assert "Acme" in table
    assert "issuer" in refused
    assert removed == f"Removed provider Acme ({made['providerId']}).\n"
    assert succeed_json("provider", "list", *where) == []
