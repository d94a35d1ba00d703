"""What a link may hold: limits, names, hosts, paths, protocols, icons, room on a portal."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.harness import LINKS, PORTALS, Caller, assert_error
from tests.http.bodies import BULK, Body, create_bulk, link, links, on, total

ICON_BYTES = 128 * 1024
PORTAL_LINKS = 500


def refused(caller: Caller, field: str, value: object) -> str:
    """Checks that every entrance refuses a value by the name of its field; the reason."""
    body = link("Refused") | {field: value}
    kept = caller.get(LINKS).json()
    reason = assert_error(caller.post(LINKS, body), 400, "invalid.resource.argument", field)
    place = f"userPortalLinks[1].{field}"
    entries = [link("Good"), body]

    assert field in reason
    for bulk in ({"userPortalLinks": entries}, entries):
        assert_error(caller.post(BULK, bulk), 400, "invalid.resource.argument", place)
    assert caller.get(LINKS).json() == kept
    return reason


@pytest.mark.parametrize(
    ("field", "largest"),
    [
        ("name", "n" * 255),
        ("name", "ß" * 255),
        ("name", "😀" * 255),
        ("description", "d" * 2_000),
        ("description", "日" * 2_000),
        ("link", f"{'a' * 63}.{'b' * 63}.{'c' * 63}.{'d' * 63}"),
        ("linkPath", "/" + "p" * 2_047),
        ("iconText", "i" * ICON_BYTES),
        ("iconText", "é" * (ICON_BYTES // 2)),
    ],
)
def test_limit_is_reached_and_not_passed(resident: Caller, field: str, largest: str) -> None:
    made = resident.create(LINKS, link() | {field: largest})
    read = resident.get(f"{LINKS}/{made['id']}").json()
    resident.delete(f"{LINKS}/{made['id']}")

    assert made[field] == read[field] == largest
    refused(resident, field, largest + largest[-1])


def test_name_and_link_are_required(resident: Caller) -> None:
    for field in ("name", "link"):
        body = {key: value for key, value in link().items() if key != field}

        assert_error(resident.post(LINKS, body), 400, "invalid.resource.argument", field)
        for empty in ("", None):
            refused(resident, field, empty)
    refused(resident, "name", " \t ")


@pytest.mark.parametrize(
    "host",
    [
        "label",
        "tf-acc-test-xyz",
        "wiki.example.com",
        "WIKI.Example.COM",
        "wiki.example.com.",
        "under_score.example.com",
        "wiki.example.com:8443",
        "192.0.2.7",
        "192.0.2.7:1",
        "[2001:db8::1]",
        "[2001:db8::1]:65535",
        "bücher.example",
        "例え.テスト",
        "xn--bcher-kva.example",
    ],
)
def test_host_is_kept_as_sent(resident: Caller, host: str) -> None:
    made = resident.create(LINKS, link(link=host))
    resident.delete(f"{LINKS}/{made['id']}")

    assert made["link"] == host


@pytest.mark.one_database
@pytest.mark.parametrize(
    "host",
    [
        "https://wiki.example.com",
        "javascript:alert(1)",
        "wiki.example.com/path",
        "wiki.example.com\\path",
        "user@wiki.example.com",
        "user:secret@wiki.example.com",
        "wiki example.com",
        " wiki.example.com",
        "wiki.example.com\n",
        "wiki.example.com?x",
        "wiki.example.com#x",
        "wiki%2eexample.com",
        "wiki..example.com",
        ".example.com",
        "-wiki.example.com",
        "wiki-.example.com",
        f"{'a' * 64}.example.com",
        "wiki.example.com:0",
        "wiki.example.com:65536",
        "wiki.example.com:https",
        "wiki.example.com:",
        "256.1.1.1",
        "1.2.3",
        "0x7f.1",
        "2001:db8::1",
        "[2001:db8::1",
        "[2001:db8::g]",
        "[::1]x",
        "wiki\u202eexample.com",
        "wiki\u200b.example.com",
        "wiki\u3002example.com",
        "wiki\u2215path",
        "<script>",
        '"',
    ],
)
def test_what_is_no_host_is_refused(resident: Caller, host: str) -> None:
    refused(resident, "link", host)


@pytest.mark.parametrize("path", ["/", "/a", "/a b", "/ä?x=y&z=#f", "//a", "/\\a", '/"><script>'])
def test_path_is_kept_as_sent(resident: Caller, path: str) -> None:
    made = resident.create(LINKS, link(linkPath=path))
    resident.delete(f"{LINKS}/{made['id']}")

    assert made["linkPath"] == path


@pytest.mark.one_database
@pytest.mark.parametrize("path", ["a", "?a", "#a", "../a", "https://x/", "/a\n", "/\x00", "/\x7f"])
def test_what_is_no_path_is_refused(resident: Caller, path: str) -> None:
    refused(resident, "linkPath", path)


@pytest.mark.one_database
@pytest.mark.parametrize("protocol", ["https", "HTTPS://", "ftp://", "javascript:", "https:", " "])
def test_other_protocols_are_refused(resident: Caller, protocol: str) -> None:
    refused(resident, "protocol", protocol)


@pytest.mark.one_database
@pytest.mark.parametrize("field", ["name", "description"])
@pytest.mark.parametrize("bad", ["a\x00b", "a\x1bb", "a\x7fb", "a\x85b"])
def test_control_characters_are_refused(resident: Caller, field: str, bad: str) -> None:
    assert "U+" in refused(resident, field, bad)


def test_icon_is_kept_byte_for_byte(resident: Caller) -> None:
    for icon in ("data:image/svg+xml,<svg onload=alert(1)>", " \n", "\x01\x02", "not an image"):
        made = resident.create(LINKS, link(iconText=icon))
        resident.delete(f"{LINKS}/{made['id']}")

        assert made["iconText"] == icon


@pytest.mark.one_database
@pytest.mark.parametrize("application", ["-1", "0", "9223372036854775808", "x"])
def test_application_that_is_no_id_is_refused(resident: Caller, application: str) -> None:
    refused(resident, "applicationId", application)


def test_hosts_need_not_differ(admin: Caller) -> None:
    admin.create_link("A")
    admin.create_link("B")

    assert total(admin) == 2


@pytest.mark.parametrize(
    ("taken", "wanted"),
    [
        ("Wiki", "Wiki"),
        ("Wiki", "wIKI"),
        ("Wiki", " wiki "),
        ("Straße", "STRASSE"),
        ("ÉCOLE", "école"),
        ("Cafe\u0301", "caf\u00e9"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_name_is_taken_whatever_its_case(admin: Caller, taken: str, wanted: str) -> None:
    admin.create_link(taken)
    free = admin.create_link("Free")
    attempts = [
        admin.post(LINKS, link(wanted)),
        admin.post(BULK, [link("Other"), link(wanted)]),
        admin.put(f"{LINKS}/{free}", link(wanted)),
    ]
    for answer in attempts:
        assert_error(answer, 400, "resource.already.exist", wanted.strip())

    assert sorted(admin.names()) == sorted([taken, "Free"])


def test_name_may_change_its_own_case(admin: Caller) -> None:
    link_id = admin.create_link("wiki")

    assert admin.put(f"{LINKS}/{link_id}", link("WIKI")).status_code == 204
    assert admin.names() == ["WIKI"]


def test_name_of_another_kind_is_free(admin: Caller) -> None:
    admin.create(PORTALS, {"name": "Wiki"})

    assert admin.create_link("Wiki")


def test_name_is_free_after_its_holder_has_gone(admin: Caller) -> None:
    first, second = admin.create_link("One"), admin.create_link("Two")
    admin.delete(f"{LINKS}/{first}")
    admin.put(f"{LINKS}/{second}", link("Three"))

    assert admin.create_link("one")
    assert admin.create_link("two")


@pytest.mark.parametrize("many", [1, 500])
def test_unknown_portal_stores_nothing(admin: Caller, many: int) -> None:
    known = admin.create_portal()
    attempts: list[tuple[str, Body]] = [
        (LINKS, link(userPortals=on(known, "12345"))),
        (LINKS, link(userPortalId="12345")),
        (LINKS, link(userPortalId=12345)),
        (BULK, {"userPortalLinks": links(many), "userPortals": on(known, "12345")}),
    ]
    for path, body in attempts:
        assert_error(admin.post(path, body), 400, "resource.not.found", "12345")

    assert total(admin) == 0


def test_portal_holds_500_links(admin: Caller) -> None:
    portal_id, roomy = admin.create_portal("Full"), admin.create_portal("Roomy")
    create_bulk(admin, links(PORTAL_LINKS - 1), portal_id)
    last = create_bulk(admin, [link("Last")], portal_id)[0]["id"]
    moved = admin.create_link("Moved", userPortals=on(roomy))
    attempts = [
        admin.post(LINKS, link("One more", userPortals=on(portal_id))),
        admin.post(LINKS, link("One more", userPortalId=portal_id)),
        admin.post(BULK, [link("One more", userPortals=on(roomy, portal_id))]),
        admin.put(f"{LINKS}/{moved}", link("Moved", userPortals=on(portal_id, roomy))),
    ]
    for answer in attempts:
        assert_error(answer, 400, "portal.link.limit.exceeded", portal_id)

    assert total(admin, f"{LINKS}/userPortal/{portal_id}") == PORTAL_LINKS
    assert total(admin, f"{LINKS}/userPortal/{roomy}") == 1
    assert total(admin) == PORTAL_LINKS + 1
    full = link("Last", userPortals=on(portal_id, roomy))
    assert admin.put(f"{LINKS}/{last}", full).status_code == 204
    admin.delete(f"{LINKS}/{last}")
    assert admin.create_link("One more", userPortals=on(portal_id))


def test_bulk_cannot_overfill_a_portal(admin: Caller) -> None:
    portal_id = admin.create_portal()
    create_bulk(admin, links(1, "First"), portal_id)
    body = {"userPortalLinks": links(PORTAL_LINKS), "userPortals": on(portal_id)}

    answer = admin.post(BULK, body)

    assert_error(answer, 400, "portal.link.limit.exceeded", portal_id)
    assert total(admin) == 1


def test_last_place_on_a_portal_is_given_once(admin: Caller) -> None:
    portal_id = admin.create_portal()
    create_bulk(admin, links(PORTAL_LINKS - 1), portal_id)
    wanted = [link(f"Late {number}", userPortals=on(portal_id)) for number in range(8)]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda body: admin.post(LINKS, body), wanted))

    refused = [answer for answer in answers if answer.status_code != 201]
    assert len(refused) == 7
    for answer in refused:
        assert_error(answer, 400, "portal.link.limit.exceeded", portal_id)
    assert total(admin, f"{LINKS}/userPortal/{portal_id}") == PORTAL_LINKS
