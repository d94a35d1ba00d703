"""What must never happen on a portal: running what was typed, showing what is another's."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import httpx
import pytest

from tests.harness import Tenant, create_tenant, served
from tests.web.conftest import OpenTab
from tests.web.portal.portals import Portal, make_portal, names, sign_in

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HOSTILE = (
    "<img src=x onerror=document.title='run'>",
    "\"><script>document.title='run'</script>",
    "' onmouseover='alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "</title></style></template><svg onload=alert(1)>",
    "&lt;b&gt; &amp; %00",
    "W" * 250,
)
PNG = base64.b64encode(
    base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
        "rkJggg=="
    )
).decode()


@pytest.fixture
def portal(tenant: Tenant) -> Portal:
    """A public portal with a link."""
    made = make_portal(tenant)
    made.add_link("Wiki")
    return made


@pytest.mark.parametrize("width", [1440, 390])
def test_hostile_texts_are_shown_as_they_are(tenant: Tenant, tab: OpenTab, width: int) -> None:
    portal = make_portal(tenant)
    for number, text in enumerate(HOSTILE):
        portal.add_link(
            text,
            description=text,
            link=f"h{number}.example",
            linkPath="/" + text,
            iconText=text,
            portico={"section": text},
        )
    # No new name may hold one of these.
    portal.add_link("Reversed", description="\N{RIGHT-TO-LEFT OVERRIDE}gnp.evil")
    portal.change(userNotification="\n".join(HOSTILE), userNotificationEnabled=True)
    page = tab(viewport={"width": width, "height": 900}).page
    page.goto(portal.url)

    assert page.title() == "Staff"
    assert sorted(page.locator("#all .tile .n").all_text_contents()) == sorted(
        [*HOSTILE, "Reversed"]
    )
    assert page.locator("#all img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for text in HOSTILE:
        page.get_by_role("searchbox").or_(page.get_by_role("combobox").first).first.fill(text)
        assert text in page.locator(".results .n").all_text_contents()
    assert page.title() == "Staff"


def test_only_web_addresses_are_ever_followed(portal: Portal, tab: OpenTab) -> None:
    portal.add_link("Path", linkPath="/javascript:alert(1)", protocol="http://")
    page = tab().page
    page.goto(portal.url)
    targets = [each.get_attribute("href") or "" for each in page.locator("a[data-id]").all()]

    assert targets
    assert all(target.startswith(("https://", "http://")) for target in targets)


def test_every_page_has_the_policy_and_no_inline_code(portal: Portal) -> None:
    portal.change(portico={"accent": "#7a1fa2"})
    base = portal.base
    for path in (base, f"{base}?q=wiki", f"{base}?q=nothing", f"{base}/sign-in", "/p/missing"):
        answer = portal.server.http.get(path)
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        text = answer.text.lower()
        assert "<style" not in text
        assert " style=" not in text
        assert text.count("<script") == text.count("<script src=")
        assert "javascript:" not in text


@pytest.mark.parametrize("icon", ["data:image/svg+xml;base64,PHN2Zy8+", "data:image/png;base64,AA"])
def test_only_real_pictures_are_shown(portal: Portal, tab: OpenTab, icon: str) -> None:
    portal.add_link("Drawn", iconText=f"data:image/png;base64,{PNG}")
    portal.add_link("Fake", iconText=icon)
    page = tab().page
    page.goto(portal.url)

    assert page.locator("#all img").count() == 1
    assert page.locator("#all img").evaluate("(it) => it.decode().then(() => it.naturalWidth)") == 1
    source = page.locator("#all img").get_attribute("src") or ""
    answer = portal.server.http.get(source)
    assert answer.headers["content-type"] == "image/png"
    assert answer.content == base64.b64decode(PNG)
    assert "sandbox" in answer.headers["content-security-policy"]


def test_picture_goes_with_its_link(portal: Portal) -> None:
    link_id = portal.add_link("Drawn", iconText=f"data:image/png;base64,{PNG}")
    page = portal.server.http.get(portal.base).text
    found = re.search(r'<img\s+src="([^"]+)"', page)
    assert found
    source = found[1]
    assert portal.server.http.get(source).status_code == 200
    stored = portal.admin.get(f"userPortalLink/{link_id}").json()
    disabled = portal.admin.put(f"userPortalLink/{link_id}", stored | {"enabled": False})
    assert disabled.status_code == 204, disabled.text

    assert portal.server.http.get(source).status_code == 404


def paths_of(portal: Portal) -> list[tuple[str, str]]:
    return [
        ("GET", portal.base),
        ("GET", f"/p/{portal.id}"),
        ("GET", f"{portal.base}/sign-in"),
        ("GET", f"{portal.base}/logo"),
        ("GET", f"{portal.base}/favicon"),
        ("GET", f"{portal.base}/theme.css"),
        ("GET", f"{portal.base}/manifest.webmanifest"),
        ("GET", f"{portal.base}/pictures/{'0' * 32}"),
        ("POST", f"{portal.base}/aup"),
        ("POST", f"{portal.base}/preferences"),
        ("POST", f"{portal.base}/opened/1"),
        ("POST", f"{portal.base}/sign-out"),
    ]


def test_disabled_portal_is_nowhere(portal: Portal) -> None:
    portal.change(enabled=False)
    for method, path in paths_of(portal):
        answer = portal.server.http.request(method, path)
        assert answer.status_code == 404, (method, path)
    missing = portal.server.http.get("/p/never-was-one")
    disabled = portal.server.http.get(portal.base)

    assert missing.status_code == 404
    assert missing.text == disabled.text


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["aup", "preferences", "opened/{link}", "favourites"])
@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_write_from_elsewhere_is_refused(
    portal: Portal, path: str, headers: dict[str, str]
) -> None:
    link_id = portal.add_link("Mail")
    portal.add_user("ines")
    with httpx.Client(base_url=portal.server.url) as client:
        form = client.get(portal.base)
        kept = form.headers["set-cookie"].partition(";")[0]
        token = kept.partition("=")[2]
        data = {"csrf": token if headers else "wrong", "theme": "dark", "link": link_id}
        answer = client.post(
            f"{portal.base}/{path.format(link=link_id)}",
            data=data,
            headers=headers | {"Cookie": kept},
        )

    assert answer.status_code in {403, 303}
    assert answer.headers.get("location", "/sign-in").partition("?")[0].endswith("/sign-in")
    assert "theme" not in answer.headers.get("set-cookie", "")


def test_opening_a_link_that_is_not_shown_is_not_found(portal: Portal, tab: OpenTab) -> None:
    secret = portal.add_link("Crew only", portico={"groups": ["Crew"]})
    disabled = portal.add_link("Off", enabled=False)
    foreign = make_portal(create_tenant(portal.server)).add_link("Foreign")
    opened = tab()
    page = opened.page
    page.goto(portal.url)
    for link_id in (secret, disabled, foreign, "1", "x", "9" * 40):
        status = page.evaluate(
            """async (path) => (await fetch(path, {method: "POST", body: new URLSearchParams({
                csrf: document.querySelector('meta[name="csrf"]').content})})).status""",
            f"{portal.base}/opened/{link_id}",
        )
        assert status == 404, link_id
    assert all("404" in fault for fault in opened.faults)
    opened.faults.clear()

    assert "Crew only" not in page.content()


def test_a_users_session_is_for_one_tenant_alone(portal: Portal, tab: OpenTab) -> None:
    other = make_portal(create_tenant(portal.server), audience="signed_in")
    other.add_link("Secret")
    portal.add_user("ines")
    page = tab().page
    sign_in(page, portal, "ines")
    page.goto(other.url)

    assert "/sign-in" in page.url
    assert names(page) == []


def test_portal_is_found_by_id_and_slug_and_its_allowed_domain(tenant: Tenant) -> None:
    domain = f"apps-{tenant.customer_id}.example"
    portal = make_portal(tenant, certificateId="7", domain=domain)
    portal.add_link("Wiki")
    http = portal.server.http

    def arrived(address: str, host: str | None = None) -> bool:
        answer = http.get(address, headers={"Host": host} if host else {})
        if answer.status_code == 200:
            return "Wiki" in answer.text
        assert (answer.status_code, answer.headers["location"]) == (303, "/console")
        return False

    assert arrived(portal.base)
    assert arrived(f"/p/{portal.id}")
    assert not arrived("/", domain)
    tenant.allow_domain(domain)
    for host in (domain, f"{domain.upper()}:8080", f"{domain}.", f"{domain}.:8080"):
        assert arrived("/", host)
    assert arrived("/?q=wiki", domain)
    assert not arrived("/", f"other.{domain}")
    assert not arrived("/", "unknown.example")
    tenant.revoke_domain(domain)
    assert not arrived("/", domain)


def test_the_public_host_leads_to_the_console_whatever_a_portal_claims(
    database_url: str, tmp_path: Path
) -> None:
    public = "https://portico.example:8443"
    with served(database_url, tmp_path / "server.log", "--public-url", public) as server:
        tenant = create_tenant(server)
        domain = f"{tenant.customer_id}.portico.example"
        for name, host in (("Shadow", "Portico.Example."), ("Below", domain)):
            make_portal(tenant, name, certificateId="7", domain=host)
        tenant.allow_domain("portico.example")
        answers = {
            host: server.http.get("/", headers={"Host": host}).status_code
            for host in ("portico.example", "PORTICO.example.:8443", domain)
        }
        tenant.revoke_domain("portico.example")

    assert answers == {"portico.example": 303, "PORTICO.example.:8443": 303, domain: 200}


@pytest.mark.parametrize(
    "address",
    [
        "%00",
        "%ff%fe",
        "%ED%A0%80",
        "a" * 4_000,
        "..%2f..%2fetc",
        "-",
        "%C3%A9.example",
        "9" * 30,
        "x:1",
    ],
)
def test_strange_address_is_not_found(portal: Portal, address: str) -> None:
    for path in ("", "/sign-in", "/theme.css", "/manifest.webmanifest"):
        answer = portal.server.http.get(f"/p/{address}{path}")
        assert answer.status_code == 404, path


@pytest.mark.one_database
@pytest.mark.parametrize("host", ["[", "a.b:c:d", "....", "é.example".encode().decode("latin-1")])
def test_strange_host_leads_to_the_console(portal: Portal, host: str) -> None:
    answer = portal.server.http.get("/", headers={b"Host": host.encode("latin-1")})

    assert answer.status_code in {303, 400}
