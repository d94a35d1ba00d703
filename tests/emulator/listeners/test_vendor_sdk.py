"""The vendor's unmodified Python SDK through the proxy, by environment variables alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from portico.domain.tenancy.identity import Role
from portico.emulator.listeners.vendor_hosts import NO_PROXY
from portico.services.runtime import Runtime
from portico.services.tenancy import tenants
from tests.clients.sdk import FOREIGN_NAMES, FOREIGN_PREFIXES, MODES
from tests.harness import as_operator, create_client, new_tenant_name, upgrade

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]
SECONDS = 120


@dataclass
class Watched:
    """A Portico in a process of its own. `opened` is complete after the block."""

    urls: list[str]
    ca: str
    environment: Mapping[str, str]
    opened: list[str] = field(default_factory=list)


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """A served Portico with one API client, for the length of a block."""
    database = f"sqlite:///{folder / 'portico.db'}"
    upgrade(database)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.emulator.listeners.watched_server",
            database,
            folder,
        ],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    started = json.loads(process.stdout.readline())
    running = Watched(started["urls"], started["ca"], environment(database, started))
    try:
        yield running
    finally:
        printed, _ = process.communicate(timeout=SECONDS)
        running.opened += json.loads(printed)


def environment(database: str, started: Mapping[str, list[str]]) -> dict[str, str]:
    """The variables of a user who points the vendor's SDK at the proxy."""

    async def make(runtime: Runtime) -> dict[str, str]:
        tenant = await tenants.create_tenant(runtime, new_tenant_name())
        client, secret = await create_client(runtime, tenant.id, role=Role.ADMIN)
        return {
            "ZPA_CUSTOMER_ID": str(tenant.id),
            "ZSCALER_CUSTOMER_ID": str(tenant.id),
            "ZPA_CLIENT_ID": str(client.id),
            "ZSCALER_CLIENT_ID": str(client.id),
            "ZPA_CLIENT_SECRET": secret,
            "ZSCALER_CLIENT_SECRET": secret,
        }

    kept = {
        name: value
        for name, value in os.environ.items()
        if name.upper() not in FOREIGN_NAMES and not name.startswith(FOREIGN_PREFIXES)
    }
    return {
        **kept,
        **as_operator(database, make),
        "HTTPS_PROXY": started["urls"][2],
        "NO_PROXY": ",".join(NO_PROXY),
        "REQUESTS_CA_BUNDLE": str(started["ca"]),
        "ZSCALER_CLIENT_CACHE_ENABLED": "false",
        "ZSCALER_VANITY_DOMAIN": "acme-corp",
    }


def run_script(running: Watched, mode: str, cloud: str) -> subprocess.CompletedProcess[str]:
    """Runs the user's script with the environment alone."""
    return subprocess.run(
        [sys.executable, FOLDER / "sdk_script.py", mode],
        env={**running.environment, "ZSCALER_CLOUD": cloud},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


CLOUDS = {"legacy": "PRODUCTION", "oneapi": "beta"}


def test_sdk_works_by_environment_alone_and_nothing_leaves(tmp_path: Path) -> None:
    with watched(tmp_path) as running:
        with ThreadPoolExecutor() as pool:
            done = list(pool.map(lambda mode: run_script(running, mode, CLOUDS[mode]), MODES))
        with httpx.Client(proxy=running.urls[2], trust_env=False) as http:
            for url in ("https://example.com/", "https://www.zscaler.com/"):
                with pytest.raises(httpx.ProxyError, match="403"):
                    http.get(url)
            assert http.get("http://example.com/").status_code == 403

    for mode, each in zip(MODES, done, strict=True):
        assert each.returncode == 0, each.stderr
        assert json.loads(each.stdout.splitlines()[-1]) == {
            "listed": True,
            "found": "wiki.example.com",
            "changed": f"Handbook {mode}",
            "deleted": 404,
        }
    assert running.opened == []
