"""`portico serve --demo`: an example tenant, and credentials that work as they are printed."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, chdir, contextmanager
from pathlib import Path
from typing import Any

import pytest

from portico.domain.tenancy.identity import Role
from portico.web.shared.pictures import read_picture
from tests.cli.commands import succeed, succeed_json
from tests.cli.conftest import new_postgres
from tests.harness import (
    AUPS,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    Credentials,
    Server,
    served,
    upgrade,
)
from tests.web.visits import Visit

PRINTED = re.compile(
    r"Demo tenant +(?P<tenant>.+) \(customer id (?P<customer_id>\d+)\)\n"
    r"Admin client +id (?P<admin_id>\d+)\n +secret (?P<admin_secret>\S+)\n"
    r"Viewer client +id (?P<viewer_id>\d+)\n +secret (?P<viewer_secret>\S+)\n"
)


# One process takes them all, so that each demo is filled once.
pytestmark = pytest.mark.xdist_group("demo")
PERSON = re.compile(r"^ {16}([a-z]+) +((?:[a-z2-9]{5}-?){5}) ", re.MULTILINE)


class Demo:
    """A served demo and what it printed."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.folder = server.log.parent
        self.text = server.log.read_text()

    @property
    def printed(self) -> dict[str, str]:
        """The printed credentials by name."""
        match = PRINTED.search(self.text)
        assert match, self.text
        return match.groupdict()

    def caller(self, role: Role = Role.ADMIN) -> Caller:
        """A caller with the printed credentials."""
        printed = self.printed
        credentials = Credentials(printed[f"{role}_id"], printed[f"{role}_secret"])
        return Caller(self.server, printed["customer_id"], credentials)


@contextmanager
def demo(database: str, folder: Path, *, start: str = "first") -> Iterator[Demo]:
    """A server started with `--demo` in a folder, for the length of a block."""
    with chdir(folder), served(database, folder / f"start-{start}.log", "--demo") as server:
        yield Demo(server)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shown(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Demo]:
    """A demo that tests share, because to fill it takes seconds, in a folder of its own."""
    folder = tmp_path_factory.mktemp("demo")
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'portico.db'}"
        if request.param == "postgresql":
            url = stack.enter_context(new_postgres(request.getfixturevalue("postgres_url")))
            succeed("db", "upgrade", "--database", url)
        yield stack.enter_context(demo(url, folder))


def everywhere(admin: Caller, path: str) -> list[dict[str, Any]]:
    """The items of a list in every microtenant."""
    microtenants = [each["id"] for each in admin.get(MICROTENANTS).json()["list"]]
    return [
        item
        for each in microtenants
        for item in admin.get(path, microtenantId=each, pagesize=500).json()["list"]
    ]


def test_demo_shows_every_feature(shown: Demo) -> None:
    admin, viewer = shown.caller(), shown.caller(Role.VIEWER)
    microtenants = admin.get(MICROTENANTS).json()["list"]
    portals, links = everywhere(admin, PORTALS), everywhere(admin, LINKS)
    policies = everywhere(admin, AUPS)
    read = viewer.get(LINKS).status_code
    written = viewer.post(LINKS, {"name": "Wiki 2", "link": "wiki.example.com"}).status_code

    assert [each["name"] for each in microtenants][-1] == "Default"
    assert len(microtenants) == 3
    assert len(portals) == 6
    assert 50 <= len(links) <= 60
    assert all(read_picture(each["imageData"]) for each in portals)
    assert sum(bool(read_picture(each.get("iconText", ""))) for each in links) > 15
    assert {each["enabled"] for each in links} == {True, False}
    assert all(each["userPortals"] for each in links)
    assert policies
    assert (read, written) == (200, 403)


def test_printed_people_sign_in(shown: Demo) -> None:
    people = PERSON.findall(shown.text)
    arrived = []
    for name, password in people:
        door = "/console" if name in {"tomas", "vera", "eliot"} else "/p/staff"
        visit = Visit(shown.server.http)
        answer = visit.sign_in(f"{door}/sign-in", name, password)
        arrived.append((answer.status_code, answer.headers.get("location")))
    open_to_all = shown.server.http.get("/p/visitors").status_code

    assert [name for name, _ in people] == ["tomas", "vera", "eliot", "ines", "omar", "wren"]
    assert arrived == [(303, "/console")] * 3 + [(303, "/p/staff")] * 3
    assert open_to_all == 200


def test_printed_curl_line_works_as_it_is(shown: Demo) -> None:
    (line,) = [each for each in shown.text.splitlines() if each.startswith("curl ")]
    ended = subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},
    )

    answer = json.loads(ended.stdout)
    assert len(answer["list"]) == 3
    assert int(answer["totalCount"]) > 10


def test_second_start_keeps_what_is_there(shown: Demo) -> None:
    made = shown.caller().create_link("Made between the starts")
    before = len(everywhere(shown.caller(), LINKS))
    with demo(shown.server.database, shown.folder, start="second") as second:
        admin = second.caller()
        after = everywhere(admin, LINKS)
    assert shown.caller().delete(f"{LINKS}/{made}").status_code == 204

    assert second.printed == shown.printed
    assert made in {each["id"] for each in after}
    assert len(after) == before


@pytest.mark.parametrize("shown", ["sqlite"], indirect=True, scope="module")
def test_credentials_lie_in_a_file_of_their_owner(shown: Demo) -> None:
    (kept,) = shown.folder.glob("portico*.demo.json")

    assert kept.stat().st_mode & 0o777 == 0o600
    assert shown.printed["admin_secret"] in kept.read_text()


def test_demo_leaves_other_tenants_alone(database: str, customer_id: str, tmp_path: Path) -> None:
    client = succeed_json("client", "create", "--customer", customer_id, "--database", database)
    with demo(database, tmp_path) as shown:
        credentials = Credentials(client["clientId"], client["clientSecret"])
        names = Caller(shown.server, customer_id, credentials).names()

    assert "no demo data was added" in shown.text
    assert PRINTED.search(shown.text) is None
    assert names == []


def test_credentials_of_a_lost_database_are_not_printed(database: str, tmp_path: Path) -> None:
    """The file of credentials outlives its database, and another database takes the place."""
    with demo(database, tmp_path):
        pass
    for file in tmp_path.glob("portico.db*"):
        file.unlink()
    upgrade(database)
    succeed("tenant", "create", "Acme", "--database", database)

    with demo(database, tmp_path, start="second") as second:
        assert PRINTED.search(second.text) is None
        assert "no demo data was added" in second.text


@pytest.mark.parametrize("shown", ["postgresql"], indirect=True, scope="module")
def test_demos_of_two_databases_in_one_folder(shown: Demo) -> None:
    beside = f"sqlite:///{shown.folder / 'beside.db'}"
    with demo(beside, shown.folder, start="other") as other:
        pass
    with demo(shown.server.database, shown.folder, start="third") as again:
        signed_in = again.caller()

    assert again.printed == shown.printed != other.printed
    assert signed_in.token
