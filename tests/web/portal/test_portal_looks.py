"""The portal at every width, in both themes, large and empty: readable, in its place, and quick."""

from __future__ import annotations

import gzip
from importlib.resources import files

import pytest
from playwright.sync_api import Page, expect

from portico.web.shared.static_files import JOINED
from tests.harness import AUPS, LINKS, Tenant
from tests.web.accessibility import COLOURS, RULES, take_scripts_away, violations
from tests.web.conftest import OpenTab
from tests.web.frames import first_and_last, watch_frames
from tests.web.keyboard import press, type_text
from tests.web.portal.portals import Portal, make_portal, many_links, sign_in, wait_for_value

pytestmark = pytest.mark.one_database
STYLES = (*JOINED["portal.css"], "card.css")
WIDTHS = (320, 390, 768, 1440)
TILES = 'document.querySelectorAll("#all .tile").length'


@pytest.fixture
def portal(tenant: Tenant) -> Portal:
    """A portal with everything that a page can show."""
    made = make_portal(tenant, userNotification="Away. Soon back.", userNotificationEnabled=True)
    made.add_link("Wiki", description="All we know", portico={"section": "Every day"})
    made.add_link(
        "Occupational Health and Safety Incident Reporting of all the Eastern Treatment Works",
        description="d" * 300,
        link=f"{'long.' * 40}example",
        portico={"section": "A section with quite a long name that needs more than a line"},
    )
    made.add_link("شبكة المياه", description="لوحة القياس")
    made.add_user("ines", email="ines@example.com")
    return made


def fits(page: Page) -> bool:
    """Whether nothing is wider than the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_page_is_accessible_and_fits(portal: Portal, tab: OpenTab, width: int, scheme: str) -> None:
    page = tab(viewport={"width": width, "height": 900}, color_scheme=scheme).page
    # In the dark the page differs in its colours alone.
    rules = RULES if scheme == "light" else COLOURS
    page.goto(f"{portal.url}/sign-in")
    assert violations(page, rules) == []
    assert fits(page)
    sign_in(page, portal, "ines")
    page.get_by_role("button", name="Favourite: Wiki").click(force=True)
    page.mouse.move(0, 0)
    page.wait_for_timeout(200)
    assert violations(page, rules) == []
    assert fits(page)
    page.locator("#menu summary").click()
    assert violations(page, rules) == []
    assert fits(page)
    press(page, "Escape")
    for query in ("wi", "zzzz"):
        page.get_by_label("Find a link by name or address").fill(query)
        assert violations(page, rules) == []
        assert fits(page)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_without_scripts_are_accessible_and_fit(
    portal: Portal, tab: OpenTab, scheme: str
) -> None:
    portal.add_link("Chat")
    page = tab(color_scheme=scheme).page
    sign_in(page, portal, "ines")
    for name in ("Wiki", "Chat"):
        with page.expect_response("**/favourites"):
            page.get_by_role("button", name=f"Favourite: {name}").press("Enter")
    take_scripts_away(page)
    for path in ("", "?order=1", "?q=wi", "?q=zzzz"):
        page.goto(portal.url + path)
        if path == "?order=1":
            expect(page.get_by_role("button", name="Move Wiki down")).to_be_visible()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert fits(page), (path, width)
        assert violations(page, RULES) == [], path
    page.context.clear_cookies()
    for place in (f"{portal.url}/sign-in", f"{portal.server.url}/console/sign-in"):
        page.goto(place)
        assert violations(page, RULES) == [], place


@pytest.mark.parametrize("width", WIDTHS)
def test_other_pages_are_accessible_and_fit(portal: Portal, tab: OpenTab, width: int) -> None:
    portal.admin.create(AUPS, {"enabled": True, "aup": "Rules. " * 300, "email": "it@a.example"})
    portal.change(
        name="Betriebssicherheitsverordnungen und Arbeitsschutzunterweisungen aller Werke"
    )
    opened = tab(viewport={"width": width, "height": 700})
    page = opened.page
    for address in (portal.url, f"{portal.server.url}/p/missing"):
        page.goto(address)
        assert violations(page, RULES) == []
        assert fits(page)
    opened.faults.clear()


def test_short_tiles_are_low_doors_are_highest_and_errors_lead_out(
    portal: Portal, tab: OpenTab
) -> None:
    portal.add_link("Chat", portico={"section": "Short"})
    opened = tab(viewport={"width": 1440, "height": 900})
    page = opened.page
    page.goto(f"{portal.url}/sign-in")
    door, *sides = [
        page.locator(shape).first.bounding_box()
        for shape in (".card", ".outlines i:nth-child(2)", ".outlines i:nth-child(1)")
    ]
    tops = [box["y"] for box in (door, *sides) if box]
    assert tops == sorted(set(tops))

    page.goto(portal.url)
    short = page.locator(".tile", has_text="Chat").evaluate("(it) => it.offsetHeight")
    usual = page.locator(".tile", has_text="Wiki").evaluate("(it) => it.offsetHeight")
    assert (short, usual) == (77, 84)

    page.goto(f"{portal.server.url}/p/missing")
    opened.faults.clear()
    page.get_by_role("link", name="Go to the start page").click()
    assert page.get_by_role("heading", name="Portico").is_visible()


def test_phone_has_its_menu_and_every_name_beside_its_arch(portal: Portal, tab: OpenTab) -> None:
    portal.add_link("W" * 255, link="w.example")
    page = tab(viewport={"width": 390, "height": 844}).page
    page.goto(portal.url)
    starts = page.locator(".tile .n").evaluate_all(
        """(all) => all.map((each) => {
            const words = document.createRange();
            words.selectNodeContents(each);
            return Math.round(words.getBoundingClientRect().left);
        })"""
    )
    assert page.locator("#menu summary svg").is_visible()
    page.get_by_label("Find a link by name or address").fill("www")

    assert len(starts) == 4
    assert max(starts) - min(starts) <= 2
    assert page.locator("#results .tile").first.bounding_box()["height"] < 120  # type: ignore[index]


def test_text_of_twice_the_size_stays_on_the_page(portal: Portal, tab: OpenTab) -> None:
    # A window of 1280 at 200 % is one of 640 (WCAG 2.2, 1.4.4 and 1.4.10).
    page = tab(viewport={"width": 640, "height": 450}, device_scale_factor=2).page
    page.goto(portal.url)
    name = page.locator(".tile .n").first
    before = name.evaluate("(it) => parseFloat(getComputedStyle(it).fontSize)")

    assert fits(page)

    # The size of text in the browser's settings.
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert name.evaluate("(it) => parseFloat(getComputedStyle(it).fontSize)") == 2 * before
    for width in WIDTHS[1:]:
        page.set_viewport_size({"width": width, "height": 900})
        assert fits(page), width


def test_page_keeps_its_shapes_without_its_colours(portal: Portal, tab: OpenTab) -> None:
    page = tab(forced_colors="active", reduced_motion="reduce").page
    page.goto(portal.url)
    borders = [
        page.locator(shape).first.evaluate("(it) => getComputedStyle(it).borderTopStyle")
        for shape in (".tile", ".arch", ".find")
    ]

    assert borders == ["solid", "solid", "solid"]


def test_empty_portal_says_what_it_waits_for(tenant: Tenant, tab: OpenTab) -> None:
    portal = make_portal(tenant)
    page = tab().page
    page.goto(portal.url)

    assert page.get_by_text("Nothing here yet").is_visible()
    assert violations(page, RULES) == []


def test_stylesheets_are_under_eight_kilobytes_as_they_are_sent() -> None:
    static = files("portico.web").joinpath("static")
    written = b"".join(static.joinpath(name).read_bytes() for name in STYLES)

    assert len(gzip.compress(written)) < 8_000


def test_five_hundred_links_are_light_and_still(tenant: Tenant, tab: OpenTab) -> None:
    portal = make_portal(tenant)
    made = portal.admin.post(f"{LINKS}/bulk", {"userPortalLinks": many_links(portal.id, 500)})
    assert made.status_code == 201, made.text
    page = tab(viewport={"width": 1440, "height": 900}).page
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(portal.url, wait_until="networkidle")
    shift = page.evaluate(
        """() => new Promise((done) => {
            let sum = 0;
            new PerformanceObserver((list) => {
                for (const entry of list.getEntries()) sum += entry.value;
            }).observe({type: "layout-shift", buffered: true});
            setTimeout(() => done(sum), 200);
        })"""
    )

    wait_for_value(page, TILES, 500)
    assert 10_000 < sum(sizes) < 150_000
    assert shift == 0


def test_tiles_below_the_first_screen_follow_when_it_is_drawn(tenant: Tenant, tab: OpenTab) -> None:
    portal = make_portal(tenant)
    links = {"userPortalLinks": many_links(portal.id, 120)}
    assert portal.admin.post(f"{LINKS}/bulk", links).status_code == 201
    page = tab().page
    page.add_init_script(
        f'document.addEventListener("DOMContentLoaded", () => {{ window.atFirst = {TILES}; }})'
    )
    page.goto(portal.url)

    assert page.evaluate("atFirst") == 36
    wait_for_value(page, TILES, 120)
    # A page that may open further down has all tiles at once.
    for address in (f"{portal.url}#section-1", portal.url):
        page.goto(address)
        page.reload()
        assert page.evaluate("atFirst") == 120
    without_scripts = tab(java_script_enabled=False).page
    without_scripts.goto(portal.url)
    assert without_scripts.locator("#all .tile").count() == 120


def test_search_finds_links_below_the_first_screen_before_that_is_drawn(
    tenant: Tenant, tab: OpenTab
) -> None:
    portal = make_portal(tenant)
    links = {"userPortalLinks": many_links(portal.id, 120)}
    assert portal.admin.post(f"{LINKS}/bulk", links).status_code == 201
    page = tab().page
    page.add_init_script(
        """document.addEventListener("DOMContentLoaded", () => {
            const field = document.getElementById("q");
            field.value = "number 119";
            field.dispatchEvent(new Event("input"));
            window.atFirst = document.querySelector("#results .n").textContent;
        })"""
    )
    page.goto(portal.url)

    assert page.evaluate("atFirst") == "Link number 119 of a large portal"
    expect(page.locator("#count")).to_have_text("1 of 120")


def test_search_is_drawn_a_frame_before_many_tiles(tenant: Tenant, tab: OpenTab) -> None:
    portal = make_portal(tenant)
    links = {"userPortalLinks": many_links(portal.id, 120)}
    assert portal.admin.post(f"{LINKS}/bulk", links).status_code == 201
    page = tab().page
    watch_frames(page, ".tiles", "visibility")
    page.goto(portal.url)

    assert first_and_last(page) == ("hidden", "visible")
    # Nor do they vanish for a frame whenever a search ends.
    after_search = page.evaluate(
        """["number 119", ""].map(text => {
            const field = document.getElementById("q");
            field.value = text;
            field.dispatchEvent(new Event("input"));
            return getComputedStyle(document.querySelector(".tiles")).visibility;
        })"""
    )
    assert after_search[-1] == "visible"


def test_page_is_compressed_for_those_who_take_it(portal: Portal) -> None:
    with portal.server.http.stream(
        "GET", portal.base, headers={"Accept-Encoding": "gzip"}
    ) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        packed = b"".join(answer.iter_raw())
    plain = portal.server.http.get(portal.base, headers={"Accept-Encoding": "identity"})

    assert "content-encoding" not in plain.headers
    assert b"Wiki" in gzip.decompress(packed)
    assert len(packed) < len(plain.content) / 2


def test_search_and_index_stay_in_sight_of_many_links(portal: Portal, tab: OpenTab) -> None:
    made = portal.admin.post(f"{LINKS}/bulk", {"userPortalLinks": many_links(portal.id, 120)})
    assert made.status_code == 201
    for width in (1440, 390):
        page = tab(viewport={"width": width, "height": 800}).page
        page.goto(portal.url)
        expect(page.locator("#all .tile")).to_have_count(123)
        index = page.get_by_role("navigation", name="Sections")
        index.get_by_role("link", name="Section 9").click()
        heading = page.locator("section h2", has_text="Section 9")
        expect(heading).to_be_in_viewport()
        expect(page.get_by_label("Find a link by name or address")).to_be_in_viewport()
        expect(index).to_be_in_viewport()
        assert heading.bounding_box()["y"] >= index.bounding_box()["y"] + 40  # type: ignore[index]
        assert fits(page)
        section = page.locator("section", has=page.locator("h2", has_text="Section 9"))
        tile = section.locator(".tile > a").nth(1)
        tile.focus()
        top = page.evaluate("scrollY")
        press(page, "/")
        type_text(page, "number 7")
        expect(page.locator("#results li").first).to_be_visible()
        press(page, "Escape", "Escape")
        assert page.evaluate("scrollY") == top
        expect(tile).to_be_focused()
        assert violations(page, RULES) == []


def test_few_links_need_no_index(portal: Portal, tab: OpenTab) -> None:
    page = tab().page
    page.goto(portal.url)
    assert page.get_by_role("navigation", name="Sections").count() == 0
