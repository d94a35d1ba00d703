"""What a recording must not contain: secrets in any place, and the ids of the customer."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from portico.emulator.recordings.exchanges import Exchange, RecordingError
from portico.emulator.recordings.redaction import FIRST_ID, redact, require_no_secrets
from portico.emulator.recordings.writing import as_cassette
from tests.emulator.recordings.tapes import CUSTOMER, exchange

SECRET = "s3cr3t/with+signs=and-more"
REAL = "216196257331281920"
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJleHAiOjE3NzM0MDAwMDB9.c2lnbmF0dXJl"
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\n-----END PRIVATE KEY-----\n"
OF_REAL = f"https://api.zsapi.net/zpa/mgmtconfig/v1/admin/customers/{REAL}"


def sign_in(form: str) -> Exchange:
    """A sign-in with a form, answered with a token."""
    answer = {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 3600}
    made = exchange("POST", "https://acme.zslogin.net/oauth2/v1/token", 200, answer)
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return replace(made, request_body=form.encode(), request_headers=headers)


FORM = "grant_type=client_credentials&client_id=acme-robot&client_secret=s3cr3t%2Fwith%2Bsigns"
SIGN_IN = sign_in(f"{FORM}%3Dand-more")


def written(*exchanges: Exchange) -> str:
    """The text of a cassette with the exchanges."""
    return as_cassette(redact(exchanges))


def test_sign_in_has_neither_credentials_nor_token() -> None:
    (made,) = redact([SIGN_IN])

    assert made.url == "https://vanity.zslogin.net/oauth2/v1/token"
    assert made.request_body == (
        b"grant_type=client_credentials&client_id=REDACTED&client_secret=REDACTED"
    )
    answer = json.loads(made.answer_body)
    assert answer == {"access_token": "REDACTED", "token_type": "Bearer", "expires_in": 3600}


@pytest.mark.parametrize(
    "leak",
    [
        exchange("GET", f"{OF_REAL}/userPortal", 200, {"reason": f"Bad secret {SECRET}!"}),
        exchange("GET", f"{OF_REAL}/userPortal?search={SECRET}", 200, {}),
        exchange("GET", f"{OF_REAL}/userPortal?search=s3cr3t%2Fwith%2Bsigns%3Dand-more", 200, {}),
        exchange("POST", f"{OF_REAL}/userPortal", 201, {}, body={"name": [{"x": SECRET}]}),
        exchange("GET", f"{OF_REAL}/userPortal", 200, {}, headers={"x-key": SECRET}),
        exchange("GET", f"{OF_REAL}/userPortal", 200, {}, headers={"accept": SECRET}),
        replace(exchange("GET", f"{OF_REAL}/userPortal", 500), answer_body=SECRET.encode()),
    ],
    ids=["answer", "query", "encoded query", "body", "header", "kept header", "text"],
)
def test_known_secret_is_removed_wherever_it_is(leak: Exchange) -> None:
    text = written(SIGN_IN, leak)

    assert SECRET not in text
    assert "and-more" not in text
    require_no_secrets(text, [SIGN_IN, leak])


@pytest.mark.parametrize(
    "value",
    [
        {"password": "hunter22"},
        {"user": {"oneTimePassword": "hunter22"}},
        {"clientSecret": "hunter22"},
        {"credentials": {"value": ["hunter22"]}},
        {"apiKey": "hunter22"},
        {"certBlob": f"{KEY}hunter"},
        {"note": f"Bearer {TOKEN}"},
    ],
)
def test_secret_members_keys_and_tokens_are_removed(value: object) -> None:
    for made in (
        exchange("POST", f"{OF_REAL}/certificate", 201, {}, body=value),
        exchange("POST", f"{OF_REAL}/certificate", 201, value),
    ):
        text = written(made)

        for secret in ("hunter22", "MIIEvQIBADANBgkq", TOKEN):
            assert secret not in text


def test_numeric_password_is_removed() -> None:
    assert "12345678" not in written(exchange("POST", "x", 201, {"password": 12345678}))


def test_headers_are_written_only_if_they_are_harmless() -> None:
    made = exchange("GET", "userPortal", 200, {}, headers={"authorization": "Bearer abc.def.ghi"})
    made = replace(made, answer_headers={"set-cookie": "session=1", "retry-after": "4s"})

    (kept,) = redact([made])

    assert kept.request_headers == {"content-type": "application/json"}
    assert kept.answer_headers == {"retry-after": "4s"}


def test_user_agent_names_the_client_and_not_the_machine() -> None:
    agent = "zscaler-sdk-python/1.11.3 python/3.11.2 Linux/6.1-build7"

    (kept,) = redact([exchange("GET", "x", 200, {}, headers={"user-agent": agent})])

    assert kept.request_headers["user-agent"] == "zscaler-sdk-python/1.11.3"


def test_credentials_of_http_basic_are_known_secrets() -> None:
    basic = base64.b64encode(f"acme-robot:{SECRET}".encode()).decode()
    made = exchange("GET", "x", 200, {"a": SECRET}, headers={"authorization": f"Basic {basic}"})

    text = written(made)

    assert SECRET not in text
    assert basic not in text


def test_ids_are_replaced_by_the_same_ids_everywhere() -> None:
    portal, link = "216196257331281921", 216196257331281922
    made = exchange(
        "PUT",
        f"{OF_REAL}/userPortalLink/{link}?search=id%2BEQ%2B{portal}",
        400,
        {"id": "resource.not.found", "reason": f"No resource :{link}", "params": [portal]},
        body={"id": link, "customerId": REAL, "userPortals": [{"id": portal}], "order": 5},
    )

    (other,) = redact([made])

    customer, first, second = (str(FIRST_ID + number) for number in range(3))
    assert customer == CUSTOMER
    assert other.path.endswith(f"/customers/{customer}/userPortalLink/{first}")
    assert other.query == f"search=id%2BEQ%2B{second}"
    assert json.loads(other.request_body) == {
        "id": int(first),
        "customerId": customer,
        "userPortals": [{"id": second}],
        "order": 5,
    }
    assert json.loads(other.answer_body)["params"] == [second]
    assert "2161962573" not in written(made)


def test_short_customer_id_replaces_no_other_number() -> None:
    made = exchange(
        "GET", "https://x/mgmtconfig/v1/admin/customers/1/userPortal", 200, {"page": "1"}
    )

    (other,) = redact([made])

    assert f"/customers/{FIRST_ID}/" in other.url
    assert json.loads(other.answer_body) == {"page": "1"}


def test_body_that_is_no_text_is_left_out() -> None:
    made = replace(exchange("GET", "x", 200, {}), answer_body=b"\xff\xfe\x00")

    assert redact([made])[0].answer_body == b""


@pytest.mark.parametrize(
    "text", [SECRET, "s3cr3t%2Fwith%2Bsigns%3Dand-more", base64.b64encode(SECRET.encode()).decode()]
)
def test_text_with_a_secret_is_never_written(text: str) -> None:
    with pytest.raises(RecordingError) as caught:
        require_no_secrets(f"before {text} after", [SIGN_IN])

    assert SECRET not in caught.value.reason
