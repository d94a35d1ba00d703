"""`portico serve` has nothing of the stand-in: no route, no layer, no module."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx

from portico.app import create_app
from portico.emulation.databases import temporary_database
from portico.emulator.listeners.listener import HttpListener
from portico.emulator.listeners.server import serve_app
from portico.settings import Settings
from tests.contract.test_imports import loaded


def test_served_application_has_no_control_route(empty_databases: Path) -> None:
    async def ask() -> list[tuple[int, str]]:
        async with temporary_database(empty_databases) as url:
            app = create_app(replace(Settings(), database=url, access_log=False))
            async with (
                serve_app(app, [HttpListener()]) as server,
                httpx.AsyncClient(base_url=server.urls[0], timeout=60) as http,
            ):
                answers = [
                    await http.get("/_portico/health"),
                    await http.get("/_portico/openapi.json"),
                    await http.post("/_portico/reset"),
                ]
                return [(each.status_code, each.json()["id"]) for each in answers]

    assert asyncio.run(ask()) == [(404, "resource.not.found")] * 3


def test_server_loads_no_module_of_the_stand_in() -> None:
    modules = loaded("import portico.worker, portico.server, portico.cli.serve")

    assert "portico.app" in modules
    assert {each for each in modules if each.startswith(("portico.emul", "h11"))} == set()
