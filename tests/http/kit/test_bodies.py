"""Bodies that are broken, hostile or absurd: a clear 4xx that names the fault, nothing stored."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.harness import (
    AUPS,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    assert_error,
    waits_for_health,
)
from tests.http.bodies import BULK, JSON, link, send_bytes, total

pytestmark = pytest.mark.one_database

MEBIBYTE = 1024 * 1024

BROKEN = {
    "empty": b"",
    "white space": b" \n ",
    "cut short": b'{"name": "a", "link": "b"',
    "trailing text": b'{"name": "a", "link": "b"} x',
    "two values": b'{"name": "a", "link": "b"}{}',
    "trailing comma": b'{"name": "a", "link": "b",}',
    "single quotes": b"{'name': 'a', 'link': 'b'}",
    "comment": b'{"name": "a", "link": "b"} // c',
    "null": b"null",
    "number": b"1",
    "text": b'"name"',
    "array": b'[{"name": "a", "link": "b"}]',
    "NaN": b'{"name": "a", "link": "b", "other": NaN}',
    "infinity": b'{"name": "a", "link": "b", "other": -Infinity}',
    "key twice": b'{"name": "a", "link": "b", "name": "c"}',
    "key twice inside": b'{"name": "a", "link": "b", "userPortals": [{"id": 1, "id": 2}]}',
    "key twice escaped": b'{"name": "a", "link": "b", "n\\u0061me": "c"}',
    "lone surrogate": b'{"name": "a\\ud800", "link": "b"}',
    "lone low surrogate": b'{"name": "a", "link": "b", "description": "\\udc00"}',
    "lone surrogate in a key": b'{"name": "a", "link": "b", "\\ud800": 1}',
    "lone surrogate in an unknown member": b'{"name": "a", "link": "b", "x": ["\\udfff"]}',
    "not UTF-8": b'{"name": "\xff", "link": "b"}',
    "cut UTF-8": b'{"name": "\xe2\x82", "link": "b"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf", "link": "b"}',
    "surrogate in UTF-8": b'{"name": "\xed\xa0\x80", "link": "b"}',
    "Latin-1": '{"name": "Bücher", "link": "b"}'.encode("latin-1"),
    "UTF-16": '{"name": "a", "link": "b"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"name": "a", "link": "b"}',
    "raw control character": b'{"name": "a\x01", "link": "b"}',
    "raw NUL": b'{"name": "a\x00", "link": "b"}',
    "arrays in arrays": b"[" * 100_000,
    "closed arrays in arrays": b"[" * 100_000 + b"]" * 100_000,
    "objects in objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep unknown member": b'{"name":"a","link":"b","x":' + b"[" * 99_999 + b"]" * 99_999 + b"}",
    "endless number": b'{"name": "a", "link": "b", "x": ' + b"9" * 100_000 + b"}",
    "endless negative number": b'{"name": "a", "link": "b", "x": -' + b"9" * 100_000 + b"}",
}


@pytest.fixture(scope="module")
def kept(resident: Caller) -> str:
    """The path of a link that has to stay as it is."""
    return f"{LINKS}/{resident.create_link('Kept')}"


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_broken_body_is_refused(resident: Caller, kept: str, content: bytes) -> None:
    before, count = resident.get(kept).json(), total(resident)
    attempts = [("POST", LINKS), ("PUT", kept)]
    if content != BROKEN["array"]:
        attempts.append(("POST", BULK))
    for method, path in attempts:
        answer = send_bytes(resident, content, method=method, path=path)
        assert_error(answer, 400, "invalid.resource.argument", "body")

    assert resident.get(kept).json() == before
    assert total(resident) == count


def nested(depth: int) -> bytes:
    """A link with an escaped text and an unknown member of some depth."""
    inside = b"[" * depth + b'"\\u0041"' + b"]" * depth
    return b'{"name":"Deep %d","link":"b","x":' % depth + inside + b"}"


def test_nesting_is_never_a_server_error(admin: Caller) -> None:
    statuses = {
        depth: send_bytes(admin, nested(depth)).status_code
        for depth in (*range(1, 100, 33), *range(150, 1_010, 10), *range(960, 1_001), 2_000, 20_000)
    }

    assert set(statuses.values()) <= {201, 400}
    assert statuses[34] == 201
    assert statuses[20_000] == 400


WRONG_TYPES: list[tuple[str, object, str]] = [
    ("name", 1, "name"),
    ("name", ["a"], "name"),
    ("name", {"a": "b"}, "name"),
    ("name", True, "name"),
    ("description", 1.5, "description"),
    ("enabled", "true", "enabled"),
    ("enabled", 1, "enabled"),
    ("enabled", 0, "enabled"),
    ("enabled", [], "enabled"),
    ("iconText", 1, "iconText"),
    ("link", None, "link"),
    ("link", 1, "link"),
    ("linkPath", False, "linkPath"),
    ("protocol", 443, "protocol"),
    ("applicationId", 1.5, "applicationId"),
    ("applicationId", True, "applicationId"),
    ("applicationId", "abc", "applicationId"),
    ("applicationId", {}, "applicationId"),
    ("userPortals", "1", "userPortals"),
    ("userPortals", {"id": "1"}, "userPortals"),
    ("userPortals", 1, "userPortals"),
    ("userPortals", [1], "userPortals[0]"),
    ("userPortals", ["1"], "userPortals[0]"),
    ("userPortals", [None], "userPortals[0]"),
    ("userPortals", [{}], "userPortals[0]"),
    ("userPortals", [{"id": None}], "userPortals[0].id"),
    ("userPortals", [{"id": ""}], "userPortals[0].id"),
    ("userPortals", [{"id": True}], "userPortals[0].id"),
    ("userPortals", [{"id": 1.5}], "userPortals[0].id"),
    ("userPortals", [{"id": "x"}], "userPortals[0].id"),
    ("userPortals", [{"id": "1 "}], "userPortals[0].id"),
    ("userPortals", [{"id": "٣"}], "userPortals[0].id"),
    ("userPortals", [{"id": 2**63}], "userPortals[0].id"),
    ("userPortals", [{"id": str(2**64)}], "userPortals[0].id"),
    ("userPortals", [{"id": 10**400}], "userPortals[0].id"),
    ("userPortals", [{"id": "9" * 5_000}], "userPortals[0].id"),
    ("userPortals", [{"id": 1e300}], "userPortals[0].id"),
    ("userPortalId", "x", "userPortalId"),
    ("userPortalId", [1], "userPortalId"),
    ("userPortalId", 10**30, "userPortalId"),
]


@pytest.mark.parametrize(("field", "value", "named"), WRONG_TYPES)
def test_wrong_type_is_named(resident: Caller, field: str, value: object, named: str) -> None:
    before = total(resident)
    body = link() | {field: value}
    alone = resident.post(LINKS, body)
    among = resident.post(BULK, {"userPortalLinks": [link("Good"), body]})
    bare = resident.post(BULK, [link("Good"), body])

    reason = assert_error(alone, 400, "invalid.resource.argument", named)
    assert named in reason
    for answer in (among, bare):
        place = answer.json()["params"][0]
        assert_error(answer, 400, "invalid.resource.argument", place)
        assert place.endswith(f"[1].{named}")
    assert total(resident) == before


@pytest.mark.parametrize("value", ["x", 1.5, True, {"id": 1}, 10**30])
def test_wrong_microtenant_is_named(resident: Caller, value: object) -> None:
    bodies = {
        LINKS: link(microtenantId=value),
        BULK: {"userPortalLinks": [link()], "microtenantId": value},
        PORTALS: {"name": "Staff", "microtenantId": value},
        AUPS: {"microtenantId": value},
    }
    for noun, body in bodies.items():
        assert_error(resident.post(noun, body), 400, "invalid.resource.argument", "microtenantId")

    assert total(resident, PORTALS) == total(resident, AUPS) == 0


@pytest.mark.parametrize("noun", [LINKS, PORTALS, AUPS, MICROTENANTS])
@pytest.mark.parametrize("field", ["name", "description"])
def test_nul_is_refused_everywhere(resident: Caller, noun: str, field: str) -> None:
    before = total(resident, noun)
    body = link("Name") | {field: "a\0b"}

    assert_error(resident.post(noun, body), 400, "invalid.resource.argument", field)
    assert total(resident, noun) == before


@pytest.mark.parametrize(
    ("noun", "field"),
    [
        (LINKS, "link"),
        (LINKS, "linkPath"),
        (LINKS, "iconText"),
        (LINKS, "protocol"),
        (PORTALS, "userNotification"),
        (PORTALS, "certificateName"),
        (PORTALS, "extLabel"),
        (PORTALS, "extDomain"),
        (PORTALS, "domain"),
        (PORTALS, "imageData"),
        (AUPS, "aup"),
        (AUPS, "email"),
        (AUPS, "phoneNum"),
        (MICROTENANTS, "criteriaAttribute"),
    ],
)
def test_nul_is_refused_in_every_text(resident: Caller, noun: str, field: str) -> None:
    before = total(resident, noun)
    answer = resident.post(noun, link("Name") | {field: "/a\0"})

    assert_error(answer, 400, "invalid.resource.argument", field)
    assert total(resident, noun) == before


def test_nul_in_other_places_is_refused(admin: Caller) -> None:
    values = {"name": "North", "criteriaAttributeValues": ["a\0.example.com"]}
    filters = {"filterBy": [{"filterName": "name", "operator": "LIKE", "values": ["a\0b"]}]}

    made = admin.post(MICROTENANTS, values)
    found = admin.post(f"{MICROTENANTS}/search", filters)
    echoed = admin.post(PORTALS, {"name": "Staff", "extDomainName": "a\0b"})

    assert_error(made, 400, "invalid.resource.argument", "criteriaAttributeValues")
    assert found.status_code == 400
    assert echoed.status_code in {201, 400}


def test_body_over_the_limit_is_refused(admin: Caller) -> None:
    content = b'{"name": "a", "link": "b", "x": "' + b"x" * (10 * MEBIBYTE) + b'"}'

    for path in (LINKS, BULK):
        assert_error(send_bytes(admin, content, path=path), 413, "request.body.too.large")
    assert total(admin) == 0


def test_streamed_body_over_the_limit_is_refused(admin: Caller) -> None:
    def stream() -> Iterator[bytes]:
        yield b'{"name": "a", "link": "b", "x": "'
        for _ in range(10):
            yield b"x" * MEBIBYTE
        yield b'"}'

    answer = admin.call("POST", LINKS, content=stream(), headers=JSON)

    assert_error(answer, 413, "request.body.too.large")
    assert total(admin) == 0


def test_body_just_below_the_limit_is_read(admin: Caller) -> None:
    filler = b"x" * (5 * MEBIBYTE - 100)

    answer = send_bytes(admin, b'{"name": "a", "link": "b", "x": "' + filler + b'"}')

    assert answer.status_code == 201


def test_form_over_the_limit_is_refused(admin: Caller) -> None:
    for path in ("/signin", "/oauth2/v1/token"):
        for size in (70 * 1024, 6 * MEBIBYTE):
            answer = admin.http.post(path, data={"client_id": "x" * size})

            assert_error(answer, 413, "request.body.too.large")


def test_countless_references_are_refused(admin: Caller) -> None:
    portals = b",".join(b'{"id":%d}' % number for number in range(1, 150_001))
    single = b'{"name":"a","link":"b","userPortals":[' + portals + b"]}"
    outer = b'{"userPortalLinks":[{"name":"a","link":"b"}],"userPortals":[' + portals + b"]}"

    for path, content in ((LINKS, single), (BULK, outer)):
        answer = send_bytes(admin, content, path=path)
        assert_error(answer, 400, "invalid.resource.argument", "userPortals")
    assert total(admin) == 0


FILLER = b"1," * 30_000
"""So many values are read by a decoder that lets other requests go on between them."""


@pytest.mark.parametrize(
    ("rest", "words"),
    [
        (b'"name":"b"', 'the key "name" twice'),
        (b'"y":NaN', "NaN is not a JSON value"),
        (b'"y":"\\ud800"', "half of a surrogate pair"),
        (b'"y":' + b"9" * 5_000, "too many digits"),
        (b'"y":' + b"[" * 50_000, "nested too deeply"),
        (b'"y":1,', "not JSON"),
        (b'"y":1}}', "not JSON"),
    ],
)
def test_broken_body_of_many_values_is_refused(resident: Caller, rest: bytes, words: str) -> None:
    before = total(resident)
    content = b'{"name":"a","link":"b","x":[' + FILLER + b"1]," + rest + b"}"

    reason = assert_error(send_bytes(resident, content), 400, "invalid.resource.argument", "body")

    assert words in reason
    assert total(resident) == before


def test_body_of_many_values_is_read_and_delays_nobody(admin: Caller) -> None:
    keys = b",".join(b'"%x":1' % number for number in range(190_000))
    content = b'{"name":"Many","link":"b","x":{' + keys + b"}}"
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(send_bytes, admin, content)
        waits = waits_for_health(admin.server, until=sent.done)

    assert sent.result().status_code == 201
    assert max(waits) < 1.0
    assert admin.names() == ["Many"]


def test_countless_values_are_refused_and_delay_nobody(admin: Caller) -> None:
    for value in (b"1", b"[]", b'{"id":1}'):
        values = b",".join([value] * (4 * MEBIBYTE // (len(value) + 1)))
        content = b'{"name":"a","link":"b","x":[' + values + b"]}"
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(send_bytes, admin, content)
            waits = waits_for_health(admin.server, until=sent.done)
        reason = assert_error(sent.result(), 400, "invalid.resource.argument", "body")
        assert "200,000" in reason
        assert max(waits) < 1.0
    assert total(admin) == 0


def test_references_are_counted_when_distinct(resident: Caller) -> None:
    unknown = [{"id": number} for number in range(1, 502)]
    bodies: list[tuple[str, object]] = [
        (LINKS, link(userPortals=unknown[:500] * 3)),
        (BULK, {"userPortalLinks": [link()], "userPortals": unknown[:500] * 3}),
    ]
    for path, body in bodies:
        assert_error(resident.post(path, body), 400, "resource.not.found", "1")

    answer = resident.post(LINKS, link(userPortals=unknown))
    assert_error(answer, 400, "invalid.resource.argument", "userPortals")
    answer = resident.post(BULK, [link("Good"), link("Bad", userPortals=unknown)])
    assert_error(answer, 400, "invalid.resource.argument", "userPortalLinks[1].userPortals")


def test_countless_conditions_are_refused(resident: Caller) -> None:
    path = f"{MICROTENANTS}/search"
    many = [{"filterName": "name", "operator": "LIKE", "value": f"x{n}"} for n in range(40_000)]
    bodies: list[tuple[object, str]] = [
        (many, "filterBy"),
        (many[:17], "filterBy"),
        ([{"filterName": "name", "values": ["x"] * 70_000}], "filterBy"),
        ({"filterGroups": [{"filters": many[:1]}] * 40_000}, "filterBy"),
        ({"filterGroups": [{}] * 40_000}, "filterBy"),
    ]
    for filters, named in bodies:
        answer = resident.post(path, {"filterBy": filters})
        assert_error(answer, 400, "invalid.resource.argument", named)

    long = [{"filterName": "name", "operator": "LIKE", "value": "x" * 100_000}]
    answer = resident.post(path, {"filterBy": long})
    assert_error(answer, 400, "filtering.input.invalid.field", "name")
    assert resident.post(path, {"filterBy": many[:16]}).status_code == 200


def test_countless_domains_are_refused(resident: Caller) -> None:
    domains = [f"d{number}.example" for number in range(501)]
    body = {"name": "Domains", "criteriaAttributeValues": domains}

    answer = resident.post(MICROTENANTS, body)

    assert_error(answer, 400, "invalid.resource.argument", "criteriaAttributeValues")
    made = resident.create(MICROTENANTS, body | {"criteriaAttributeValues": domains[:500]})
    assert len(made["criteriaAttributeValues"]) == 500
    resident.delete(f"{MICROTENANTS}/{made['id']}")


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "APPLICATION/JSON; charset=UTF-8", "application/vnd.api+json"],
)
def test_json_goes_by_several_names(admin: Caller, content_type: str) -> None:
    headers = {"Content-Type": content_type}

    answer = admin.call("POST", LINKS, content=b'{"name":"a","link":"b"}', headers=headers)

    assert answer.status_code == 201


def test_connection_survives_a_refused_body(admin: Caller) -> None:
    for content in (b"[" * 100_000, b"\xff", b"9" * 100_000):
        send_bytes(admin, content)

        assert admin.get(LINKS).status_code == 200
