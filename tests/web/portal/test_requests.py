"""People ask for links and report broken ones, where a portal takes requests."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.harness import Tenant
from tests.web.conftest import OpenTab
from tests.web.console.clerks import Clerk, hire
from tests.web.portal.portals import PASSWORD, Portal, make_portal
from tests.web.visits import Visit, csrf_of

TAKES = {"acceptsRequests": True}


def send(portal: Portal, visit: Visit, **fields: str) -> int:
    """The status of a request that somebody sends."""
    page = visit.get(f"{portal.base}/request")
    assert page.status_code == 200
    return visit.post(f"{portal.base}/request", {"csrf": csrf_of(page.text), **fields}).status_code


def listed(clerk: Clerk, place: str = "requests") -> list[str]:
    """The requests that the console lists, as text."""
    rows = re.findall(r"<tr data-row>(.*?)</tr>", clerk.get(place).text, re.DOTALL)
    return [" ".join(re.sub("<[^>]+>", " ", row).split()) for row in rows]


def close_first(clerk: Clerk) -> int:
    """The status of closing the newest open request."""
    found = re.search(r'action="[^"]*/(requests/\d+/close)"', clerk.get("requests").text)
    assert found
    return clerk.post(found[1]).status_code


def test_requests_reach_the_administrators_and_are_closed(tenant: Tenant) -> None:
    portal = make_portal(tenant, audience="signed_in", portico=TAKES)
    link_id = portal.add_link("Payroll <i>")
    portal.add_user("ines")
    visit = Visit(tenant.server.http)
    visit.sign_in(f"{portal.base}/sign-in", "ines", PASSWORD)
    clerk = hire(tenant)

    assert send(portal, visit, kind="new_link", text="The rota, <b>please</b>") == 303
    assert send(portal, visit, kind="broken_link", link=link_id, text="Error 500") == 303
    report, ask = listed(clerk)
    assert "Does not work: Payroll &lt;i&gt; Error 500 Staff ines" in report
    assert "New link The rota, &lt;b&gt;please&lt;/b&gt; Staff ines" in ask

    assert close_first(clerk) == 303
    assert listed(clerk) == [ask]
    assert len(listed(clerk, "requests?state=closed")) == 1
    assert "request" in clerk.get("audit").text
    portal.admin.delete(f"userPortalLink/{link_id}")
    assert "Payroll" in listed(clerk, "requests?state=closed")[0]


def test_portals_take_no_requests_until_an_administrator_says_so(tenant: Tenant) -> None:
    portal = make_portal(tenant)
    hidden = portal.add_link("Secret", portico={"groups": ["Finance"]})
    visit = Visit(tenant.server.http)
    assert "/request" not in visit.get(portal.base).text
    assert visit.get(f"{portal.base}/request").status_code == 404

    portal.change(portico={"slug": portal.base.removeprefix("/p/"), "audience": "public", **TAKES})
    assert f"{portal.base}/request" in visit.get(portal.base).text
    assert send(portal, visit, kind="new_link", text="  ") == 422
    assert send(portal, visit, kind="new_link", text="x" * 501) == 422
    assert send(portal, visit, kind="broken_link", link=hidden) == 404
    assert send(portal, visit, kind="broken_link", link="1; DROP") == 404
    without_token = visit.post(f"{portal.base}/request", {"kind": "new_link", "text": "x"})
    assert without_token.status_code == 403
    clerk = hire(tenant)
    assert listed(clerk) == []


def test_a_flood_of_requests_is_refused_and_stays_in_its_tenant(tenant: Tenant) -> None:
    portal = make_portal(tenant, portico=TAKES)
    visit = Visit(tenant.server.http)
    form = {"csrf": csrf_of(visit.get(f"{portal.base}/request").text), "kind": "new_link"}
    statuses = [
        visit.post(f"{portal.base}/request", {**form, "text": f"Link {number}"}).status_code
        for number in range(61)
    ]

    assert statuses == [303] * 60 + [422]


def test_somebody_asks_and_reports_in_a_browser(tenant: Tenant, tab: OpenTab) -> None:
    portal = make_portal(tenant, portico=TAKES)
    portal.add_link("Wiki")
    page = tab(viewport={"width": 390, "height": 844}).page
    page.goto(portal.url)
    page.get_by_role("link", name="Ask for a link").click()
    page.get_by_label("What should it open").fill("The canteen menu")
    page.get_by_role("button", name="Send to the administrators").click()
    expect(page.get_by_role("heading", name="Your request was sent")).to_be_visible()
    page.get_by_role("link", name="Back to the links").click()

    expect(page.locator(".tile")).to_have_count(1)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
