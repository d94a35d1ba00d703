"""`portico backup`: what operators read, and the status that scripts see."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands import misuse, refuse, run, succeed


@pytest.mark.one_database
def test_backup_is_created_verified_and_restored(
    tmp_path: Path, database: str, customer_id: str
) -> None:
    file, new = str(tmp_path / "a.zip"), f"sqlite:///{tmp_path / 'new.db'}"
    succeed(
        *("admin", "create", "vera", "--customer", customer_id, "--generate"),
        *("--database", database),
    )

    created = succeed("backup", "create", file, "--database", database)
    verified = succeed("backup", "verify", file)

    assert f"Created {file} (" in created
    assert f"{file} is complete and unchanged." in verified
    contents = "1 tenant, 0 portals, 0 links, 0 portal users, 1 administrator"
    assert contents in created
    assert contents in verified
    key = created.rpartition("need key ")[2].split(",")[0]
    assert len(key) == 16
    assert "exists already" in refuse("backup", "create", file, "--database", database)
    one = succeed(
        *("backup", "create", str(tmp_path / "b.zip"), "--customer", customer_id),
        *("--database", database),
    )
    assert f"It shows tenant {customer_id} at " in one

    keyless = run("backup", "restore", file, "--database", new)
    assert keyless.status == 2
    assert f"are encrypted with key {key}." in keyless.errors
    assert "--without-secrets" in keyless.errors
    assert not (tmp_path / "new.db").exists()

    key_file = str(tmp_path / "portico.key")
    restored = succeed("backup", "restore", file, "--database", new, "--secret-key-file", key_file)
    assert "These administrators can sign in to the console:\n" in restored
    assert f"vera\t\tadmin of tenant {customer_id}\tpassword\t\n" in restored
    assert "everybody signs in again" in restored
    assert succeed("tenant", "list", "--database", new, "--secret-key-file", key_file).count("Acme")

    without = f"sqlite:///{tmp_path / 'without.db'}"
    told = succeed("backup", "restore", file, "--without-secrets", "--database", without)
    assert "No secret must be entered again." in told

    (tmp_path / "a.zip").write_bytes(b"PK")
    assert f"{file} is not a complete backup." in refuse("backup", "verify", file)
    assert "Missing argument" in misuse("backup", "create")
