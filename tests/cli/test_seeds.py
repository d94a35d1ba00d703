"""`portico seed` as its users run it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portico.emulator.seeds.schema import seed_schema_text
from tests.cli.commands import refuse, run, succeed

SEED = """set: acme
tenants:
- name: Acme
  customerId: 12
  clients: [{name: CI, id: 5, secret: plain}]
  portals: [{name: Staff}]
  links:
  - {name: Wiki, link: wiki.example.com, portals: [Staff]}
  - {name: Chat, link: chat.example.com}
"""


@pytest.fixture
def seed_file(tmp_path: Path) -> Path:
    """A valid seed."""
    path = tmp_path / "seed.yaml"
    path.write_text(SEED)
    return path


def test_validate_counts_what_a_seed_creates(seed_file: Path) -> None:
    assert succeed("seed", "validate", str(seed_file)) == (
        f"{seed_file} is valid: 1 tenant, 1 portal, 2 links.\n"
    )


@pytest.mark.parametrize("name", ["empty", "vendor-tests"])
def test_validate_knows_the_built_in_seeds(name: str) -> None:
    assert "is valid: 1 tenant, " in succeed("seed", "validate", name)


def test_validate_names_the_place_of_a_broken_rule(seed_file: Path) -> None:
    seed_file.write_text(SEED.replace("chat.example.com", "chat.example.com/room"))

    assert refuse("seed", "validate", str(seed_file)) == (
        f'{seed_file} line 9, tenants[0].links[1].link: A host cannot contain "/"; the path '
        "belongs in linkPath."
    )


def test_validate_refuses_plain_secrets_of_shared_files(seed_file: Path) -> None:
    assert "A secret cannot be in the file itself." in refuse(
        "seed", "validate", "--shared", str(seed_file)
    )
    seed_file.write_text(SEED.replace("plain", "{env: CI_SECRET}"))

    ended = run(
        "seed", "validate", "--shared", str(seed_file), environment={"CI_SECRET": "a secret"}
    )

    assert ended.status == 0, ended.errors


def test_validate_refuses_an_unknown_name() -> None:
    assert refuse("seed", "validate", "nosuch") == (
        "There is no file nosuch, and no built-in seed of that name. The built-in seeds are demo, "
        "empty, vendor-tests."
    )


def test_export_prints_the_tenants_of_a_database(
    database: str, customer_id: str, seed_file: Path
) -> None:
    written = succeed("seed", "export", "--database", database)
    as_json = json.loads(
        succeed(
            "seed", "export", "--format", "json", "--set", "mine", "--customer", customer_id,
            "--portal-suffix", "b.zscalerportal.net", "--database", database,
        )
    )  # fmt: skip
    seed_file.write_text(written)

    assert as_json == {
        "set": "mine",
        "cloudLetter": "b",
        "tenants": [{"name": "Acme", "customerId": customer_id}],
    }
    assert "is valid: 1 tenant, " in succeed("seed", "validate", str(seed_file))


def test_export_refuses_an_unknown_tenant(database: str) -> None:
    assert refuse("seed", "export", "--customer", "7", "--database", database) == (
        "There is no tenant with the id 7."
    )


def test_schema_is_printed() -> None:
    assert succeed("seed", "schema") == seed_schema_text()
