"""Browsers in which somebody has signed in before: no lock from elsewhere binds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import count

import pytest

from portico.domain.errors import AccessDenied, LockedOut
from portico.domain.people.providers import IdentityProviderSpec, ProvenPerson
from portico.domain.people.sessions import DEVICE_SECONDS, DEVICES_PER_ACCOUNT
from portico.domain.people.users import PortalUserSpec
from portico.services.access import operator_writing
from portico.services.people import administrators, providers, users
from portico.services.people.sign_in import (
    Browser,
    prove_password,
    sign_in_administrator,
    sign_in_administrator_by_provider,
    sign_in_user,
    sign_in_user_by_provider,
)
from tests.services.people.people import PASSWORD, People
from tests.services.world import World

HOME = "192.0.2.1"
NUMBERS = count(1)
WRONG = "wrong password here"
NEW = "another long password"
Enter = Callable[..., str]


@pytest.fixture(params=["console", "portal"])
def enter(request: pytest.FixtureRequest, people: People) -> Enter:
    """Signs ada in at one of the doors; the device's new token."""
    if request.param == "console":
        people.administrator("ada")
        people.administrator("bea")
        return at_console(people)
    people.user("ada")
    people.user("bea")
    return at_portal(people)


def at_console(people: People) -> Enter:
    """Signs administrators in."""
    return lambda name="ada", **options: people.enter_console(name, **options).device


def at_portal(people: People) -> Enter:
    """Signs portal users in."""
    return lambda name="ada", **options: people.enter_portal(name, **options).device


def fresh_address() -> str:
    """An address that no other test uses: the console's failures are those of all tenants."""
    number = next(NUMBERS)
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def lock_account(enter: Enter, name: str = "ada") -> None:
    """Guesses from so many addresses that the account is locked everywhere."""
    for _ in range(50):
        with pytest.raises(AccessDenied):
            enter(name, password=WRONG, address=fresh_address())
    with pytest.raises(LockedOut):
        enter(name, address=fresh_address())


def is_known(enter: Enter, device: str, name: str = "ada") -> bool:
    """Whether a device gets past the lock of an account, which this makes."""
    lock_account(enter, name)
    try:
        enter(name, address=fresh_address(), device=device)
    except LockedOut:
        return False
    return True


def test_lock_of_an_account_does_not_bind_a_known_device(enter: Enter) -> None:
    device = enter()
    lock_account(enter)

    later = enter(address=fresh_address(), device=device)

    assert later != device
    assert enter(address=HOME, device=later)
    with pytest.raises(LockedOut):
        enter(address=fresh_address())


def test_tokens_are_not_shown_where_their_holders_are(people: People) -> None:
    people.user("uma")
    opened = people.enter_portal("uma")
    shown = repr(opened) + repr(Browser(address=HOME, device=opened.device))

    assert opened.token not in shown
    assert opened.device not in shown


def test_lock_of_an_address_does_not_bind_a_known_device(enter: Enter) -> None:
    device, office = enter(), fresh_address()
    for number in range(50):
        with pytest.raises(AccessDenied):
            enter(f"nobody {number}", password=WRONG, address=office)

    with pytest.raises(LockedOut):
        enter(address=office)
    assert enter(address=office, device=device)


def test_known_device_has_a_lock_of_its_own(people: People, enter: Enter) -> None:
    device = enter()
    for _ in range(5):
        with pytest.raises(AccessDenied) as refusal:
            enter(password=WRONG, address=fresh_address(), device=device)
        assert not isinstance(refusal.value, LockedOut)
    asked = people.passwords.verified

    with pytest.raises(LockedOut) as locked:
        enter(address=fresh_address(), device=device)
    assert locked.value.seconds == 60
    assert people.passwords.verified == asked
    assert enter(address=fresh_address())
    people.world.now += 61
    assert enter(address=fresh_address(), device=device)


def test_guesses_on_a_known_device_lock_nobody_else(people: People, enter: Enter) -> None:
    device = enter()
    for _ in range(60):
        people.world.now += 3_601
        with pytest.raises(AccessDenied):
            enter(password=WRONG, device=device)

    assert enter()


@pytest.mark.parametrize("token", ["x", "\ud800", "a\0b", "x" * 10_000])
def test_made_up_device_is_unknown(enter: Enter, token: str) -> None:
    assert not is_known(enter, token)


def test_device_is_known_for_its_own_account(enter: Enter) -> None:
    device = enter("bea")

    assert not is_known(enter, device, "ada")
    assert is_known(enter, device, "bea")


def test_device_of_an_earlier_sign_in_is_replaced(enter: Enter) -> None:
    first = enter()
    second = enter(device=first)

    assert not is_known(enter, first)
    assert enter(device=second)


def test_device_is_forgotten_after_its_time(people: People, enter: Enter) -> None:
    device = enter()
    people.world.now += DEVICE_SECONDS

    assert not is_known(enter, device)


def test_oldest_device_gives_way(people: People, enter: Enter) -> None:
    first = enter()
    others = []
    for _ in range(DEVICES_PER_ACCOUNT):
        people.world.now += 1
        others.append(enter())

    lock_account(enter)
    with pytest.raises(LockedOut):
        enter(device=first)
    assert all(enter(device=each) for each in others)


def test_devices_of_tenants_are_apart(people: People) -> None:
    other = People(World(people.world.store))
    people.user("ada")
    other.user("ada")
    device = other.enter_portal("ada").device

    assert not is_known(at_portal(people), device)


def test_new_password_forgets_the_devices(people: People) -> None:
    ada, uma = people.administrator("ada"), people.user("uma")
    people.administrator("bea")
    console, own, portal = (
        people.enter_console("ada").device,
        people.enter_console("bea").device,
        people.enter_portal("uma").device,
    )
    people.operate(
        lambda work: administrators.set_administrator_password(work, ada.id, f"plain${PASSWORD}")
    )
    people.as_administrator(
        "bea",
        lambda work: administrators.set_own_password(
            work, f"plain${PASSWORD}", exempt_session="any"
        ),
    )
    people.operate(lambda work: users.set_user_password(work, uma.id, f"plain${PASSWORD}"))

    assert not is_known(at_console(people), console, "ada")
    assert not is_known(at_console(people), own, "bea")
    assert not is_known(at_portal(people), portal, "uma")


def test_disabling_forgets_the_devices(people: People) -> None:
    ada, uma = people.administrator("ada"), people.user("uma")
    console, portal = people.enter_console("ada").device, people.enter_portal("uma").device
    people.operate(lambda work: administrators.disable_administrator(work, ada.id))
    people.operate(lambda work: administrators.enable_administrator(work, ada.id))
    for enabled in (False, True):
        spec = PortalUserSpec(name="uma", enabled=enabled)
        people.operate(partial(users.update_user, user_id=uma.id, spec=spec))

    assert not is_known(at_console(people), console, "ada")
    assert not is_known(at_portal(people), portal, "uma")


def test_provider_makes_a_device_known_until_it_is_removed(people: People) -> None:
    world = people.world
    spec = IdentityProviderSpec(
        name="Acme", issuer="https://login.example", client_id="portico", for_console=True
    )
    acme = world.store.run(providers.create_provider(world.runtime, world.tenant.id, spec))
    people.administrator("ada", email="ada@a.example")
    person = ProvenPerson(provider_id=acme.id, subject="s", name="uma", email="ada@a.example")

    def by_provider(device: str) -> tuple[str, str]:
        browser = Browser(address=HOME, device=device)
        opened = sign_in_administrator_by_provider(people.runtime, person, browser)
        visitor = sign_in_user_by_provider(
            people.runtime, world.tenant.id, person, browser, transaction_id="t"
        )
        return world.store.run(opened).device, world.store.run(visitor).device

    console, portal = by_provider("")
    again, _ = by_provider(console)
    assert portal
    assert is_known(at_console(people), again)

    world.store.run(providers.remove_provider(world.runtime, acme.id))
    latest = people.world.now
    people.world.now = latest + 3_601
    assert not is_known(at_console(people), again)


def test_signed_in_administrator_proves_its_password_while_its_account_is_locked(
    people: People,
) -> None:
    people.administrator("ada")
    opened = people.enter_console("ada")
    lock_account(at_console(people))
    signed_in = people.console(opened.token)
    assert signed_in is not None

    def prove(device: str) -> None:
        browser = Browser(address=fresh_address(), device=device)
        people.world.store.run(
            prove_password(people.runtime, signed_in.administrator, PASSWORD, browser)
        )

    prove(opened.device)
    with pytest.raises(LockedOut):
        prove("")


def test_password_that_was_changed_while_it_waited_opens_nothing(people: People) -> None:
    ada, uma = people.administrator("ada"), people.user("uma")

    class Meanwhile:
        """A hasher during whose work somebody resets the passwords."""

        async def hash(self, password: str) -> str:
            return password

        async def verify(self, stored: str, password: str) -> bool:
            async with operator_writing(people.world.runtime, people.world.tenant.id) as work:
                await administrators.set_administrator_password(work, ada.id, f"plain${NEW}")
                await users.set_user_password(work, uma.id, f"plain${NEW}")
            return stored == f"plain${password}"

    runtime = replace(people.runtime, passwords=Meanwhile())
    browser = Browser(address=HOME)
    with pytest.raises(AccessDenied):
        people.world.store.run(
            sign_in_administrator(runtime, people.named("ada"), PASSWORD, browser)
        )
    with pytest.raises(AccessDenied):
        people.world.store.run(
            sign_in_user(runtime, people.world.tenant.id, "uma", PASSWORD, browser)
        )
    assert people.enter_console("ada", NEW).token
    assert people.enter_portal("uma", NEW).token
