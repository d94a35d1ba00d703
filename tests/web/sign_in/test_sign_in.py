"""The doors over HTTP: what a browser is told, what other sites cannot do, where one comes out."""

from __future__ import annotations

import re

import httpx
import pytest

from portico.web.shared.pages import CONTENT_SECURITY_POLICY
from tests.harness import Caller, Server, Tenant, served
from tests.web.visits import PASSWORD, Visit, add_administrator, add_user, csrf_of

CONSOLE_SIGN_IN = "/console/sign-in"
CONSOLE_COOKIE = "__Host-portico_console"
LOCAL = "Path=/; SameSite=lax; Secure"


@pytest.fixture
def visit(server: Server) -> Visit:
    """Somebody who was never here."""
    return Visit(server.http)


@pytest.fixture
def portal(tenant: Tenant, admin: Caller) -> str:
    """The path of a portal for those who sign in."""
    return f"/p/{admin.create_portal()}"


def assert_safe(answer: httpx.Response) -> None:
    """Checks the headers that every page has."""
    assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<script(?![^>]* src=)|\sstyle=|\son\w+=", answer.text)


def test_administrator_comes_in_and_goes_out(tenant: Tenant, visit: Visit) -> None:
    name = add_administrator(tenant, "ada")
    before = visit.get(CONSOLE_SIGN_IN)
    assert_safe(before)

    entered = visit.sign_in(CONSOLE_SIGN_IN, name.upper(), next_="/console/links?page=2")

    assert (entered.status_code, entered.headers["location"]) == (303, "/console/links?page=2")
    assert visit.attributes[CONSOLE_COOKIE] == f" HttpOnly; Max-Age=43200; {LOCAL}"
    assert visit.attributes["__Host-portico_form"] == f" HttpOnly; {LOCAL}"


def test_user_comes_in_and_goes_out(tenant: Tenant, visit: Visit, portal: str) -> None:
    add_user(tenant)
    cookie = f"__Host-portico_portal_{tenant.customer_id}"

    entered = visit.sign_in(f"{portal}/sign-in", "Uma")
    assert entered.status_code == 303
    assert entered.headers["location"].startswith("/p/")
    token = visit.cookies[cookie]
    again = visit.get(f"{portal}/sign-in?next=/p/x")
    assert (again.status_code, again.headers["location"]) == (303, "/p/x")

    page = visit.get(entered.headers["location"])
    refused = visit.post(f"{portal}/sign-out", {"csrf": "guessed"})
    left = visit.post(f"{portal}/sign-out", {"csrf": csrf_of(page.text)})
    visit.cookies[cookie] = token

    assert refused.status_code == 403
    assert left.status_code == 303
    assert visit.get(f"{portal}/sign-in").status_code == 200


def test_refusals_look_alike(tenant: Tenant, visit: Visit) -> None:
    name = add_administrator(tenant, "ada")
    pages = set()
    for typed, password in ((name, "wrong password"), ("nobody", PASSWORD)):
        answer = visit.sign_in(CONSOLE_SIGN_IN, typed, password)
        assert answer.status_code == 401
        assert_safe(answer)
        pages.add(answer.text.replace(f'value="{typed}"', ""))
        assert password == "" or password not in answer.text

    assert len({re.sub(r"\s+autofocus", "", page) for page in pages}) == 1
    assert CONSOLE_COOKIE not in visit.cookies


def test_an_empty_field_is_named_and_is_no_attempt(
    tenant: Tenant, visit: Visit, portal: str
) -> None:
    name = add_administrator(tenant, "ada")
    for path in (CONSOLE_SIGN_IN, f"{portal}/sign-in"):
        empty = visit.sign_in(path, " ", "")
        assert empty.status_code == 422
        assert "novalidate" in empty.text
        assert re.findall(r'id="(\w+)-wrong"', empty.text) == ["name", "password"]
        assert re.findall(r'aria-describedby="(\w+)-wrong"', empty.text) == ["name", "password"]
        assert "Enter your sign-in name." in empty.text
    without = [visit.sign_in(CONSOLE_SIGN_IN, name, "") for _ in range(6)]
    assert {each.status_code for each in without} == {422}
    assert f'value="{name}"' in without[-1].text
    assert visit.sign_in(CONSOLE_SIGN_IN, name).status_code == 303


def test_lock_is_told_in_words(tenant: Tenant, visit: Visit) -> None:
    name = add_administrator(tenant, "ada")
    statuses = [visit.sign_in(CONSOLE_SIGN_IN, name, "wrong").status_code for _ in range(6)]
    locked = visit.sign_in(CONSOLE_SIGN_IN, name)

    assert statuses == [401] * 5 + [429]
    assert locked.status_code == 429
    assert "Wait a minute" in locked.text


def test_own_claims_of_an_address_are_not_believed(tenant: Tenant, visit: Visit) -> None:
    name = add_administrator(tenant, "ada")
    token = csrf_of(visit.get(CONSOLE_SIGN_IN).text)
    form = {"csrf": token, "name": name, "password": "wrong"}

    statuses = [
        visit.post(CONSOLE_SIGN_IN, form, x_forwarded_for=f"203.0.113.{number}").status_code
        for number in range(6)
    ]

    assert statuses[-1] == 429


NEXT = [
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "/x\r\nSet-Cookie: a=b",
    "/ü",
    "evil",
    "/" * 3,
    "/" + "x" * 5_000,
]


@pytest.mark.one_database
@pytest.mark.parametrize("next_", NEXT)
def test_next_leads_to_this_site_alone(tenant: Tenant, visit: Visit, next_: str) -> None:
    name = add_administrator(tenant, "ada")

    entered = visit.sign_in(CONSOLE_SIGN_IN, name, next_=next_)

    assert (entered.status_code, entered.headers["location"]) == (303, "/console")


@pytest.mark.one_database
@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.example", "sec_fetch_site": "cross-site"},
    ],
)
def test_form_from_another_site_is_refused(
    tenant: Tenant, visit: Visit, headers: dict[str, str]
) -> None:
    name = add_administrator(tenant, "ada")
    form = {"csrf": csrf_of(visit.get(CONSOLE_SIGN_IN).text), "name": name, "password": PASSWORD}

    answer = visit.post(CONSOLE_SIGN_IN, form, **headers)

    assert answer.status_code == 403
    assert CONSOLE_COOKIE not in visit.cookies


@pytest.mark.one_database
@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1:1"])
def test_browser_without_fetch_metadata_is_known_by_its_origin(
    tenant: Tenant, server: Server, origin: str
) -> None:
    name = add_administrator(tenant, "ada")
    visit = Visit(server.http)
    form = {"csrf": csrf_of(visit.get(CONSOLE_SIGN_IN).text), "name": name, "password": PASSWORD}
    cookies = "; ".join(f"{key}={value}" for key, value in visit.cookies.items())

    def send(sent: str) -> int:
        headers = {"origin": sent, "cookie": cookies}
        return server.http.post(CONSOLE_SIGN_IN, data=form, headers=headers).status_code

    assert send(origin) == 403
    assert send(server.url) == 303


@pytest.mark.one_database
@pytest.mark.parametrize("token", ["", "x", "x" * 43, "\ud800".encode("utf-8", "replace").decode()])
def test_form_without_the_token_is_refused(tenant: Tenant, visit: Visit, token: str) -> None:
    name = add_administrator(tenant, "ada")
    visit.get(CONSOLE_SIGN_IN)

    answer = visit.post(CONSOLE_SIGN_IN, {"csrf": token, "name": name, "password": PASSWORD})

    assert answer.status_code == 403


@pytest.mark.one_database
def test_empty_cookie_and_empty_token_do_not_match(tenant: Tenant, visit: Visit) -> None:
    name = add_administrator(tenant, "ada")

    answer = visit.post(CONSOLE_SIGN_IN, {"csrf": "", "name": name, "password": PASSWORD})

    assert answer.status_code == 403


def test_session_that_somebody_else_chose_is_not_taken_over(tenant: Tenant, visit: Visit) -> None:
    name = add_administrator(tenant, "ada")
    visit.cookies[CONSOLE_COOKIE] = "chosen-by-somebody-else"

    visit.sign_in(CONSOLE_SIGN_IN, name)
    first = visit.cookies[CONSOLE_COOKIE]
    visit.sign_in(CONSOLE_SIGN_IN, name)

    assert first != "chosen-by-somebody-else"
    assert visit.cookies[CONSOLE_COOKIE] != first


def test_unknown_disabled_and_foreign_portals_look_alike(
    tenant: Tenant, admin: Caller, visit: Visit
) -> None:
    disabled = admin.create_portal("Off", enabled=False)
    token = csrf_of(visit.get(CONSOLE_SIGN_IN).text)
    pages = set()
    for address in (disabled, "5", "nowhere", "x" * 300, "..%2f", "a%00b"):
        answer = visit.get(f"/p/{address}/sign-in")
        entered = visit.post(f"/p/{address}/sign-in", {"csrf": token, "name": "x"})
        assert (answer.status_code, entered.status_code) == (404, 404)
        assert_safe(answer)
        pages.add(answer.text)

    assert len(pages) == 1


@pytest.mark.one_database
def test_plain_cookies_for_trials(
    tenant: Tenant, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name = add_administrator(tenant, "ada")
    log = tmp_path_factory.mktemp("plain") / "server.log"
    with served(database_url, log, "--insecure-cookies", "--console-lifetime", "600") as plain:
        visit = Visit(plain.http)
        visit.sign_in(CONSOLE_SIGN_IN, name)

    assert visit.attributes["portico_console"] == " HttpOnly; Max-Age=600; Path=/; SameSite=lax"


def test_lock_counts_visitors_behind_a_named_proxy(
    tenant: Tenant, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    name = add_administrator(tenant, "ada")
    log = tmp_path_factory.mktemp("proxied") / "server.log"
    with served(database_url, log, "--trusted-proxies", "127.0.0.1, 10.0.0.0/8") as proxied:
        visit = Visit(proxied.http)
        token = csrf_of(visit.get(CONSOLE_SIGN_IN).text)

        def try_from(forwarded: str, password: str = "wrong") -> int:
            form = {"csrf": token, "name": name, "password": password}
            return visit.post(CONSOLE_SIGN_IN, form, x_forwarded_for=forwarded).status_code

        guessed = [try_from(f"198.51.100.{number}, 203.0.113.7, 10.1.1.1") for number in range(6)]
        other = try_from("203.0.113.7, 203.0.113.8", PASSWORD)

    assert guessed == [401] * 5 + [429]
    assert other == 303


def test_large_and_odd_forms_are_refused_calmly(visit: Visit) -> None:
    token = csrf_of(visit.get(CONSOLE_SIGN_IN).text)

    large = visit.post(CONSOLE_SIGN_IN, {"csrf": token, "name": "x" * 100_000, "password": "y"})
    odd = visit.post(CONSOLE_SIGN_IN, {"csrf": token, "name": "a\0b", "password": "ü" * 300})

    assert large.status_code == 413
    assert odd.status_code == 401


def test_lock_holds_for_the_name_between_blanks(tenant: Tenant, visit: Visit) -> None:
    name = add_administrator(tenant, "ada")
    for _ in range(5):
        visit.sign_in(CONSOLE_SIGN_IN, name, "wrong password")
    for variant in (name, f" {name}", f"{name}\u2003"):
        assert visit.sign_in(CONSOLE_SIGN_IN, variant).status_code == 429
