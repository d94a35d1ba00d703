"""`portico verify`: its exit statuses and its report."""

from __future__ import annotations

from pathlib import Path

from portico.emulator.recordings.exchanges import Exchange
from tests.cli.commands import run, succeed
from tests.emulator.recordings.tapes import (
    API,
    LIFE_OF_A_LINK,
    LINK_BODY,
    LINK_CREATED,
    LINK_ID,
    LINK_READ,
    NOT_FOUND,
    PORTAL_ID,
    PORTAL_READ,
    exchange,
    interaction,
    write_cassette,
)

CHANGED = exchange("GET", f"userPortalLink/{LINK_ID}", 200, LINK_READ | {"nameWithoutTrim": ""})
FOREIGN = exchange("GET", f"{API}/appConnectorGroup", 200, {})
GET_PORTAL = exchange("GET", f"userPortal/{PORTAL_ID}", 200, PORTAL_READ)
LINKED = exchange("POST", "userPortalLink", 201, LINK_CREATED, body=LINK_BODY)
ACCEPTED = """
accepted:
- operation: get_link
  path: nameWithoutTrim
  reason: No client reads it.
- operation: list_*
  path: list[].extra
  reason: For a test.
"""


def tape(folder: Path, *changes: Exchange) -> str:
    """A cassette with a link's beginning and other exchanges; its path."""
    exchanges = [*LIFE_OF_A_LINK[:2], *changes]
    return str(write_cassette(folder / "tape.yaml", *map(interaction, exchanges)))


def test_equal_recording_succeeds(tmp_path: Path) -> None:
    path = tape(tmp_path, FOREIGN)

    assert succeed("verify", path).splitlines() == [
        "Compared 2 exchanges: 0 differences.",
        "1 exchange is not compared:",
        f"  {path}, exchange 3: GET {FOREIGN.url}: Portico does not have this operation: "
        "docs/reference/coverage.md.",
    ]


def test_difference_exits_with_2_unless_it_is_accepted(tmp_path: Path) -> None:
    path = tape(tmp_path, CHANGED)
    accepted = tmp_path / "accepted.yaml"
    accepted.write_text(ACCEPTED)

    differs = run("verify", path)
    accepts = run("verify", path, "--accept", str(accepted))

    assert differs.status == 2
    assert differs.output.splitlines() == [
        f"{path}, exchange 3: GET {CHANGED.path} (get_link): nameWithoutTrim: the recording has a "
        "string, Portico does not answer the field.",
        "Compared 3 exchanges: 1 difference.",
    ]
    assert accepts.status == 0
    assert accepts.output.splitlines() == [
        "Compared 3 exchanges: 0 differences, 1 accepted.",
        "The accepted difference list_* list[].extra did not occur. Remove the entry.",
    ]


def test_comparing_nothing_fails(tmp_path: Path) -> None:
    path = write_cassette(tmp_path / "tape.yaml", interaction(FOREIGN))

    ended = run("verify", str(path))

    assert ended.status == 1
    assert ended.errors == "portico: Nothing was compared, so the recordings prove nothing.\n"


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    accepted = tmp_path / "accepted.yaml"
    accepted.write_text("accepted: [{operation: a, path: b}]")
    path = tape(tmp_path)

    ended = run("verify", path, "--accept", str(accepted))

    assert ended.status == 1
    assert ended.errors == f"portico: {accepted}, entry 1: It has no reason.\n"


def test_recording_with_404_needs_the_option(tmp_path: Path) -> None:
    missing = exchange("GET", f"userPortalLink/{LINK_ID}", 404, NOT_FOUND)
    path = str(write_cassette(tmp_path / "tape.yaml", interaction(missing)))

    assert run("verify", path).status == 2
    assert run("verify", path, "--no-vendor-statuses").status == 0


def test_seed_with_several_tenants_is_refused(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text("set: two\ntenants: [{name: A}, {name: B}]\n")

    ended = run("verify", tape(tmp_path), "--seed", str(seed))

    assert ended.status == 1
    assert ended.errors == (
        f"portico: {seed} line 2, tenants: It has 2 tenants, but a recording needs exactly one.\n"
    )


def test_objects_from_before_are_those_of_the_seed(tmp_path: Path) -> None:
    seed = tmp_path / "seed.yaml"
    seed.write_text(
        "set: one\ntenants: [{name: A, portals: [{name: tests-portal, description: A portal, "
        "enabled: true, extDomain: example.com, extLabel: tests-portal}]}]\n"
    )
    path = write_cassette(tmp_path / "tape.yaml", interaction(GET_PORTAL), interaction(LINKED))

    without, with_seed = run("verify", str(path)), run("verify", str(path), "--seed", str(seed))

    assert (without.status, "does not create the object" in without.output) == (2, True)
    assert with_seed.output == "Compared 2 exchanges: 0 differences.\n"
