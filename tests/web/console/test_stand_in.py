"""The stand-in's page in a browser: requests as they come, faults, the clock, snapshots."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.tenancy.identity import Role
from portico.emulation.assembly import make_stand_in_app
from portico.emulation.databases import temporary_database
from portico.emulator.clock import EmulatedClock
from portico.emulator.ids import CountingIds
from portico.emulator.listeners.listener import HttpListener
from portico.emulator.listeners.server import serve_app
from portico.emulator.stand_in import StandIn
from portico.services.access import operator_writing
from portico.services.people.administrators import create_administrator
from portico.services.people.passwords import hash_password
from portico.settings import Settings
from tests.emulator.stand_ins import Account, Loop, add_account
from tests.harness import Tenant
from tests.web.accessibility import violations
from tests.web.conftest import OpenTab
from tests.web.console.people import sit_down
from tests.web.portal.portals import PASSWORD

LINKS = "userPortalLink"


@dataclass(frozen=True)
class Served:
    """A stand-in that listens, and a signed-in API client of its only tenant."""

    url: str
    account: Account
    http: httpx.Client
    token: str

    def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        """A request of the API client."""
        return self.http.request(
            method,
            f"/mgmtconfig/v1/admin/customers/{self.account.customer_id}/{path}",
            headers={"Authorization": f"Bearer {self.token}"},
            json=body,
        )

    def names(self) -> list[str]:
        """The names of all links."""
        return [each["name"] for each in self.call("GET", LINKS).json().get("list", [])]

    def open(self, page: Page, name: str = "admin") -> Page:
        """Signs in to the console and opens the stand-in's page."""
        self.sign_in(page, name)
        page.get_by_role("link", name="Stand-in").first.click()
        expect(page.get_by_role("heading", name="Stand-in")).to_be_visible()
        return page

    def sign_in(self, page: Page, name: str = "admin") -> None:
        """Signs in to the console."""
        page.goto(f"{self.url}/console")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**/console/{self.account.customer_id}/0")


@asynccontextmanager
async def running(cache: Path) -> AsyncIterator[tuple[str, Account]]:
    """The address and the account of a stand-in with an administrator and a viewer."""
    accounts: list[Account] = []

    async def plant(stand_in: StandIn) -> None:
        account = await add_account(stand_in, "Northwind")
        accounts.append(account)
        hashed = await hash_password(stand_in.runtime, PASSWORD)
        async with operator_writing(stand_in.runtime, int(account.customer_id)) as work:
            for name, role in (("admin", Role.ADMIN), ("viewer", Role.VIEWER)):
                grant = GrantSpec(role=role, microtenant_id=None)
                await create_administrator(work, AdministratorSpec(name=name), [grant], hashed)

    async with temporary_database(cache) as url:
        settings = replace(Settings(), database=url, access_log=False, insecure_cookies=True)
        app = make_stand_in_app(settings, StandIn(EmulatedClock(), CountingIds()), plant)
        async with serve_app(app, [HttpListener("127.0.0.1", 0)]) as server:
            yield server.urls[0], accounts[0]


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Account]]:
    """The stand-in of this module. `served` resets it for each test."""
    loop = Loop()
    manager = running(tmp_path_factory.mktemp("cache"))
    yield loop.run(manager.__aenter__())
    loop.run(manager.__aexit__(None, None, None))
    loop.close()


@pytest.fixture
def served(listening: tuple[str, Account]) -> Iterator[Served]:
    """The stand-in in the state of its seed."""
    url, account = listening
    with httpx.Client(base_url=url) as http:
        assert http.post("/_portico/reset").status_code == 204
        yield Served(url, account, http, token_of(http, account))


def token_of(http: httpx.Client, account: Account) -> str:
    """A new token of the API client."""
    form = {"client_id": account.client_id, "client_secret": account.client_secret}
    token: str = http.post("/signin", data=form).json()["access_token"]
    return token


def test_requests_appear_as_they_come_and_open(served: Served, tab: OpenTab) -> None:
    page = served.open(tab().page)
    expect(page.get_by_text("live", exact=True)).to_be_visible()
    created = served.call("POST", LINKS, {"name": "Wiki", "link": "wiki.example", "colour": "red"})
    assert created.status_code == 201
    row = page.locator("#traffic li").first
    expect(row.locator("summary")).to_contain_text("POST")
    expect(row).to_contain_text("Not read: colour")
    row.locator("summary").click()
    expect(row.get_by_text('"name":"Wiki"').first).to_be_visible()
    assert served.token not in page.content()
    # Nothing moves while one reads, and what came meanwhile is there afterwards.
    assert served.call("GET", "userPortalLinks").status_code == 400
    expect(page.locator("#traffic li").first).to_contain_text("POST")
    row.locator("summary").click()
    expect(page.locator("#traffic li").first).to_contain_text("No such operation")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("No request yet")).to_be_visible()


def test_a_profile_of_faults_strikes_and_is_removed(served: Served, tab: OpenTab) -> None:
    page = served.open(tab().page)
    page.get_by_label("Profile of faults").select_option("slow")
    page.get_by_role("button", name="Use profile").click()
    every = page.get_by_role("row", name="200 ms later")
    expect(every).to_contain_text("0")
    assert served.call("GET", LINKS).status_code == 200
    expect(page.locator("#traffic li").first).to_contain_text("latency")
    every.get_by_role("button", name="Remove").click()
    expect(every).to_have_count(0)
    page.get_by_role("button", name="Remove all").click()
    expect(page.get_by_text("No fault is in force")).to_be_visible()


def test_rate_limits_are_switched(served: Served, tab: OpenTab) -> None:
    page = served.open(tab().page)
    # The window of the limits stays open however long the requests take.
    served.http.put("/_portico/clock", json={"frozen": True}).raise_for_status()
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("button", name="Switch off")).to_be_visible()
    statuses = [served.call("DELETE", f"{LINKS}/7").status_code for _ in range(11)]
    assert statuses[-1] == 429
    expect(page.locator("#traffic li").first).to_contain_text("429")


def test_the_clock_is_frozen_and_set(served: Served, tab: OpenTab) -> None:
    page = served.open(tab().page)
    page.get_by_label("Date and time in UTC").fill("2030-01-31T12:00:00")
    page.get_by_role("button", name="Set", exact=True).click()
    page.get_by_role("button", name="Freeze").click()
    page.get_by_role("button", name="+ 1 day").click()
    expect(page.locator("[data-clock]")).to_contain_text("Fri 1 Feb 2030, 12:00:0")
    expect(page.locator("[data-clock]")).to_contain_text("Frozen")
    assert served.call("GET", LINKS).status_code == 401  # the token has expired by this clock
    later = replace(served, token=token_of(served.http, served.account))
    created = later.call("POST", LINKS, {"name": "Wiki", "link": "wiki.example"}).json()
    assert 1_896_177_600 <= int(created["creationTime"]) <= 1_896_177_609
    page.get_by_role("button", name="Real time").click()
    expect(page.locator("[data-clock]")).to_contain_text("the real time")


def test_a_request_that_comes_before_the_stream_appears(served: Served, tab: OpenTab) -> None:
    page = tab().page

    def let_a_request_pass(route: Route) -> None:
        served.call("GET", "userPortalLinks")
        route.continue_()

    page.route("**/requests/stream*", let_a_request_pass)
    served.open(page)
    expect(page.locator("#traffic li").first).to_contain_text("userPortalLinks")


def test_a_snapshot_is_restored(served: Served, tab: OpenTab) -> None:
    served.call("POST", LINKS, {"name": "Wiki", "link": "wiki.example"})
    page = served.open(tab().page)
    page.get_by_label("Name of the new snapshot").fill("before-import")
    page.get_by_role("button", name="Save", exact=True).click()
    served.call("POST", LINKS, {"name": "Mail", "link": "mail.example"})
    assert served.names() == ["Mail", "Wiki"]
    page.get_by_role("button", name="Restore before-import").click()
    expect(page.get_by_text("as it was when the snapshot was saved")).to_be_visible()
    assert served.names() == ["Wiki"]
    page.get_by_role("button", name="Delete before-import").click()
    expect(page.get_by_role("button", name="Restore before-import")).to_have_count(0)
    page.get_by_role("button", name="Reset to the seed").click()
    expect(page.get_by_text("as it was at the start")).to_be_visible()
    assert served.names() == []


def test_what_is_refused_is_said_on_the_page(served: Served, tab: OpenTab) -> None:
    page = served.open(tab().page)
    page.get_by_label("Name of the new snapshot").evaluate(
        "each => each.removeAttribute('pattern')"
    )
    page.get_by_label("Name of the new snapshot").fill("before import")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("Use 1 to 100 letters")


def test_a_viewer_sees_it_and_changes_nothing(served: Served, tab: OpenTab) -> None:
    opened = tab()
    page = served.open(opened.page, "viewer")
    served.call("GET", LINKS)
    expect(page.locator("#traffic li").first).to_contain_text("GET")
    for name in ("Reset to the seed", "Freeze", "Use profile", "Save", "Clear"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    csrf = page.locator("body").get_attribute("data-csrf") or ""
    answer = opened.context.request.post(
        f"{page.url}/reset", form={"csrf": csrf}, headers={"Origin": served.url}
    )
    assert answer.status == 403


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_axe_finds_nothing_and_nothing_overflows(
    served: Served, tab: OpenTab, width: int, theme: str
) -> None:
    served.call("POST", LINKS, {"name": "Wiki", "link": "wiki.example", "colour": "red"})
    served.http.put(f"/_portico/snapshots/{'a' * 100}").raise_for_status()
    page = tab(viewport={"width": width, "height": 900}, color_scheme=theme).page
    served.sign_in(page)
    page.goto(f"{page.url}/stand-in")
    page.get_by_label("Profile of faults").select_option("hostile")
    page.get_by_role("button", name="Use profile").click()
    page.locator("#traffic summary").first.click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.one_database
def test_serve_has_no_such_page(tenant: Tenant, tab: OpenTab) -> None:
    desk = sit_down(tenant, tab())
    expect(desk.open().get_by_role("link", name="Stand-in")).to_have_count(0)
    assert desk.page.context.request.get(desk.url("stand-in")).status == 404
