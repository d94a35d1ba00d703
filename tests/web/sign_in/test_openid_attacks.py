"""What must not sign anybody in through a provider: altered, foreign, repeated and late answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest
from sqlalchemy import update

from portico.domain.people.providers import IdentityProvider
from portico.domain.tenancy.identity import SigningKey
from portico.services.people import providers
from portico.services.runtime import Runtime
from portico.services.tenancy.signing_keys import SigningKeys, rotate_signing_keys
from portico.storage.schema.people_tables import identity_provider
from portico.web.sign_in.attempts import SignInAttempt, read_attempt, sign_attempt
from tests.harness import Caller, Server, Tenant, as_operator, create_tenant
from tests.web.openid_provider import (
    add_provider,
    agree,
    leave,
    path_of,
    running_provider,
    with_query,
)
from tests.web.visits import Visit, add_administrator

pytestmark = pytest.mark.one_database

CONSOLE_SIGN_IN = "/console/sign-in"
ATTEMPT, FORM = "__Host-portico_provider", "__Host-portico_form"
SESSIONS = ("portal_", "console")


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """A provider with a few people."""
    with running_provider() as url:
        yield url


@pytest.fixture(scope="module")
def other_issuer() -> Iterator[str]:
    """Another provider, which names itself in its answers and does not insist on a nonce."""
    with running_provider(require_nonce=False, names_itself=True) as url:
        yield url


@pytest.fixture
def visit(server: Server) -> Visit:
    """Somebody who was never here."""
    return Visit(server.http)


@pytest.fixture
def door(admin: Caller) -> str:
    """The sign-in page of a portal."""
    return f"/p/{admin.create_portal()}/sign-in"


def has_session(visit: Visit) -> bool:
    """Whether the visitor has a session, or is known from one."""
    return any(part in name for name in visit.cookies for part in SESSIONS)


def signing_keys(server: Server) -> list[SigningKey]:
    """The server's signing keys."""
    return as_operator(
        server.database, lambda each: SigningKeys(each.database, each.cipher).current()
    )


def attempt_of(visit: Visit, server: Server) -> SignInAttempt:
    """The attempt in a visitor's cookie."""
    found = read_attempt(visit.cookies[ATTEMPT], visit.cookies[FORM], signing_keys(server), 0)
    assert found is not None
    return found


def sign_again(visit: Visit, server: Server, attempt: SignInAttempt) -> None:
    """Gives the visitor another attempt with a valid signature."""
    visit.cookies[ATTEMPT] = sign_attempt(attempt, visit.cookies[FORM], signing_keys(server))


def change_provider(tenant: Tenant, provider: IdentityProvider, **values: bool) -> None:
    """Changes columns of a stored provider."""

    async def change(runtime: Runtime) -> None:
        async with runtime.database.transaction() as connection:
            statement = update(identity_provider).where(identity_provider.c.id == provider.id)
            await connection.run(statement.values(**values))

    as_operator(tenant.server.database, change)


@pytest.mark.parametrize("nonce", ["guessed", None], ids=["wrong", "missing"])
def test_token_for_another_nonce_is_refused(
    tenant: Tenant, visit: Visit, door: str, other_issuer: str, nonce: str | None
) -> None:
    provider = add_provider(tenant, other_issuer)
    address = leave(visit, door, provider)

    answer = visit.get(path_of(agree(with_query(address, nonce=nonce), "list")))

    assert "fault=provider" in answer.headers["location"]
    assert not has_session(visit)


@pytest.mark.parametrize("state", ["guessed", "", None], ids=["wrong", "empty", "missing"])
def test_answer_with_another_state_is_refused(
    tenant: Tenant, visit: Visit, door: str, issuer: str, state: str | None
) -> None:
    back = agree(leave(visit, door, add_provider(tenant, issuer)), "list")

    answer = visit.get(path_of(with_query(back, state=state)))

    assert "fault=provider" in answer.headers["location"]
    assert not has_session(visit)


def test_code_of_another_browser_fails_for_its_verifier(
    tenant: Tenant, server: Server, door: str, issuer: str
) -> None:
    provider = add_provider(tenant, issuer)
    victim, attacker = Visit(server.http), Visit(server.http)
    victims_back = agree(leave(victim, door, provider), "list")
    leave(attacker, door, provider)
    own_state = attempt_of(attacker, server).state

    answer = attacker.get(path_of(with_query(victims_back, state=own_state)))

    assert "fault=provider" in answer.headers["location"]
    assert not has_session(attacker)


def test_answer_of_another_provider_is_refused(
    tenant: Tenant, server: Server, visit: Visit, door: str, issuer: str, other_issuer: str
) -> None:
    acme = add_provider(tenant, issuer)
    other = add_provider(tenant, other_issuer, name="Other")
    at_acme = leave(visit, door, acme)
    kept = dict(visit.cookies)
    attacker = Visit(server.http)
    code_of_other = with_query(leave(attacker, door, other), state=attempt_of(visit, server).state)

    mixed_up = path_of(with_query(agree(code_of_other, "list"), iss=None))
    answers = [visit.get(mixed_up)]
    visit.cookies = dict(kept)
    answers.append(visit.get(path_of(with_query(agree(at_acme, "list"), iss=other_issuer))))

    assert ["fault=provider" in each.headers["location"] for each in answers] == [True, True]
    assert not has_session(visit)


@pytest.mark.parametrize(("iss", "enters"), [("own", True), (None, False), ("x", False)])
def test_provider_that_names_itself_must_always_do_so(
    tenant: Tenant, visit: Visit, door: str, other_issuer: str, iss: str | None, enters: bool
) -> None:
    back = agree(leave(visit, door, add_provider(tenant, other_issuer)), "list")
    sent = back if iss == "own" else with_query(back, iss=iss)

    answer = visit.get(path_of(sent))

    assert ("fault=provider" in answer.headers["location"]) is not enters
    assert has_session(visit) is enters


def test_repeated_answer_signs_nobody_in(
    tenant: Tenant, server: Server, visit: Visit, door: str, issuer: str
) -> None:
    back = path_of(agree(leave(visit, door, add_provider(tenant, issuer)), "list"))
    kept = dict(visit.cookies)
    first = visit.get(back)
    without_cookie = visit.get(back)
    thief, copier = Visit(server.http), Visit(server.http)
    thief.get(door)
    thief.cookies[ATTEMPT] = kept[ATTEMPT]
    copier.cookies = dict(kept)
    in_other_browser, in_copied_browser = thief.get(back), copier.get(back)

    assert "fault" not in first.headers["location"]
    assert without_cookie.status_code == 403
    assert in_other_browser.status_code == 403
    assert "fault=provider" in in_copied_browser.headers["location"]
    assert not has_session(thief)
    assert not has_session(copier)


def test_attempt_belongs_to_the_browser_that_began_it(
    tenant: Tenant, server: Server, door: str, issuer: str
) -> None:
    attacker, victim = Visit(server.http), Visit(server.http)
    back = path_of(agree(leave(attacker, door, add_provider(tenant, issuer)), "list"))
    victim.get(door)
    victim.cookies[ATTEMPT] = attacker.cookies[ATTEMPT]

    answer = victim.get(back)

    assert answer.status_code == 403
    assert "Begin again" in answer.text
    assert not has_session(victim)


@pytest.mark.parametrize(
    "change",
    [
        {"provider_id": 1},
        {"customer_id": 1},
        {"portal": ""},
        {"portal": "other"},
        {"next": "/elsewhere"},
        {"state": "s"},
        {"nonce": "n"},
        {"verifier": "v"},
        {"expires": 1 << 40},
        {},
    ],
    ids=lambda change: "".join(change) or "key",
)
def test_altered_cookie_is_no_attempt(
    tenant: Tenant,
    server: Server,
    visit: Visit,
    door: str,
    issuer: str,
    change: dict[str, object],
) -> None:
    back = path_of(agree(leave(visit, door, add_provider(tenant, issuer)), "list"))
    key_id, _, mac = visit.cookies[ATTEMPT].split(".")
    stored = asdict(attempt_of(visit, server)) | change
    content = base64.urlsafe_b64encode(json.dumps(stored).encode()).decode()
    visit.cookies[ATTEMPT] = f"{key_id if change else int(key_id) + 1}.{content}.{mac}"

    answer = visit.get(back)

    assert answer.status_code == 403
    assert not has_session(visit)


@pytest.mark.parametrize("cookie", ["", ".", "..", "x", "1.e30=.x", "e30=", "bnVsbA==", "." * 9])
def test_cookie_that_we_never_made_is_no_attempt(visit: Visit, door: str, cookie: str) -> None:
    visit.get(door)
    visit.cookies[ATTEMPT] = cookie

    assert visit.get("/sign-in/callback?code=x&state=y").status_code == 403


def test_cookie_of_the_first_version_no_longer_opens_the_console(
    tenant: Tenant, visit: Visit, door: str, issuer: str
) -> None:
    add_administrator(tenant, "ada", email="ada@a.example", password="")
    provider = add_provider(tenant, issuer, for_console=False)
    address = leave(visit, door, provider)
    altered = {"state": "s", "nonce": "n", "verifier": "v", "provider_id": provider.id}
    altered |= {"next": "/console", "portal": ""}
    visit.cookies[ATTEMPT] = base64.urlsafe_b64encode(json.dumps(altered).encode()).decode()

    answer = visit.get(path_of(with_query(agree(address, "ada"), state="s")))

    assert answer.status_code == 403
    assert not has_session(visit)


def test_provider_for_portals_does_not_open_the_console(
    tenant: Tenant, server: Server, visit: Visit, door: str, issuer: str
) -> None:
    add_administrator(tenant, "ada", email="ada@a.example", password="")
    provider = add_provider(tenant, issuer, for_console=False)
    back = path_of(agree(leave(visit, door, provider), "ada"))
    sign_again(visit, server, replace(attempt_of(visit, server), portal="", next="/console"))

    answer = visit.get(back)

    assert answer.headers["location"].startswith(f"{CONSOLE_SIGN_IN}?")
    assert not has_session(visit)


def test_portal_takes_no_provider_of_another_tenant(
    tenant: Tenant, server: Server, visit: Visit, door: str, issuer: str
) -> None:
    other = create_tenant(server)
    provider = add_provider(other, issuer)
    others_door = f"/p/{other.caller().create_portal()}/sign-in"
    back = path_of(agree(leave(visit, others_door, provider), "list"))
    begun = attempt_of(visit, server)
    portal = door.split("/")[2]
    answers = []
    for customer_id in (other.customer_id, tenant.customer_id):
        sign_again(visit, server, replace(begun, portal=portal, customer_id=int(customer_id)))
        answers.append(visit.get(back).headers["location"])

    assert all(each.startswith(door) and "fault=provider" in each for each in answers)
    assert not has_session(visit)


@pytest.mark.parametrize(
    ("at_console", "withdrawn"),
    [
        (True, {"enabled": False}),
        (True, {"for_console": False}),
        (False, {"enabled": False}),
        (False, {"for_portals": False}),
    ],
    ids=lambda value: "".join(value) if isinstance(value, dict) else "",
)
def test_provider_that_was_withdrawn_meanwhile_signs_nobody_in(
    tenant: Tenant,
    visit: Visit,
    door: str,
    issuer: str,
    at_console: bool,
    withdrawn: dict[str, bool],
) -> None:
    add_administrator(tenant, "ada", email="ada@a.example", password="")
    provider = add_provider(tenant, issuer)
    started = CONSOLE_SIGN_IN if at_console else door
    back = path_of(agree(leave(visit, started, provider), "ada"))
    change_provider(tenant, provider, **withdrawn)

    answer = visit.get(back)

    assert answer.headers["location"].startswith(started)
    assert "fault=provider" in answer.headers["location"]
    assert not has_session(visit)


def test_provider_that_was_removed_meanwhile_signs_nobody_in(
    tenant: Tenant, visit: Visit, door: str, issuer: str
) -> None:
    provider = add_provider(tenant, issuer)
    back = path_of(agree(leave(visit, door, provider), "list"))
    as_operator(tenant.server.database, lambda each: providers.remove_provider(each, provider.id))

    assert "fault=provider" in visit.get(back).headers["location"]
    assert not has_session(visit)


def test_portal_that_was_disabled_meanwhile_is_not_there(
    tenant: Tenant, admin: Caller, visit: Visit, issuer: str
) -> None:
    portal = admin.create_portal()
    back = path_of(
        agree(leave(visit, f"/p/{portal}/sign-in", add_provider(tenant, issuer)), "list")
    )
    admin.put(f"userPortal/{portal}", {"name": "Staff", "enabled": False})

    assert visit.get(back).status_code == 404
    assert not has_session(visit)


def test_attempt_expires_and_outlives_a_rotation_of_keys(
    tenant: Tenant, server: Server, visit: Visit, door: str, issuer: str
) -> None:
    back = path_of(agree(leave(visit, door, add_provider(tenant, issuer)), "list"))
    begun = attempt_of(visit, server)
    sign_again(visit, server, replace(begun, expires=begun.expires - 600))
    late = visit.get(back)
    sign_again(visit, server, begun)
    as_operator(server.database, lambda each: rotate_signing_keys(each, overlap=3_600))
    after_rotation = visit.get(back)

    assert late.status_code == 403
    assert "fault" not in after_rotation.headers["location"]
