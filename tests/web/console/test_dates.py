"""Dates of links and notices in the console: typed in UTC, refused beside the field, listed."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from html import unescape

import pytest

from tests.harness import Tenant
from tests.web.console.clerks import Clerk, hire
from tests.web.forms import editor_of

DAY = 24 * 60 * 60


@pytest.fixture
def clerk(tenant: Tenant) -> Clerk:
    """The tenant's administrator in the console."""
    return hire(tenant)


def typed(days: float) -> str:
    """A date as a browser sends it, some days from now."""
    return datetime.fromtimestamp(time.time() + days * DAY, UTC).strftime("%Y-%m-%dT%H:%M")


def day(days: float) -> str:
    """The same date as the list has it."""
    at = datetime.fromtimestamp(time.time() + days * DAY, UTC)
    this_year = at.year == datetime.now(UTC).year
    return f"{at.day} {at:%b}" if this_year else f"{at.day} {at:%b %Y}"


@pytest.mark.parametrize(
    ("sent", "wrong", "words"),
    [
        (("2026-12-24T08:00", "2026-12-24T08:00"), "ends", "The end must be after the start."),
        (("tomorrow", ""), "starts", "It must be a time from 1970 to 9999."),
        (("", "2026-12-24T08:00+01:00"), "ends", "It must be a time from 1970 to 9999."),
    ],
)
@pytest.mark.parametrize("place", ["links", "notice"])
def test_wrong_dates_are_told_beside_the_field(
    tenant: Tenant, clerk: Clerk, place: str, sent: tuple[str, str], wrong: str, words: str
) -> None:
    portal_id = tenant.caller().create_portal()
    path = "links/new" if place == "links" else f"portals/{portal_id}/notice"
    prefix = "" if place == "links" else "notice_"
    form = editor_of(clerk.get(path).text).fields
    dates = {f"{prefix}starts": sent[0], f"{prefix}ends": sent[1]}

    refused = clerk.post(path, **form | {"name": "Sale", "host": "sale.example"} | dates)

    assert refused.status_code == 422
    page = unescape(refused.text)
    assert words in page.partition(f'id="{prefix}{wrong}-wrong"')[2].partition("</div>")[0]
    assert all(f'value="{value}"' in page for value in sent)
    assert place == "notice" or '<details class="period" open>' in page


def test_list_marks_links_that_are_not_shown_and_finds_what_is_due(
    tenant: Tenant, clerk: Clerk
) -> None:
    admin = tenant.caller()
    portal_id = admin.create_portal(portico={"audience": "public"})
    for name, starts, ends in (
        ("Festival", typed(10), typed(20)),
        ("Election", typed(-30), typed(-20)),
        ("Survey", "", typed(5)),
        ("Archive", typed(-9), typed(99)),
    ):
        form = {"name": name, "host": f"{name.lower()}.example", "portals": portal_id}
        dates = {"starts": starts, "ends": ends, "enabled": "on"}
        assert clerk.post("links/new", **form, **dates).status_code == 303

    page = clerk.get("links").text
    due = clerk.get("links?due=14").text
    shown = admin.http.get(f"/p/{portal_id}").text

    marks = {
        name: unescape(page.partition(f">{name}</a>")[2].partition("</td>")[0])
        for name in ("Festival", "Election", "Survey", "Archive")
    }
    assert f"From {day(10)}<" in marks["Festival"]
    assert f"Ended {day(-20)}<" in marks["Election"]
    assert not any("chip" in marks[name] for name in ("Survey", "Archive"))
    assert [name for name in marks if f">{name}</a>" in due] == ["Festival", "Survey"]
    assert [name for name in marks if f"{name.lower()}.example" in shown] == ["Survey", "Archive"]


def test_nobody_sees_a_link_outside_its_time(tenant: Tenant, clerk: Clerk) -> None:
    portal_id = tenant.caller().create_portal(portico={"audience": "public"})
    query = f"links/seen-by?enabled=on&portals={portal_id}"

    before = clerk.get(f"{query}&starts={typed(3)}").text
    after = clerk.get(f"{query}&ends={typed(-3)}").text
    between = clerk.get(f"{query}&starts={typed(-3)}&ends={typed(3)}").text

    assert "Nobody before " in before
    assert "Nobody: it was shown until " in after
    assert "Everybody who has the address" in between


def test_notice_is_shown_only_for_its_time(tenant: Tenant, clerk: Clerk) -> None:
    admin = tenant.caller()
    portal_id = admin.create_portal(portico={"audience": "public"})
    path = f"portals/{portal_id}/notice"

    def seen(starts: str, ends: str) -> bool:
        form = editor_of(clerk.get(path).text).fields
        dates = {"notice_starts": starts, "notice_ends": ends}
        texts = {"notice": "Closed on Friday.", "notice_enabled": "on"}
        assert clerk.post(path, **form | texts | dates).status_code == 303
        return "Closed on Friday." in admin.http.get(f"/p/{portal_id}").text

    assert seen("", "")
    assert not seen(typed(1), "")
    assert f"From {day(1)}" in clerk.get(path).text
    assert not seen("", typed(-8))
    assert f"Ended {day(-8)}" in clerk.get(path).text
    assert seen(typed(-1), typed(1))
