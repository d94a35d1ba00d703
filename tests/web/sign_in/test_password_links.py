"""The page on which people set a password by a link, as browsers and attackers ask for it."""

from __future__ import annotations

import re
from urllib.parse import quote

import httpx
import pytest

from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.people.users import PortalUserSpec
from portico.domain.tenancy.identity import Role
from portico.services.access import operator_writing
from portico.services.people import administrators, password_links, users
from portico.services.runtime import Runtime
from tests.harness import Caller, Server, Tenant, as_operator, create_tenant
from tests.web.sign_in.test_sign_in import assert_safe
from tests.web.visits import Visit, csrf_of

NEW = "a password of my own"
CONSOLE_PAGE = "/console/set-password"


def invite_user(tenant: Tenant, name: str = "uma") -> str:
    """The token of a link for a new user without a password."""

    async def make(runtime: Runtime) -> str:
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            user = await users.create_user(work, PortalUserSpec(name=name))
            return (await password_links.create_user_link(work, user.id)).token

    return as_operator(tenant.server.database, make)


def invite_administrator(tenant: Tenant) -> tuple[str, str]:
    """The name of a new administrator without a password, and the token of a link."""
    spec = AdministratorSpec(name=f"ada {tenant.customer_id}")

    async def make(runtime: Runtime) -> str:
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            grants = [GrantSpec(role=Role.ADMIN)]
            made = await administrators.create_administrator(work, spec, grants)
            return (await password_links.create_administrator_link(work, made.id)).token

    return spec.name, as_operator(tenant.server.database, make)


@pytest.fixture
def portal(admin: Caller) -> str:
    """The path of a portal for those who sign in."""
    return f"/p/{admin.create_portal()}"


@pytest.fixture
def visit(server: Server) -> Visit:
    """Somebody who was never here."""
    return Visit(server.http)


def follow(visit: Visit, page: str, token: str) -> httpx.Response:
    """Opens a link as a browser does: the first answer moves the token out of the address."""
    moved = visit.get(f"{page}?link={quote(token)}")
    assert moved.status_code == 303
    assert token not in moved.headers["location"]
    assert moved.headers["location"].endswith("/set-password")
    return visit.get(moved.headers["location"])


def submit(visit: Visit, page: str, token: str, password: str = NEW) -> httpx.Response:
    """Opens a link and sends the form."""
    shown = follow(visit, page, token)
    csrf = csrf_of(shown.text) if "csrf" in shown.text else visit.cookies["__Host-portico_form"]
    form = {"csrf": csrf, "link": token, "password": password, "again": password}
    return visit.post(page, form)


def test_a_user_sets_the_first_password_and_signs_in(
    tenant: Tenant, visit: Visit, portal: str
) -> None:
    token = invite_user(tenant)
    page = follow(visit, f"{portal}/set-password", token)
    assert_safe(page)
    assert "Choose a password" in page.text
    assert "uma" in page.text
    form = {"csrf": csrf_of(page.text), "link": token, "password": NEW, "again": "another"}
    differs = visit.post(f"{portal}/set-password", form)
    short = visit.post(f"{portal}/set-password", {**form, "password": "x", "again": "x"})
    done = visit.post(f"{portal}/set-password", {**form, "again": NEW})
    signing_in = visit.get(done.headers["location"])

    assert (differs.status_code, short.status_code, done.status_code) == (422, 422, 303)
    assert "not the same" in differs.text
    assert "12 to 256" in short.text
    assert NEW not in differs.text
    assert "Your password is set." in signing_in.text
    assert "__Host-portico_password_link" not in visit.cookies
    assert visit.sign_in(f"{portal}/sign-in", "uma", NEW).status_code == 303


def test_an_administrator_does_so_at_the_console(tenant: Tenant, visit: Visit) -> None:
    name, token = invite_administrator(tenant)
    done = submit(visit, CONSOLE_PAGE, token)
    assert (done.status_code, done.headers["location"]) == (303, "/console/sign-in?set=password")
    assert "__Host-portico_console" not in visit.cookies
    assert visit.sign_in("/console/sign-in", name, NEW).status_code == 303


def test_links_that_do_not_work_look_alike(tenant: Tenant, visit: Visit, portal: str) -> None:
    used, replaced = invite_user(tenant), invite_user(tenant, "bo")

    async def replace(runtime: Runtime) -> None:
        async with operator_writing(runtime, int(tenant.customer_id)) as work:
            bo = await work.users.find_by_name("bo")
            assert bo is not None
            await password_links.create_user_link(work, bo.id)

    as_operator(tenant.server.database, replace)
    page = f"{portal}/set-password"
    assert submit(visit, page, used).status_code == 303
    foreign = invite_user(create_tenant(tenant.server))
    _, administrators_own = invite_administrator(tenant)

    shown, sent = set(), set()
    for token in (used, replaced, foreign, administrators_own, "guessed", "x" * 5_000, "ü\ud800"):
        answer = follow(visit, page, token.encode("utf-8", "replace").decode())
        assert answer.status_code == 404
        assert_safe(answer)
        shown.add(answer.text)
        form = {"csrf": visit.cookies["__Host-portico_form"], "link": token.replace("\ud800", "")}
        refused = visit.post(page, {**form, "password": NEW, "again": NEW})
        assert refused.status_code == 404
        sent.add(refused.text)

    assert len(shown | sent) == 1
    assert "This link does not work" in shown.pop()


def test_the_form_is_protected_like_the_sign_in(tenant: Tenant, visit: Visit, portal: str) -> None:
    token = invite_user(tenant)
    page = f"{portal}/set-password"
    shown = follow(visit, page, token)
    form = {"csrf": csrf_of(shown.text), "link": token, "password": NEW, "again": NEW}
    assert visit.post(page, form, sec_fetch_site="cross-site").status_code == 403
    assert visit.post(page, {**form, "csrf": "guessed"}).status_code == 403
    assert visit.post("/p/nowhere/set-password", form).status_code == 404
    assert visit.post(page, form).status_code == 303


def test_the_log_has_no_token(tenant: Tenant, visit: Visit, portal: str) -> None:
    token = invite_user(tenant)
    page = f"{portal}/set-password"
    submit(visit, page, token)
    submit(visit, page, token)
    tenant.server.wait_for_lines(lambda line: line.get("path") == page, count=4)
    text = tenant.server.log.read_text()
    assert token not in text
    assert re.search(r'"reason": ?"link"', text)
