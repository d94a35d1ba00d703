"""How a session ends: signed out, revoked, expired, its key retired; and tokens that never were."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from portico.domain.tenancy.identity import Role
from portico.services.tenancy.signing_keys import rotate_signing_keys
from tests.harness import (
    LINKS,
    Caller,
    Tenant,
    as_operator,
    assert_error,
    create_tenant,
    served,
    upgrade,
)
from tests.http.bodies import link, total
from tests.http.clients import (
    ME,
    ask_me,
    key_id_of,
    part,
    read_claims,
    resigned,
    signed_with,
    signed_with_hmac,
    signing_keys,
)

ENDED = "SESSION_NOT_VALID"


def sign_out(caller: Caller, token: str) -> int:
    """The status of signing a token out."""
    answer = caller.http.post("/signout", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code


def test_signing_out_ends_one_session(admin: Caller) -> None:
    other = admin.sign_in()

    assert sign_out(admin, other) in {200, 204}
    for _ in range(2):
        assert ENDED in assert_error(ask_me(admin, other), 401, "access.denied")
    assert sign_out(admin, other) == 401
    assert ask_me(admin, admin.token).status_code == 200
    assert ask_me(admin, admin.sign_in()).status_code == 200


def test_signing_out_ends_repeated_reads_at_once(admin: Caller) -> None:
    admin.create_link()
    for _ in range(3):
        assert admin.get(LINKS).status_code == 200

    sign_out(admin, admin.token)

    assert ENDED in assert_error(admin.get(LINKS), 401, "access.denied")


def test_revoked_client_is_denied_at_the_next_request(tenant: Tenant, admin: Caller) -> None:
    caller = tenant.caller()
    link_id = caller.create_link()
    for _ in range(3):
        assert caller.get(LINKS).status_code == 200
        assert caller.get(f"{LINKS}/{link_id}").status_code == 200

    tenant.revoke(caller.credentials)

    for answer in (
        caller.get(LINKS),
        caller.get(f"{LINKS}/{link_id}"),
        caller.post(LINKS, link("New")),
        caller.put(f"{LINKS}/{link_id}", link("Changed")),
        caller.delete(f"{LINKS}/{link_id}"),
        ask_me(caller, caller.token),
    ):
        assert ENDED in assert_error(answer, 401, "access.denied")
    assert sign_out(caller, caller.token) == 401
    assert admin.names() == ["Wiki"]


def test_revoking_leaves_others_alone(tenant: Tenant, admin: Caller) -> None:
    tenant.revoke(tenant.caller().credentials)

    assert admin.get(LINKS).status_code == 200


@pytest.mark.one_database
def test_resigned_token_is_taken_as_it_is(admin: Caller) -> None:
    assert ask_me(admin, resigned(admin)).status_code == 200


def test_expired_token_is_denied(admin: Caller) -> None:
    for expired in (int(time.time()) - 1, int(time.time()) - 100_000, 0, -1):
        answer = ask_me(admin, resigned(admin, exp=expired))

        assert ENDED in assert_error(answer, 401, "access.denied")


def test_token_expires_although_its_reads_are_repeated(admin: Caller) -> None:
    admin.create_link()
    soon = resigned(admin, exp=int(time.time()) + 2)
    headers = {"Authorization": f"Bearer {soon}"}
    assert admin.http.get(admin.path(LINKS), headers=headers).status_code == 200
    assert admin.http.get(admin.path(LINKS), headers=headers).status_code == 200

    while time.time() < read_claims(soon)["exp"]:
        time.sleep(0.1)

    answer = admin.http.get(admin.path(LINKS), headers=headers)
    assert ENDED in assert_error(answer, 401, "access.denied")


@pytest.mark.one_database
@pytest.mark.parametrize(
    "changed",
    [
        {"exp": None},
        {"sub": None},
        {"customerId": None},
        {"jti": None},
        {"iss": None},
        {"iss": "someone else"},
        {"sub": "x"},
        {"customerId": "x"},
        {"customerId": ["1"]},
        {"exp": "soon"},
        {"exp": {}},
        {"jti": 1},
        {"jti": ["x"]},
    ],
)
def test_token_without_its_claims_is_denied(admin: Caller, changed: dict[str, object]) -> None:
    claims = read_claims(admin.token) | changed
    kept = {name: value for name, value in claims.items() if value is not None}
    key = signing_keys(admin)[0]
    header = {"alg": "HS256", "typ": "JWT", "kid": str(key.id)}

    answer = ask_me(admin, signed_with_hmac(header, kept, key.secret.encode()))

    assert_error(answer, 401, "access.denied")


def test_token_of_an_unknown_client_is_denied(admin: Caller) -> None:
    answer = ask_me(admin, resigned(admin, sub="12345"))

    assert_error(answer, 401, "access.denied")


def test_token_that_names_another_tenant_is_denied(tenant: Tenant, admin: Caller) -> None:
    answer = ask_me(admin, resigned(admin, customerId="12345"))

    assert_error(answer, 401, "access.denied")


def test_forged_token_is_denied(admin: Caller) -> None:
    claims = read_claims(admin.token)
    kid = key_id_of(admin.token)
    secret = signing_keys(admin)[0].secret.encode()
    header, body, signature = admin.token.split(".")
    forged = [
        signed_with_hmac({"alg": "HS256", "kid": kid}, claims, b"guessed"),
        signed_with_hmac({"alg": "HS256", "kid": "0"}, claims, secret),
        signed_with_hmac({"alg": "HS256"}, claims, secret),
        signed_with_hmac({"alg": "HS256", "kid": None}, claims, secret),
        signed_with_hmac({"alg": "HS256", "kid": ["x"]}, claims, secret),
        signed_with_hmac({"alg": "HS256", "kid": "9" * 5_000}, claims, secret),
        signed_with_hmac({"alg": "none", "kid": kid}, claims, secret),
        f"{part({'alg': 'none', 'kid': kid})}.{body}.",
        f"{header}.{part(claims | {'sub': '1'})}.{signature}",
        f"{header}.{body}.{signature[:-2]}",
        f"{header}.{body}.",
        f"{header}.{body}",
        f"{header}.{part([1])}.{signature}",
        f"{part(b'x')}.{body}.{signature}",
        *(f"{part(odd)}.{body}.{signature}" for odd in (["alg", "kid"], "alg", "b64alg", 1, None)),
        signed_with_hmac({"alg": "HS256", "kid": kid, "crit": 5}, claims, secret),
        signed_with_hmac({"alg": "HS256", "kid": kid, "crit": [{}]}, claims, secret),
        signed_with_hmac({"alg": "HS256", "kid": kid, "typ": "at+jwt"}, claims, secret),
        signed_with_hmac({"alg": "HS256", "kid": kid}, claims | {"sub": "x"}, secret),
        signed_with_hmac({"alg": "HS256", "kid": kid}, claims | {"sub": 1}, secret),
        f"{admin.token}.",
        f"{admin.token}=",
        "é.é.é",
        "x" * 10_000,
    ]
    for token in forged:
        answer = admin.http.get(ME, headers={b"authorization": f"Bearer {token}".encode()})

        reason = assert_error(answer, 401, "access.denied")
        assert ENDED not in reason
    assert ask_me(admin, admin.token).status_code == 200


def test_rotated_keys_overlap(admin: Caller) -> None:
    before = signing_keys(admin)[0]
    old = admin.token
    as_operator(admin.server.database, lambda runtime: rotate_signing_keys(runtime, overlap=3_600))
    newest = signing_keys(admin)[0]
    claims = read_claims(old)
    new = signed_with(newest, claims)

    assert newest.id != before.id
    assert ask_me(admin, old).status_code == 200
    assert eventually_taken(admin, new)
    assert ask_me(admin, old).status_code == 200
    assert ask_me(admin, admin.sign_in()).status_code == 200


def eventually_taken(caller: Caller, token: str) -> bool:
    """Whether a server that did not make a key learns of it within its second."""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if ask_me(caller, token).status_code == 200:
            return True
        time.sleep(0.1)
    return False


def test_retired_key_is_denied(tmp_path: Path) -> None:
    url, log = f"sqlite:///{tmp_path / 'portico.db'}", tmp_path / "server.log"
    upgrade(url)
    with served(url, log) as before:
        tenant = create_tenant(before)
        caller = tenant.caller()
        assert ask_me(caller, caller.token).status_code == 200
    as_operator(url, lambda runtime: rotate_signing_keys(runtime, overlap=0))
    with served(url, log) as after:
        stale = {"Authorization": f"Bearer {caller.token}"}
        assert ENDED in assert_error(after.http.get(ME, headers=stale), 401, "access.denied")

        again = Caller(after, caller.customer_id, caller.credentials)
        assert ask_me(again, again.token).status_code == 200


def test_viewer_reads_and_its_writes_leave_nothing(tenant: Tenant, admin: Caller) -> None:
    viewer = tenant.caller(role=Role.VIEWER)
    link_id = admin.create_link()

    assert viewer.get(LINKS).json() == admin.get(LINKS).json()
    for answer in (
        viewer.post(LINKS, link("Other")),
        viewer.put(f"{LINKS}/{link_id}", link("Other")),
        viewer.delete(f"{LINKS}/{link_id}"),
        viewer.post(f"{LINKS}/bulk", [link("Other")]),
    ):
        assert "viewer" in assert_error(answer, 403, "authz.access.forbidden")
    assert viewer.post("microtenants/search", {}).status_code == 200
    assert total(admin) == 1
    assert admin.names() == ["Wiki"]
