"""No English is left on the console's pages in another language, and the language is chosen."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.people.users import PortalUserSpec
from portico.domain.tenancy.identity import Role
from portico.services.access import operator_writing
from portico.services.people.administrators import create_administrator
from portico.services.people.groups import create_group
from portico.services.people.passwords import hash_password
from portico.services.people.users import create_user
from portico.services.runtime import Runtime
from tests.harness import AUPS, LINKS, Tenant, as_operator
from tests.web.console.clerks import Clerk, hire
from tests.web.console.places import places_of
from tests.web.console.pseudo import bracketed_pages, outside_brackets
from tests.web.visits import PASSWORD, Visit, csrf_of

pytestmark = pytest.mark.one_database
TEMPLATES = Path(str(files("portico.web"))) / "templates"
# Names of the product, of formats and of other products, which are the same in every language.
DATA = {"admin client", "portal", "yes", "Def", "ult"}
"""The texts outside brackets that the test, or the name of a portal in Japanese, put there."""
SAME = {"Portico", "Default", "Tenant", "https", "http"}


def sit_down(tenant: Tenant) -> Visit:
    """An administrator with a name in Japanese, who has signed in."""

    async def make(runtime: Runtime) -> str:
        hashed = await hash_password(runtime, PASSWORD)
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            spec = AdministratorSpec(name=f"給与-{runtime.new_id()}", display_name="旅行 職員")
            made = await create_administrator(work, spec, [GrantSpec(role=Role.ADMIN)], hashed)
            return made.name

    name = as_operator(tenant.server.database, make)
    visit = Visit(tenant.server.http)
    assert visit.sign_in("/console/sign-in", name).status_code == 303
    return visit


def make_people(tenant: Tenant) -> tuple[str, str]:
    """The ids of a user in a group, and of the group."""

    async def make(runtime: Runtime) -> tuple[str, str]:
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            group = await create_group(work, "夜間")
            spec = PortalUserSpec(name="日々", display_name="組合", group_ids=(group.id,))
            return str((await create_user(work, spec)).id), str(group.id)

    return as_operator(tenant.server.database, make)


class Walk:
    """A clerk in brackets, who notes what stands outside them."""

    def __init__(self, clerk: Clerk) -> None:
        self.clerk = clerk
        self.found: dict[str, list[str]] = {}

    def note(self, state: str, page: str) -> str:
        """Notes the texts of a page outside brackets."""
        for each in outside_brackets(page):
            if each not in DATA and set(re.findall(r"[A-Za-z]{2,}", each)) - SAME:
                self.found.setdefault(each, []).append(state)
        return page

    def get(self, place: str) -> str:
        """Opens a page."""
        return self.note(place, self.clerk.get(place).text)

    def post(self, place: str, **fields: str | Sequence[str]) -> str:
        """Sends a form, and opens the page that it leads to."""
        answer = self.clerk.post(place, **fields)
        if answer.status_code == 303:
            answer = self.clerk.visit.get(answer.headers["location"])
        return self.note(f"POST {place} {fields}", answer.text)


def test_pages_and_their_messages_leave_no_text_untranslated(tenant: Tenant) -> None:
    admin, visit = tenant.caller(), sit_down(tenant)
    portal = admin.create_portal("条件", userNotification="本文.", userNotificationEnabled=True)
    shown = {"section": "北部", "groups": ["夜間"]}
    user, group = make_people(tenant)
    on = {"userPortals": [{"id": portal}], "portico": shown}
    link = admin.create_link("顧客", link="10.0.0.1", enabled=True, **on)
    other = admin.create_link("新規", link="10.0.0.2", enabled=False)
    policy = admin.create(AUPS, {"name": "他方", "aup": "閉店"})["id"]
    with bracketed_pages(tenant.server.database) as pages:
        visit.http = pages
        base = f"/console/{tenant.customer_id}/0"
        walk = Walk(Clerk(visit, base, csrf_of(visit.get(base).text)))
        for place in places_of(portal=portal, link=link, policy=policy, user=user, group=group):
            walk.get(place)
        for place in (
            "no/such/page",
            "links/12345",
            "links?sort=x&q=10",
            f"portals/{portal}?link={link}",
        ):
            walk.get(place)
        _send_forms(walk, portal, link, other, user, group, policy)
        admin.put(f"{LINKS}/{link}", {"name": "顧客", "link": "10.0.0.3"})
        walk.post(f"links/{link}", revision="old", name="顧客", host="10.0.0.9")
        walk.post(f"links/{link}/delete", revision="old")
        walk.post(f"policies/{policy}", revision="old", name="他方")
    assert walk.found == {}


def _send_forms(
    walk: Walk, portal: str, link: str, other: str, user: str, group: str, policy: str
) -> None:
    """Sends forms that are refused, confirmed or reported."""
    two = [link, other]
    for action in ("enable", "disable", "portals", "section", "delete"):
        walk.post("links/bulk", action=action, link=two)
    walk.post("links/bulk/apply", action="section", link=two)
    walk.post("links/bulk", action="portals", link=two, on=portal)
    walk.post("links/bulk", action="section", link=two, new_section="花子")
    for host in ("次郎 三郎", "次郎@三郎", "1.2.3", "javascript:alert(1)", "x:99999"):
        walk.post("links/new", name="", host=host, path="x", protocol="https://", section="四季")
    walk.post(
        "links/new",
        name="顧客",
        host="10.0.0.1",
        starts="2000-01-02T00:00",
        ends="2000-01-01T00:00",
    )
    walk.post("links/new", name="五月", host="10.0.0.1", enabled="on", portals=portal)
    rows = "name,url,portals,section,groups,enabled,position\n"
    rows += "顧客,10.0.0.8,条件,六月,七夕,yes,\n八百,,九州,,,perhaps,x"
    walk.post("links/add-many", lines=rows)
    walk.post("links/add-many", lines="")
    walk.post("portals/new", name="", slug="十和", link=link)
    walk.post(f"portals/{portal}/appearance", name="", accent="#ffffff", revision="old")
    walk.post(f"portals/{portal}/access", domain="10.0.0.1", slug="十和", revision="old")
    walk.post(f"portals/{portal}/delete", revision="old")
    walk.post(f"portals/{portal}/add-links")
    walk.post("sections", name="", portal=portal)
    walk.post("sections", name="花子", portal=portal)
    walk.post("groups", name="夜間")
    walk.post("groups", name="百合")
    walk.post(f"groups/{group}/add")
    walk.post("users/new", name="", email="x")
    walk.post("users/new", name="千代", invite="on")
    walk.post(f"users/{user}/disable")
    walk.post(f"users/{user}/enable")
    walk.post("administrators/new", name="", role="none")
    walk.post("clients/new", name="", role="viewer", microtenant="")
    walk.post("clients/new", name="万里", role="viewer", microtenant="")
    walk.post("microtenants/new", name="丁目", domains="x")
    walk.post("password", present="x", password="y", again="z")
    walk.post("second-factor/password", password="x")
    walk.post("second-factor/password", password=PASSWORD)
    walk.get("second-factor")
    walk.post("second-factor/app", secret="x", code="1")
    walk.post("second-factor-rule", required="on")
    walk.post("undo", transaction="none")
    walk.post(f"links/{other}/enable")
    walk.get("audit?period=7&kind=userPortalLink")
    walk.get(f"audit?object={link}")


class Bare(HTMLParser):
    """Collects the texts of a template."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._code = 0
        without = re.sub(r"\{#.*?#\}|\{% *-?trans\b.*?endtrans -?%\}", "", source, flags=re.DOTALL)
        without = re.sub(r"\{%-? *trans\b.*?endtrans *-?%\}", "", without, flags=re.DOTALL)
        self.feed(re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", without, flags=re.DOTALL))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collects the attributes that people read."""
        self._code += tag in {"code", "kbd"}
        told = {"aria-label", "placeholder", "title", "alt"}
        self.texts += [value for name, value in attrs if name in told and value]

    def handle_endtag(self, tag: str) -> None:
        """Ends code, which is the same in every language."""
        self._code -= tag in {"code", "kbd"}

    def handle_data(self, data: str) -> None:
        """Collects a text."""
        if not self._code:
            self.texts.append(re.sub(r'[\w-]+="[^"]*"', "", data))


def test_templates_have_no_text_outside_gettext() -> None:
    found = {}
    for path in sorted(TEMPLATES.rglob("*.html")):
        # The reference of the API is English, like the API.
        if path.name in {"reference.html", "operation.html", "icons.html"}:
            continue
        texts = [each for each in Bare(path.read_text()).texts if re.search(r"[A-Za-z]{2}", each)]
        bare = [each.strip() for each in texts if set(re.findall(r"[A-Za-z]{2,}", each)) - SAME]
        if bare:
            found[path.name] = bare
    assert found == {}


def test_the_chosen_language_goes_before_the_browsers(tenant: Tenant) -> None:
    clerk = hire(tenant)
    german = clerk.visit.get(f"{clerk.base}/links", accept_language="de-AT")
    answer = clerk.post("language", language="es", back=f"{clerk.base}/links")
    spanish = clerk.visit.get(answer.headers["location"], accept_language="de-AT")
    clerk.post("language", language="xx")

    assert '<html lang="de"' in german.text
    assert "<h1><bdi>Links</bdi></h1>" in german.text
    assert "Alles durchsuchen" in german.text
    assert answer.headers["location"] == f"{clerk.base}/links"
    assert '<html lang="es"' in spanish.text
    assert "<h1><bdi>Enlaces</bdi></h1>" in spanish.text
    assert clerk.visit.cookies["portico_language"] == "es"


def test_the_search_finds_pages_by_their_names_in_the_language(tenant: Tenant) -> None:
    clerk = hire(tenant)
    found = {
        text: "/policies"
        in clerk.visit.get(f"{clerk.base}/search?q={text}", accept_language="de").text
        for text in ("nutzungsr", "richtlinie")
    }

    assert found == {"nutzungsr": True, "richtlinie": True}
