"""Administrators for the tests of the console, and their way in."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page

from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.tenancy.identity import Role
from portico.services.access import operator_writing
from portico.services.people.administrators import create_administrator
from portico.services.people.passwords import hash_password
from portico.services.runtime import Runtime
from tests.harness import LINKS, PORTALS, Caller, Tenant, as_operator
from tests.web.portal.portals import PASSWORD, Tab
from tests.web.visits import Visit


@dataclass(frozen=True)
class Desk:
    """An administrator at the console of a tenant of its own."""

    tenant: Tenant
    page: Page
    admin: Caller
    microtenant_id: str = "0"

    @property
    def base(self) -> str:
        """Where the microtenant's pages begin."""
        return f"/console/{self.tenant.customer_id}/{self.microtenant_id}"

    def url(self, place: str = "") -> str:
        """The whole address of a page."""
        return f"{self.tenant.server.url}{self.base}{'/' if place else ''}{place}"

    def open(self, place: str = "") -> Page:
        """Opens a page of the console."""
        self.page.goto(self.url(place))
        return self.page

    @property
    def toast(self) -> Locator:
        """What the page says after a change."""
        return self.page.locator("[data-toast]")

    def add_portal(self, name: str = "Staff", **fields: object) -> str:
        """The id of a new portal."""
        return self.admin.create_portal(name, **fields)

    def add_link(self, name: str, **fields: object) -> str:
        """The id of a new enabled link."""
        host = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())
        body = {"name": name, "enabled": True, "link": f"{host or 'x'}.example", **fields}
        return str(self.admin.create(LINKS, body)["id"])

    def link(self, link_id: str) -> dict[str, object]:
        """A link as the API tells it."""
        answer = self.admin.get(f"{LINKS}/{link_id}", include="portico")
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json()
        return found

    def links(self) -> dict[str, dict[str, object]]:
        """Every link by name, as the API tells it."""
        found = self.admin.get(LINKS, pagesize=500, include="portico").json()
        return {each["name"]: each for each in found.get("list", [])}

    def portal(self, portal_id: str) -> dict[str, object]:
        """A portal as the API tells it."""
        found: dict[str, object] = self.admin.get(
            f"{PORTALS}/{portal_id}", include="portico"
        ).json()
        return found


def make_administrator(
    tenant: Tenant, *, role: Role = Role.ADMIN, microtenant_id: int | None = None
) -> str:
    """The sign-in name of a new administrator with PASSWORD; it is of this tenant alone."""

    async def make(runtime: Runtime) -> str:
        name = f"admin-{runtime.new_id()}"
        hashed = await hash_password(runtime, PASSWORD)
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            spec = AdministratorSpec(name=name, display_name="Tomas Lind")
            grant = GrantSpec(role=role, microtenant_id=microtenant_id)
            await create_administrator(work, spec, [grant], hashed)
        return name

    return as_operator(tenant.server.database, make)


def sit_down(
    tenant: Tenant, tab: Tab, *, role: Role = Role.ADMIN, microtenant_id: int | None = None
) -> Desk:
    """A new administrator who has signed in, with the cookies of it in the tab.

    The form in the browser is for the tests of it: two pages less for every other one.
    """
    name = make_administrator(tenant, role=role, microtenant_id=microtenant_id)
    visit = Visit(tenant.server.http)
    assert visit.sign_in("/console/sign-in", name).status_code == 303
    for cookie, value in visit.cookies.items():
        tab.context.add_cookies(
            [
                {
                    "name": cookie,
                    "value": value,
                    "domain": urlsplit(tenant.server.url).hostname or "",
                    "path": "/",
                    "httpOnly": True,
                    "secure": True,
                    "sameSite": "Lax",
                }
            ]
        )
    return Desk(tenant, tab.page, tenant.caller(), str(microtenant_id or 0))


def take_place(tenant: Tenant, tab: Tab, name: str, *, microtenant_id: int | None = None) -> Desk:
    """An administrator who has just signed in by the form."""
    desk = Desk(tenant, tab.page, tenant.caller(), str(microtenant_id or 0))
    tab.page.goto(f"{tenant.server.url}/console")
    tab.page.get_by_label("Name").fill(name)
    tab.page.get_by_label("Password").fill(PASSWORD)
    tab.page.get_by_role("button", name="Sign in").click()
    tab.page.wait_for_url(f"**{desk.base}")
    return desk
