"""The built site: it is complete, asks no other host for anything, and can be searched."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import html
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import httpx
import pytest
from playwright.sync_api import expect

from portico.app import openapi_document
from portico.asgi.routing import Application
from portico.cli import portico
from portico.http.kit.errors import api_errors
from portico.observability.listing import list_metrics
from portico.settings import setting_fields
from portico.web.documentation import POLICY, SITE, documentation_routes
from tests.harness import Server
from tests.web.accessibility import violations
from tests.web.conftest import OpenTab
from tests.web.portal.test_portal_looks import fits

pytestmark = [pytest.mark.one_database, pytest.mark.xdist_group("documentation")]
LOADS = ("src", "srcset", "href", "action", "data")
SCRIPT = Path(__file__).parents[3] / "scripts/docs"


@pytest.fixture(scope="module")
def site() -> Path:
    """The site, built unless it is up to date."""
    subprocess.run([SCRIPT], check=True, capture_output=True)
    return SITE


def test_build_without_a_network_is_the_same_to_the_byte(site: Path, tmp_path: Path) -> None:
    """Without a network where the kernel lets this process have that, else behind no proxy."""
    again = tmp_path / "site"
    alone = ["unshare", "--map-root-user", "--net"]
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], check=False).returncode:
        alone = []
    names = ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")
    nowhere = {**os.environ, **dict.fromkeys(names, "http://127.0.0.1:9")}
    subprocess.run([*alone, SCRIPT, again], env=nowhere, check=True, capture_output=True)

    def contents(folder: Path) -> dict[Path, bytes]:
        return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    first, second = contents(site), contents(again)
    assert first.keys() == second.keys()
    assert [path for path, content in first.items() if second[path] != content] == []


class _Parts(HTMLParser):
    """What a page loads, and the scripts and styles within it."""

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._within = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "a":
            return
        self.loaded += [values[name] for name in LOADS if name in values]
        self.styles += [value for name, value in values.items() if name == "style"]
        self.scripts += [value for name, value in values.items() if name.startswith("on")]
        self._within = tag if "src" not in values else ""

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "script":
            self.scripts.append(data)
        elif self._within == "style":
            self.styles.append(data)


def test_pages_load_nothing_from_elsewhere_and_fit_their_policy(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 50
    for page in pages:
        parts = _Parts()
        parts.feed(page.read_text())
        assert [each for each in parts.loaded if urlsplit(each).netloc] == [], page
        assert parts.styles == [], page
        hashes = {hashlib.sha256(each.encode()).digest() for each in parts.scripts}
        assert len(hashes) == 1, page
        assert f"'sha256-{base64.b64encode(hashes.pop()).decode()}'" in POLICY
    for sheet in site.rglob("*.css"):
        found = re.findall(r"url\([\"']?(?!data:)([^)]*)|@import", sheet.read_text())
        assert [each for each in found if urlsplit(each).netloc or not each] == [], sheet


def command_paths(context: click.Context) -> Iterator[str]:
    """The paths of all commands below one, such as "portico tenant create"."""
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.get_command(context, name)
            assert command is not None
            below = click.Context(command, info_name=name, parent=context)
            yield below.command_path
            yield from command_paths(below)


def test_reference_has_every_setting_command_operation_and_metric(site: Path) -> None:
    def text(page: str) -> str:
        tagged = (site / f"reference/{page}.html").read_text()
        return html.unescape(re.sub(r"<[^>]+>", "", tagged))

    settings, commands = text("settings"), text("command-line")
    for name, field in setting_fields().items():
        assert f"--{name.replace('_', '-')}PORTICO_{name.upper()}" in settings
        assert field.metadata["help"].replace("`", "") in settings
    for path in command_paths(click.Context(portico, info_name="portico")):
        assert path in commands
    operations = (site / "reference/operations.html").read_text()
    for path, methods in json.loads(openapi_document())["paths"].items():
        for operation in methods.values():
            assert f'id="{operation["operationId"].replace("_", "-")}"' in operations, path
    metrics = text("metrics")
    for metric in list_metrics():
        assert metric.name in metrics
        assert metric.help in metrics
    assert "LinkEntry" in text("seeds")


def test_search_works_under_docs_and_from_a_file(site: Path, server: Server, tab: OpenTab) -> None:
    opened = tab(viewport={"width": 390, "height": 844})
    for base in (f"{site.as_uri()}/", f"{server.url}/docs/"):
        page = opened.page
        page.goto(f"{base}search.html?q=append+key")
        results = page.locator("#search-results li")
        expect(results.filter(has_text="Manage keys").first).to_be_visible()
        assert fits(page)
        results.get_by_role("link", name="Manage keys", exact=True).click()
        expect(page.get_by_role("heading", name="Manage keys", level=1)).to_be_visible()
        assert fits(page)
    assert violations(opened.page) == []


def test_serve_has_the_site_at_docs(site: Path, server: Server) -> None:
    assert server.http.get("/docs").headers["location"] == "/docs/"
    front = server.http.get("/docs/")
    assert front.headers["content-security-policy"] == POLICY
    assert front.text == (site / "index.html").read_text()
    again = server.http.get("/docs/", headers={"If-None-Match": front.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert server.http.get("/docs/reference/").status_code == 200
    script = server.http.get("/docs/searchindex.js")
    assert script.headers["content-type"].startswith("text/javascript")
    for outside in (
        "../documentation.py",
        "%2e%2e/documentation.py",
        "/etc/passwd",
        "nowhere.html",
        "%00",
        "a" * 300,
    ):
        assert server.http.get(f"/docs/{outside}").status_code == 404, outside


def page_of(site: Path, path: str, **headers: str) -> httpx.Response:
    """A page of an application that serves a built site and nothing else."""
    errors = api_errors(vendor_statuses=False)
    routes = documentation_routes(openapi_document, site)
    app: Any = Application([routes], errors=errors, body_limit=0)

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://inside") as client:
            return await client.get(path, headers=headers)

    # In a thread of its own: the browser of other tests keeps a loop running in this one.
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, ask()).result()


def test_without_a_site_the_api_reference_says_how_to_build_it(tmp_path: Path) -> None:
    front, other = page_of(tmp_path, "/docs/"), page_of(tmp_path, "/docs/how-to/install.html")

    assert (front.status_code, other.status_code) == (200, 404)
    for page in (front, other):
        assert "Run <code>scripts/docs</code>" in page.text
        assert "Adds a user portal link" in page.text


def test_compressed_site_of_a_wheel_is_served_as_any_other(tmp_path: Path) -> None:
    page = "<h1>How-to guides</h1>"
    (tmp_path / "how-to").mkdir()
    for name in ("index.html.gz", "how-to/index.html.gz"):
        (tmp_path / name).write_bytes(gzip.compress(page.encode()))
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")

    compressed = page_of(tmp_path, "/docs/how-to/", **{"accept-encoding": "gzip"})
    plain = page_of(tmp_path, "/docs/", **{"accept-encoding": "identity"})
    picture = page_of(tmp_path, "/docs/picture.png")

    assert (compressed.text, compressed.headers["content-encoding"]) == (page, "gzip")
    assert plain.text == page
    assert "content-encoding" not in plain.headers
    assert plain.headers["content-type"].startswith("text/html")
    assert picture.content == b"\x89PNG"
