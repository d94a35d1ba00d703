"""Replaying recordings against Portico: ids, sign-in, accepted differences, what is skipped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest

from portico.app import api_operations
from portico.emulation.replaying import fresh_portico
from portico.emulator.recordings.acceptance import Acceptance, AcceptedDifference
from portico.emulator.recordings.exchanges import Exchange
from portico.emulator.recordings.replaying import Replay, replay
from portico.emulator.recordings.report import report_lines
from tests.emulator.recordings.tapes import (
    API,
    LIFE_OF_A_LINK,
    LINK_BODY,
    LINK_CREATED,
    LINK_ID,
    LINK_READ,
    PORTAL_READ,
    exchange,
    listed,
)

Play = Callable[..., Replay]


@pytest.fixture(scope="module")
def play() -> Iterator[Play]:
    """Replays a recording on a tenant of its own."""
    with asyncio.Runner() as runner:
        portico = fresh_portico()
        new_target = runner.run(portico.__aenter__())

        async def run(exchanges: Sequence[Exchange], acceptance: Acceptance) -> Replay:
            result = Replay()
            await replay(exchanges, await new_target(), api_operations(), acceptance, result)
            return result

        yield lambda exchanges, *accepted: runner.run(run(exchanges, Acceptance(list(accepted))))
        runner.run(portico.__aexit__(None, None, None))


def lines(result: Replay) -> list[str]:
    """The differences as the report words them."""
    return list(report_lines(replace(result, unsupported=[]), Acceptance([])))[:-1]


def test_recording_that_portico_repeats_has_no_difference(play: Play) -> None:
    result = play(LIFE_OF_A_LINK)

    assert lines(result) == []
    assert result.compared == len(LIFE_OF_A_LINK)
    assert result.unsupported == []


def test_recordings_do_not_see_one_another(play: Play) -> None:
    for _ in range(2):
        assert play(LIFE_OF_A_LINK[:2]).findings == []


def test_difference_names_file_call_operation_and_field(play: Play) -> None:
    changed = exchange("GET", f"userPortalLink/{LINK_ID}", 200, LINK_READ | {"nameWithoutTrim": ""})

    result = play([*LIFE_OF_A_LINK[:2], changed])

    path = changed.path
    assert lines(result) == [
        f"tape, exchange 1: GET {path} (get_link): nameWithoutTrim: the recording has a string, "
        "Portico does not answer the field."
    ]


def test_accepted_difference_is_counted_and_not_found(play: Play) -> None:
    changed = exchange("GET", f"userPortalLink/{LINK_ID}", 200, LINK_READ | {"nameWithoutTrim": ""})
    accepted = AcceptedDifference(path="name*Trim", operation="get_*", reason="Never documented.")
    elsewhere = AcceptedDifference(path="*", operation="list_links", reason="None.")

    result = play([*LIFE_OF_A_LINK[:2], changed], elsewhere, accepted)

    assert (result.findings, result.accepted, accepted.uses, elsewhere.uses) == ([], 1, 1, 0)


def test_sign_in_is_replayed_with_a_client_of_this_portico(play: Play) -> None:
    def signing_in(url: str, form: bytes, lifetime: object) -> Exchange:
        token = {"access_token": "REDACTED", "token_type": "Bearer", "expires_in": lifetime}
        return replace(exchange("POST", url, 200, token), request_body=form)

    legacy = "https://config.private.zscaler.com/signin"
    oneapi = "https://acme.zslogin.net/oauth2/v1/token"
    form = b"grant_type=client_credentials&audience=https%3A%2F%2Fapi.zscaler.com&client_id=x"
    signed = form + b"&client_assertion=REDACTED&client_assertion_type=urn%3Aietf%3Aparams"

    right = play(
        [
            signing_in(legacy, b"client_id=x&client_secret=y", "3600"),
            signing_in(oneapi, form + b"&client_secret=y", 3600),
            signing_in(oneapi, signed, 3600),
        ]
    )
    wrong = play([signing_in(legacy, b"client_id=x&client_secret=y", 3600)])

    assert (right.compared, lines(right)) == (3, [])
    assert [each.difference.path for each in wrong.findings] == ["expires_in"]


def test_recording_continues_after_a_sign_out(play: Play) -> None:
    out = exchange("POST", "https://config.private.zscaler.com/signout", 200, {})

    result = play([out, *LIFE_OF_A_LINK])

    assert (result.compared, lines(result)) == (len(LIFE_OF_A_LINK) + 1, [])


def test_other_hosts_and_operations_are_named_and_not_compared(play: Play) -> None:
    result = play(
        [
            exchange("GET", "https://registry.example.com/v1/providers", 200, {}),
            exchange("GET", f"{API}/appConnectorGroup", 200, listed()),
            exchange("GET", "userPortalLink", 429, {"id": "invalid.toomanyrequests"}),
            exchange("GET", "userPortalLink", 503, {"id": "retryable.server.error"}),
            exchange("POST", "https://config.private.zscaler.com/signin", 401, {}),
        ]
    )

    assert result.compared == 0
    assert [each.reason.split(",")[0] for each in result.unsupported] == [
        "It is not a request to the vendor's API.",
        "Portico does not have this operation: docs/reference/coverage.md.",
        "The vendor answered 429",
        "The vendor answered 503",
        "The recorded credentials were refused",
    ]
    report = list(report_lines(result, Acceptance([])))
    assert "  tape, exchange 1: GET https://registry.example.com/v1/providers: " in report[2]


def test_object_from_before_the_recording_is_not_compared(play: Play) -> None:
    result = play([exchange("GET", "userPortal/700000000000000001", 200, PORTAL_READ)])

    (skipped,) = result.unsupported
    assert result.compared == 0
    assert "does not create the object 700000000000000001" in skipped.reason


def test_refused_request_without_a_session_is_refused_here_too(play: Play) -> None:
    refused = exchange("GET", "userPortalLink", 401, {"id": "access.denied", "reason": "No."})

    assert lines(play([refused])) == []


@pytest.mark.parametrize("in_array", [False, True])
def test_bulk_is_compared_in_the_form_that_was_recorded(play: Play, in_array: bool) -> None:
    made = {
        "userPortalLinks": [
            {"id": "5", "name": "Wiki", "link": "wiki.example.com", "enabled": True}
        ],
        "userPortals": [],
    }
    bulk = exchange(
        "POST",
        API.replace("/v1/", "/v2/") + "/userPortalLink/bulk",
        201,
        [made] if in_array else made,
        body={"userPortalLinks": [{"name": "Wiki", "link": "wiki.example.com", "enabled": True}]},
        headers={"user-agent": "zscaler-sdk-python/1.11.3"},
    )

    assert lines(play([bulk])) == []


def test_object_that_is_sent_back_whole_declares_no_stamps(play: Play) -> None:
    whole = exchange("PUT", f"userPortalLink/{LINK_ID}", 204, body=LINK_READ)
    again = exchange("GET", f"userPortalLink/{LINK_ID}", 200, LINK_READ)

    assert lines(play([*LIFE_OF_A_LINK[:2], whole, again])) == []


def test_ids_are_replaced_in_queries_and_nested_bodies(play: Play) -> None:
    by_id = exchange("GET", f"userPortalLink?search=id%20EQ%20{LINK_ID}", 200, listed(LINK_READ))
    bulk = exchange(
        "POST",
        API.replace("/v1/", "/v2/") + "/userPortalLink/bulk",
        201,
        {
            "userPortalLinks": [
                {"id": "700000000000000685"}
                | {name: LINK_CREATED[name] for name in ("enabled", "userPortals")}
                | {"name": "Second", "link": "b.example.com"}
            ],
            "userPortals": LINK_CREATED["userPortals"],
        },
        body={
            "userPortalLinks": [{"name": "Second", "link": "b.example.com", "enabled": True}],
            "userPortals": LINK_BODY["userPortals"],
        },
    )

    result = play([*LIFE_OF_A_LINK[:2], by_id, bulk])

    assert (result.compared, lines(result)) == (4, [])
