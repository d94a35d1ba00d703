"""`portico serve` has nothing of the stand-in: no route, no layer, no module."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx

from portico.app import create_app
from portico.emulation.databases import temporary_database
from portico.settings import Settings
from tests.contract.test_imports import loaded
from tests.emulator.stand_ins import lifespan


def test_served_application_has_no_control_route(empty_databases: Path) -> None:
    async def ask() -> list[tuple[int, str]]:
        async with temporary_database(empty_databases) as url:
            app = create_app(replace(Settings(), database=url, access_log=False))
            transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000))  # type: ignore[arg-type]  # litestar's types
            async with (
                lifespan(app),
                httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http,
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
