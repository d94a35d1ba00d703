"""Links by which people set a password: once, in time, for themselves, and nobody learns more."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from functools import partial

import pytest

from portico.domain.errors import (
    AccessDenied,
    Forbidden,
    InvalidField,
    LockedOut,
    NotFound,
    PasswordLinkNotValid,
)
from portico.domain.people.administrators import GrantSpec
from portico.domain.people.lockout import WIDE_FAILURES
from portico.domain.people.password_links import PASSWORD_LINK_SECONDS
from portico.domain.people.sessions import token_digest
from portico.domain.people.users import PortalUser, PortalUserSpec
from portico.domain.tenancy.identity import Role
from portico.services.people import administrators, password_links, users
from portico.services.people.sign_in import Browser
from tests.services.people.people import ADDRESS, PASSWORD, People
from tests.services.world import World

NEW = "a password of my own"


def link_of(people: People, user: PortalUser) -> str:
    """The token of a new link for a user."""
    return people.operate(lambda work: password_links.create_user_link(work, user.id)).token


def use(people: People, token: str, password: str = NEW, address: str = ADDRESS) -> None:
    """Sets a user's password by a link."""
    people.world.store.run(
        password_links.set_user_password_by_link(
            people.runtime,
            people.world.tenant.id,
            token,
            password,
            Browser(address=address),
            transaction_id="link",
        )
    )


def use_as_administrator(people: People, token: str) -> None:
    """Sets an administrator's password by a link."""
    people.world.store.run(
        password_links.set_administrator_password_by_link(
            people.runtime, token, NEW, Browser(address=ADDRESS), transaction_id="link"
        )
    )


def test_a_link_sets_the_first_password_once(people: People) -> None:
    uma = people.operate(lambda work: users.create_user(work, PortalUserSpec(name="uma")))
    token = link_of(people, uma)
    with pytest.raises(AccessDenied):
        people.enter_portal(password=NEW)

    use(people, token)

    assert people.visitor(people.enter_portal(password=NEW).token) is not None
    with pytest.raises(PasswordLinkNotValid):
        use(people, token, "another one of theirs")
    assert people.enter_portal(password=NEW)
    entry = people.world.audit_trail()[-1]
    assert (entry.actor_id, entry.object_id) == (uma.id, uma.id)


def test_a_reset_ends_sessions_and_the_old_password(people: People) -> None:
    uma = people.user("uma")
    before = people.enter_portal().token

    token = link_of(people, uma)
    assert people.visitor(before) is not None
    use(people, token)

    assert people.visitor(before) is None
    with pytest.raises(AccessDenied):
        people.enter_portal()
    assert people.enter_portal(password=NEW)


def test_a_bad_password_leaves_the_link_as_it_is(people: People) -> None:
    token = link_of(people, people.user("uma"))
    with pytest.raises(InvalidField):
        use(people, token, "short")
    use(people, token)


def test_a_link_ends_after_seven_days(people: People) -> None:
    token = link_of(people, people.user("uma"))
    people.world.now += PASSWORD_LINK_SECONDS
    with pytest.raises(PasswordLinkNotValid):
        use(people, token)


def test_a_link_works_until_it_ends(people: People) -> None:
    token = link_of(people, people.user("uma"))
    people.world.now += PASSWORD_LINK_SECONDS - 1
    use(people, token)


def test_a_new_link_replaces_the_earlier_one(people: People) -> None:
    uma = people.user("uma")
    first, second = link_of(people, uma), link_of(people, uma)
    with pytest.raises(PasswordLinkNotValid):
        use(people, first)
    use(people, second)


def test_a_withdrawn_link_is_refused_and_the_audit_log_says_so(people: People) -> None:
    uma = people.user("uma")
    token = link_of(people, uma)

    def withdraw() -> bool:
        return people.operate(lambda work: password_links.withdraw_user_link(work, uma.id))

    assert withdraw()
    with pytest.raises(PasswordLinkNotValid):
        use(people, token)
    trail = people.world.audit_trail()
    before, after = json.loads(trail[-1].before or ""), json.loads(trail[-1].after or "")
    assert before["password_link_end_time"] == people.world.now + PASSWORD_LINK_SECONDS
    assert after["password_link_end_time"] is None
    assert not withdraw()
    assert len(people.world.audit_trail()) == len(trail)


def test_disabling_ends_the_link_for_good(people: People) -> None:
    uma = people.user("uma")
    token = link_of(people, uma)
    spec = PortalUserSpec(name="uma", enabled=False)
    people.operate(lambda work: users.update_user(work, uma.id, spec))
    with pytest.raises(PasswordLinkNotValid):
        use(people, token)
    with pytest.raises(Forbidden, match="disabled"):
        link_of(people, uma)
    people.operate(lambda work: users.update_user(work, uma.id, replace(spec, enabled=True)))
    with pytest.raises(PasswordLinkNotValid):
        use(people, token)


def test_deleting_and_another_password_end_the_link(people: People) -> None:
    uma, bo = people.user("uma"), people.user("bo")
    deleted, changed = link_of(people, uma), link_of(people, bo)
    people.operate(lambda work: users.delete_user(work, uma.id))
    people.operate(lambda work: users.set_user_password(work, bo.id, f"plain${PASSWORD}"))
    for token in (deleted, changed):
        with pytest.raises(PasswordLinkNotValid):
            use(people, token)


def test_a_link_belongs_to_its_tenant_and_kind(people: People) -> None:
    people.administrator("ada")
    vic = people.administrator("vic")
    other = People(World(people.world.store))
    token = link_of(people, people.user("uma"))
    admin_token = people.as_administrator(
        "ada", lambda work: password_links.create_administrator_link(work, vic.id)
    ).token

    with pytest.raises(PasswordLinkNotValid):
        use(other, token)
    with pytest.raises(PasswordLinkNotValid):
        use(people, admin_token)
    with pytest.raises(PasswordLinkNotValid):
        use_as_administrator(people, token)
    with pytest.raises(NotFound):
        link_of(other, people.user("bo"))
    use(people, token)
    use_as_administrator(people, admin_token)
    assert people.enter_console("vic", NEW)


def test_two_at_once_use_a_link_once(people: People) -> None:
    token = link_of(people, people.user("uma"))
    browser = Browser(address=ADDRESS)

    async def both() -> list[BaseException | None]:
        return await asyncio.gather(
            *(
                password_links.set_user_password_by_link(
                    people.runtime,
                    people.world.tenant.id,
                    token,
                    f"{NEW} {number}",
                    browser,
                    transaction_id=str(number),
                )
                for number in range(2)
            ),
            return_exceptions=True,
        )

    assert sorted(each is None for each in people.world.store.run(both())) == [False, True]


def test_guessing_counts_for_the_address(people: People) -> None:
    token = link_of(people, people.user("uma"))
    for number in range(WIDE_FAILURES):
        with pytest.raises(PasswordLinkNotValid):
            use(people, f"guess {number}")
    with pytest.raises(LockedOut):
        use(people, token)
    use(people, token, address="192.0.2.200")


def test_the_token_is_stored_and_audited_nowhere(people: People) -> None:
    uma = people.user("uma")
    token = link_of(people, uma)
    stored = people.operate(lambda work: password_links.find_user_link(work, uma.id))
    use(people, token)

    assert stored is not None
    assert stored.digest == token_digest(token)
    for entry in people.world.audit_trail():
        for text in (entry.before, entry.after):
            assert token not in text
            assert token_digest(token) not in text
            assert "hash" not in text
    made = people.world.audit_trail()[-2]
    assert json.loads(made.after)["password_link_end_time"] == stored.expires


def test_who_makes_links(people: People) -> None:
    uma, ada = people.user("uma"), people.administrator("ada")
    people.administrator("vic", GrantSpec(role=Role.VIEWER))
    with pytest.raises(Forbidden):
        people.as_administrator("vic", lambda work: password_links.create_user_link(work, uma.id))
    with pytest.raises(Forbidden):
        people.as_administrator(
            "vic", lambda work: password_links.create_administrator_link(work, ada.id)
        )
    with pytest.raises(Forbidden, match="another one can"):
        people.as_administrator(
            "ada", lambda work: password_links.create_administrator_link(work, ada.id)
        )


def test_a_disabled_administrator_and_one_without_roles_have_no_link(people: People) -> None:
    people.administrator("ada")
    vic, eve = people.administrator("vic"), people.administrator("eve")
    links = [
        people.operate(partial(password_links.create_administrator_link, administrator_id=each.id))
        for each in (vic, eve)
    ]
    people.operate(lambda work: administrators.set_grants(work, eve.id, []))
    people.operate(lambda work: administrators.disable_administrator(work, vic.id))
    for made in links:
        with pytest.raises(PasswordLinkNotValid):
            use_as_administrator(people, made.token)
    people.operate(lambda work: administrators.enable_administrator(work, vic.id))
    with pytest.raises(PasswordLinkNotValid):
        use_as_administrator(people, links[0].token)
