"""An administrator's own password: proven under the lock-out, changed whatever the role."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portico.domain.errors import AccessDenied, Forbidden, LockedOut, NotFound
from portico.domain.people.administrators import GrantSpec
from portico.domain.tenancy.identity import Role
from portico.services.people.administrators import set_own_password
from portico.services.people.sign_in import Browser, prove_password
from portico.services.work import UnitOfWork
from tests.services.people.people import ADDRESS, PASSWORD, People

NEW = "another long password"


@pytest.mark.parametrize("role", list(Role))
def test_own_password_is_replaced_and_other_sessions_end(people: People, role: Role) -> None:
    people.administrator("ada", GrantSpec(role=role))
    kept, other = people.enter_console("ada"), people.enter_console("ada")

    people.as_administrator(
        "ada",
        lambda work: set_own_password(work, f"plain${NEW}", exempt_session=kept.session.digest),
    )

    assert people.console(kept.token) is not None
    assert people.console(other.token) is None
    assert people.enter_console("ada", NEW).token
    with pytest.raises(AccessDenied):
        people.enter_console("ada")
    entry = people.world.audit_trail()[-1]
    assert (entry.object_type, entry.object_name) == ("administrator", people.named("ada"))
    assert NEW not in entry.before + entry.after


def test_who_has_no_password_gets_none(people: People) -> None:
    people.administrator("ada")
    made = people.administrator("uno", password="")

    async def become_without(work: UnitOfWork) -> None:
        work = replace(work, principal=replace(work.principal, actor_id=made.id))
        await set_own_password(work, f"plain${NEW}", exempt_session="")

    with pytest.raises(Forbidden, match="no password"):
        people.as_administrator("ada", become_without)
    with pytest.raises(NotFound):
        people.world.admin.change(lambda work: set_own_password(work, "x", exempt_session=""))


def test_present_password_is_asked_for_under_the_lock_out(people: People) -> None:
    people.administrator("ada")
    signed_in = people.console(people.enter_console("ada").token)
    assert signed_in is not None

    def prove(password: str) -> None:
        people.world.store.run(
            prove_password(
                people.runtime, signed_in.administrator, password, Browser(address=ADDRESS)
            )
        )

    for _ in range(4):
        with pytest.raises(AccessDenied):
            prove("wrong password here")
    prove(PASSWORD)
    for _ in range(5):
        with pytest.raises(AccessDenied) as refusal:
            prove("wrong password here")
        assert not isinstance(refusal.value, LockedOut)
    for attempt in (lambda: prove(PASSWORD), lambda: people.enter_console("ada")):
        with pytest.raises(LockedOut):
            attempt()
