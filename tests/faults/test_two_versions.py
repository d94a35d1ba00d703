"""A server and a newer one side by side, on a database that the newer one upgraded."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import portico
from portico.storage.schema.compatibility import newest_revision
from tests.cli.conftest import new_postgres
from tests.conftest import DATABASES
from tests.harness import create_tenant, key_environment, served, upgrade

NEWER = "9000"
MIGRATION = f'''"""Ratings of links."""

import sqlalchemy as sa
from alembic import op

from portico.storage.schema.migrations.effects import Effect

revision = "{NEWER}"
down_revision = "{newest_revision()}"
oldest_server = "{{oldest}}"
touches = {{{{"user_portal_link": Effect.IS_ALTERED}}}}


def upgrade() -> None:
    """Add the column. Nobody has rated a link yet."""
    column = sa.Column("rating", sa.BigInteger, nullable=False, server_default=sa.text("0"))
    op.add_column("user_portal_link", column)
'''


@pytest.fixture(params=DATABASES)
def own_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An upgraded database of this test alone."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'portico.db'}"
        upgrade(url)
        yield url
        return
    with new_postgres(request.getfixturevalue("postgres_url")) as url:
        upgrade(url)
        yield url


def newer_portico(folder: Path, *, oldest: str) -> dict[str, str]:
    """Makes a Portico with one more migration; the environment in which Python imports it."""
    package = folder / "portico"
    # The source itself, in folders that a migration can be added to.
    shutil.copytree(Path(portico.__file__).parent, package, copy_function=os.symlink)
    versions = package / "storage" / "schema" / "migrations" / "versions"
    (versions / f"{NEWER}_ratings.py").write_text(MIGRATION.format(oldest=oldest))
    return {"PYTHONPATH": str(folder)}


def run_newer(environment: dict[str, str], url: str, *arguments: str) -> str:
    """Runs a command of the newer Portico; what it printed."""
    ended = subprocess.run(
        [sys.executable, "-m", "portico", *arguments, "--database", url],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **key_environment(url), **environment},
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_old_and_new_server_serve_one_database(own_url: str, tmp_path: Path) -> None:
    newer = newer_portico(tmp_path / "newer", oldest=newest_revision())
    with served(own_url, tmp_path / "old.log") as old:
        caller = create_tenant(old).caller()
        caller.create_link("Before")

        plan = run_newer(newer, own_url, "db", "upgrade", "--dry-run")
        done = run_newer(newer, own_url, "db", "upgrade")

        assert f"{NEWER}  Ratings of links.\n      user_portal_link, 1 row: columns " in plan
        assert f"Servers with schema {newest_revision()} or newer can run during" in plan
        assert f"{NEWER}  Ratings of links: 0.0" in done
        assert f" s, user_portal_link (1 row).\nThe database has schema {NEWER}.\n" in done
        with served(
            own_url, tmp_path / "new.log", environment=newer, program=("-m", "portico")
        ) as new:
            caller.create_link("Through the old one")
            caller.http = new.http
            caller.create_link("Through the new one")
            caller.http = old.http
            assert caller.names() == ["Before", "Through the new one", "Through the old one"]
            assert old.http.get("/readyz").json() == {"status": "ready"}

    with served(own_url, tmp_path / "again.log") as restarted:
        assert restarted.http.get("/readyz").status_code == 200


@pytest.mark.one_database
def test_old_server_is_not_ready_if_the_new_schema_excludes_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    newer = newer_portico(tmp_path / "newer", oldest=NEWER)
    with served(url, tmp_path / "old.log") as old:
        plan = run_newer(newer, url, "db", "upgrade", "--dry-run")
        run_newer(newer, url, "db", "upgrade")

        assert f"Only servers with schema {NEWER} or newer can serve the upgraded" in plan
        assert "Stop older ones before the upgrade." in plan
        assert "does not match" in old.wait_until(ready=False).json()["reason"]
