"""Signing in and staying so: passwords, the lock-out, sessions, and ending them at once."""

from __future__ import annotations

import pytest

from portico.domain.errors import AccessDenied, LockedOut
from portico.domain.people.administrators import GrantSpec
from portico.domain.people.users import PortalUserSpec
from portico.domain.tenancy.identity import Role
from portico.services.people import administrators, users
from portico.services.people.sessions import end_console_session, end_portal_session
from tests.services.people.people import PASSWORD, People
from tests.services.world import World


def test_password_opens_the_console_and_the_portal(people: People) -> None:
    administrator, user = people.administrator("ada"), people.user("Uma")

    console = people.console(people.enter_console("ADA").token)
    visitor = people.visitor(people.enter_portal("uMA").token)

    assert console is not None
    assert console.administrator.id == administrator.id
    assert console.administrator.last_sign_in == int(people.world.now)
    assert visitor is not None
    assert visitor.user.id == user.id


def test_each_session_has_its_own_secrets_and_stores_no_token(people: People) -> None:
    people.user()

    first, second = people.enter_portal(), people.enter_portal()

    assert first.token != second.token
    assert first.session.csrf_token != second.session.csrf_token
    assert first.token not in str(first.session)


@pytest.mark.parametrize("name", ["ada", "nobody", "", "a\0b", "x" * 5_000, "\ud800"])
def test_every_refusal_is_the_same_and_takes_the_same_work(people: People, name: str) -> None:
    people.administrator("ada")

    with pytest.raises(AccessDenied) as refusal:
        people.enter_console(name, "wrong password here")

    assert (type(refusal.value), refusal.value.reason) == (AccessDenied, "Access denied")
    assert people.passwords.verified == 1


def test_account_without_password_is_entered_with_none(people: People) -> None:
    people.administrator("ada", password="")

    for password in ("", PASSWORD, "plain$"):
        with pytest.raises(AccessDenied):
            people.enter_console("ada", password)


def test_lock_holds_for_the_right_password_too_and_ends(people: People) -> None:
    people.administrator("ada")
    for _ in range(5):
        with pytest.raises(AccessDenied):
            people.enter_console("ada", "wrong password here")
    asked = people.passwords.verified

    with pytest.raises(LockedOut) as locked:
        people.enter_console("ada")
    assert locked.value.seconds == 60
    assert people.passwords.verified == asked
    assert people.enter_console("ada", address="192.0.2.77").token

    people.world.now += 61
    assert people.enter_console("ada").token
    with pytest.raises(AccessDenied) as again:
        people.enter_console("ada", "wrong password here")
    assert not isinstance(again.value, LockedOut)


def test_unknown_names_are_locked_like_known_ones(people: People) -> None:
    people.user("uma")
    outcomes = {}
    for name in ("uma", "nobody"):
        kinds = []
        for _ in range(7):
            with pytest.raises(AccessDenied) as refusal:
                people.enter_portal(name, "wrong password here", address="198.51.100.9")
            kinds.append(refusal.value.reason)
        outcomes[name] = kinds

    assert outcomes["uma"] == outcomes["nobody"]


def test_account_is_locked_for_guesses_from_many_addresses(people: People) -> None:
    people.user("uma")
    for number in range(50):
        with pytest.raises(AccessDenied):
            people.enter_portal("uma", "wrong password here", address=f"203.0.113.{number}")

    with pytest.raises(LockedOut):
        people.enter_portal("uma", address="203.0.113.200")
    people.world.now += 3_601
    assert people.enter_portal("uma", address="203.0.113.200").token


def test_successes_do_not_add_up_to_a_lock(people: People) -> None:
    people.user("uma")

    for _ in range(60):
        assert people.enter_portal("uma", address="203.0.113.250").token


def test_session_ends_when_idle_and_at_its_age(people: People) -> None:
    people.administrator("ada")
    world, start = people.world, people.world.now
    idle, used = people.enter_console("ada").token, people.enter_console("ada").token

    for minutes in range(30, 12 * 60, 30):
        world.now = start + minutes * 60
        assert people.console(used) is not None
    assert people.console(idle) is None
    world.now = start + 12 * 3_600
    assert people.console(used) is None


def test_sign_out_ends_one_session(people: People) -> None:
    people.administrator("ada")
    people.user()
    first, second = people.enter_console("ada").token, people.enter_console("ada").token
    portal = people.enter_portal().token
    store = people.world.store

    store.run(end_console_session(people.runtime, first))
    store.run(end_portal_session(people.runtime, people.world.tenant.id, portal))

    assert people.console(first) is None
    assert people.console(second) is not None
    assert people.visitor(portal) is None


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a\0b", "x" * 10_000])
def test_odd_tokens_are_nobodys(people: People, token: str) -> None:
    assert people.console(token) is None
    assert people.visitor(token) is None


def test_disabling_ends_the_sessions_at_once(people: People) -> None:
    ada, uma = people.administrator("ada"), people.user()
    console, portal = people.enter_console("ada").token, people.enter_portal().token

    people.operate(lambda work: administrators.disable_administrator(work, ada.id))
    spec = PortalUserSpec(name="uma", enabled=False)
    people.operate(lambda work: users.update_user(work, uma.id, spec))

    assert people.console(console) is None
    assert people.visitor(portal) is None
    with pytest.raises(AccessDenied):
        people.enter_console("ada")
    with pytest.raises(AccessDenied):
        people.enter_portal()
    people.operate(lambda work: administrators.enable_administrator(work, ada.id))
    assert people.console(console) is None
    assert people.enter_console("ada").token


def test_losing_the_last_grant_ends_the_sessions(people: People) -> None:
    ada, _ = people.administrator("ada"), people.administrator("bea")
    token = people.enter_console("ada").token

    left = people.operate(lambda work: administrators.set_grants(work, ada.id, []))

    assert left is None
    assert people.console(token) is None
    with pytest.raises(AccessDenied):
        people.enter_console("ada")


def test_new_password_ends_the_other_sessions(people: People) -> None:
    ada, uma = people.administrator("ada"), people.user()
    kept, other = people.enter_console("ada"), people.enter_console("ada")
    portal = people.enter_portal().token

    people.as_administrator(
        "ada",
        lambda work: administrators.set_administrator_password(
            work, ada.id, "plain$another password", exempt_session=kept.session.digest
        ),
    )
    people.operate(lambda work: users.set_user_password(work, uma.id, "plain$another password"))

    assert people.console(kept.token) is not None
    assert people.console(other.token) is None
    assert people.visitor(portal) is None
    assert people.enter_portal("uma", "another password").token
    with pytest.raises(AccessDenied):
        people.enter_portal("uma")


def test_session_of_another_tenant_is_nobodys(people: People) -> None:
    people.user()
    token = people.enter_portal().token
    other = People(World(people.world.store))

    assert other.visitor(token) is None


def test_sessions_do_not_touch_the_revision(people: People) -> None:
    people.administrator("ada")
    people.user()
    before = people.world.revision()

    people.console(people.enter_console("ada").token)
    people.world.now += 600
    people.visitor(people.enter_portal().token)
    with pytest.raises(AccessDenied):
        people.enter_portal("uma", "wrong password here")

    assert people.world.revision() == before


def test_viewer_grant_is_enough_to_sign_in(people: People) -> None:
    people.administrator("vic", GrantSpec(role=Role.VIEWER))

    assert people.console(people.enter_console("vic").token) is not None
