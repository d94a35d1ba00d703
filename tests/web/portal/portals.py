"""Portals, links and people for the tests of the portal page, on a served Portico."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page

from portico.domain.people.users import PortalUserSpec
from portico.services.access import operator_writing
from portico.services.people import groups, users
from portico.services.people.passwords import hash_password
from portico.services.runtime import Runtime
from tests.harness import LINKS, PORTALS, Caller, Server, Tenant, as_operator
from tests.web.keyboard import wait_for_scripts

PASSWORD = "correct horse battery"
VALUE_SECONDS = 10.0


class Tab:
    """A page of a browser that remembers everything the browser complained of."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.page: Page = context.new_page()
        self.faults: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def _note(self, message: Any) -> None:  # noqa: ANN401  # Playwright's own
        # A form that is answered with what is wrong in it: the browser notes the status, rightly.
        refused = re.search("with a status of (401|409|422|429) ", message.text)
        last = self.faults[-1] if self.faults else ""
        if message.text.startswith("htmx:sendAbort") and last.startswith("htmx:afterRequest"):
            # The page was left before an answer came. Of that alone, htmx gives both messages.
            self.faults.pop()
        elif message.type in {"error", "warning"} and not refused:
            self.faults.append(message.text)


@dataclass(frozen=True)
class Portal:
    """A portal of a tenant of its own."""

    tenant: Tenant
    admin: Caller
    id: str
    base: str

    @property
    def url(self) -> str:
        """Where its page is."""
        return self.tenant.server.url + self.base

    @property
    def server(self) -> Server:
        """The server that shows it."""
        return self.tenant.server

    def add_link(self, name: str, **fields: object) -> str:
        """The id of a new link on the portal; `portico` is how it is shown."""
        host = "".join(letter for letter in name.lower() if letter.isascii() and letter.isalnum())
        body: dict[str, object] = {
            "name": name,
            "enabled": True,
            "link": f"{host or 'x'}.example",
            "userPortals": [{"id": self.id}],
            **fields,
        }
        return str(self.admin.create(LINKS, body)["id"])

    def change(self, **fields: object) -> None:
        """Changes fields of the portal."""
        path = f"{PORTALS}/{self.id}"
        body = self.admin.get(path, include="portico").json() | fields
        answer = self.admin.put(path, body)
        assert answer.status_code == 204, answer.text

    def add_user(self, name: str, *group_names: str, email: str = "") -> int:
        """The id of a new user with PASSWORD, in groups that are made when they are not there."""

        async def make(runtime: Runtime) -> int:
            hashed = await hash_password(runtime, PASSWORD)
            async with operator_writing(runtime, int(self.tenant.customer_id)) as work:
                known = {each.name: each.id for each in (await groups.list_groups(work)).groups}
                ids = [
                    known[group] if group in known else (await groups.create_group(work, group)).id
                    for group in group_names
                ]
                spec = PortalUserSpec(name=name, email=email, group_ids=tuple(ids))
                return (await users.create_user(work, spec, hashed)).id

        return as_operator(self.server.database, make)


def make_portal(
    tenant: Tenant, name: str = "Staff", *, audience: str = "public", **fields: object
) -> Portal:
    """A new enabled portal; `portico` is merged into its page's settings."""
    admin = tenant.caller()
    settings: Any = fields.pop("portico", {})
    slug = f"{name.lower()}-{tenant.customer_id}"
    page = {"slug": slug, "audience": audience, **settings}
    portal_id = admin.create_portal(name, portico=page, **fields)
    return Portal(tenant, admin, portal_id, f"/p/{slug}")


def sign_in(page: Page, portal: Portal, name: str, password: str = PASSWORD) -> None:
    """Signs a user in at the portal's door."""
    page.goto(f"{portal.url}/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"**{portal.base}")


def names(page: Page, selector: str = "#all .tile .n") -> Sequence[str]:
    """The names on the page in their order."""
    wait_for_scripts(page)
    return page.locator(selector).all_text_contents()


def wait_for_value(page: Page, expression: str, wanted: object) -> None:
    """Waits until the script's expression gives the wanted value.

    The browser's own wait asks again from within the page, where the policy forbids eval.
    """
    deadline = time.monotonic() + VALUE_SECONDS
    while (found := page.evaluate(expression)) != wanted:
        assert time.monotonic() < deadline, f"{expression} stayed {found!r}"
        page.wait_for_timeout(20)


def open_tab(browser: Browser, **options: Any) -> Tab:  # noqa: ANN401  # Playwright's own
    """A tab of a browser profile of its own."""
    return Tab(browser.new_context(**options))


def many_links(portal_id: str, count: int) -> list[dict[str, object]]:
    """What the API takes for the links of a large portal: twelve sections, a sentence for each."""
    return [
        {
            "name": f"Link number {number} of a large portal",
            "description": f"What number {number} is good for, in a sentence",
            "enabled": True,
            "link": f"host-{number}.department-{number % 17}.example",
            "linkPath": f"/start/{number}",
            "userPortals": [{"id": portal_id}],
            "portico": {"section": f"Section {number % 12}"},
        }
        for number in range(count)
    ]
