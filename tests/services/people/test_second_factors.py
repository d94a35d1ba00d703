"""Second factors: signing in with them, guessing them, requiring, removing and resetting them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from sqlalchemy import update

from portico.domain.audit import Action
from portico.domain.errors import AccessDenied, Forbidden, InvalidInput, LockedOut, NotFound
from portico.domain.people.administrators import GrantSpec
from portico.domain.people.second_factors import (
    FactorMethod,
    new_totp_secret,
)
from portico.domain.people.sessions import ProvenBy
from portico.domain.tenancy.identity import Role
from portico.services.people import administrators
from portico.services.people import second_factors as factors
from portico.services.people.password_proofs import PROOF_SECONDS
from portico.services.people.second_factor_sign_in import (
    PasswordProofExpired,
    set_up_and_sign_in,
)
from portico.services.work import UnitOfWork
from portico.storage.people.second_factors import SecondFactors
from portico.storage.schema.people_tables import second_factor
from tests.services.people.authenticators import SoftwareKey
from tests.services.people.guards import (
    BROWSER,
    FOREIGN,
    HERE,
    Guard,
    new_app,
    new_passkey,
    protect,
    protect_at_sign_in,
    require,
    require_as,
    run_as,
)
from tests.services.people.people import PASSWORD, People


def test_a_code_completes_the_sign_in_and_works_once(guard: Guard) -> None:
    code = guard.now()
    signed_in = guard.enter(code=code)

    assert signed_in.session.proven_by is ProvenBy.SECOND_FACTOR
    assert signed_in.administrator.last_sign_in == int(guard.people.world.now)
    assert guard.factors()[0].last_used == int(guard.people.world.now)
    with pytest.raises(AccessDenied):
        guard.enter(code=code)
    with pytest.raises(AccessDenied):
        guard.enter(code=guard.now(-1))
    guard.enter(code=guard.now(1))


def test_without_a_second_factor_the_password_is_enough(people: People) -> None:
    people.administrator("eve")

    assert people.enter_console("eve").session.proven_by is ProvenBy.PASSWORD


@pytest.mark.parametrize("code", ["", "000000", "x", "\ud800", "9" * 5_000])
def test_a_wrong_code_opens_nothing(guard: Guard, code: str) -> None:
    token = guard.prove()

    with pytest.raises(AccessDenied):
        guard.answer(token, code=code)
    guard.answer(token, code=guard.now())


def test_a_stolen_proof_is_worthless_elsewhere(guard: Guard) -> None:
    token = guard.prove()

    for browser in (FOREIGN, replace(BROWSER, token="")):
        with pytest.raises(PasswordProofExpired):
            guard.answer(token, browser, code=guard.now())
    with pytest.raises(PasswordProofExpired):
        guard.answer("guessed", code=guard.now())
    assert guard.people.console(token) is None


def test_a_proof_ends_with_its_use_its_time_and_its_password(guard: Guard) -> None:
    used, late, changed, disabled = (guard.prove() for _ in range(4))
    guard.answer(used, code=guard.now())
    with pytest.raises(PasswordProofExpired):
        guard.answer(used, code=guard.now(1))

    guard.people.operate(
        lambda work: administrators.set_administrator_password(
            work, guard.administrator.id, "plain$another password"
        )
    )
    with pytest.raises(PasswordProofExpired):
        guard.answer(changed, code=guard.now(1))
    back = f"plain${PASSWORD}"
    guard.people.operate(
        lambda work: administrators.set_administrator_password(work, guard.administrator.id, back)
    )
    guard.people.operate(
        lambda work: administrators.disable_administrator(work, guard.administrator.id)
    )
    with pytest.raises(PasswordProofExpired):
        guard.answer(disabled, code=guard.now(1))
    guard.people.operate(
        lambda work: administrators.enable_administrator(work, guard.administrator.id)
    )
    guard.wait(PROOF_SECONDS)
    with pytest.raises(PasswordProofExpired):
        guard.answer(late, code=guard.now())


def test_guessing_codes_locks_and_the_right_password_does_not_help(guard: Guard) -> None:
    for _ in range(5):
        token = guard.prove()
        with pytest.raises(AccessDenied):
            guard.answer(token, code="000000")
    with pytest.raises(LockedOut):
        guard.enter(code=guard.now())
    with pytest.raises(LockedOut):
        guard.enter(recovery_code=guard.codes[0])

    guard.wait(61)
    guard.enter(code=guard.now())
    guard.wait()
    for _ in range(4):
        with pytest.raises(AccessDenied):
            guard.enter(code="000000")
    guard.enter(code=guard.now())


def test_a_recovery_code_works_once_and_is_audited_without_it(guard: Guard) -> None:
    typed = guard.codes[3].upper().replace("-", " ")
    guard.enter(recovery_code=typed)

    with pytest.raises(AccessDenied):
        guard.enter(recovery_code=guard.codes[3])
    guard.enter(recovery_code=guard.codes[4])
    trail = guard.people.world.audit_trail()
    used = [each for each in trail if each.object_type == "recoveryCodes"]
    left = [json.loads(each.after)["left"] for each in used]
    assert left == [10, 9, 8]
    assert {each.actor_id for each in used} == {guard.administrator.id}
    written = "".join(f"{each.before}{each.after}" for each in trail)
    assert guard.secret not in written
    assert not any(each in written for each in guard.codes)


def test_new_recovery_codes_replace_the_old_ones(guard: Guard) -> None:
    fresh: list[str] = []

    async def renew(work: UnitOfWork) -> None:
        fresh.extend(await factors.renew_recovery_codes(work, guard.people.runtime.cipher))

    guard.change(renew)

    with pytest.raises(AccessDenied):
        guard.enter(recovery_code=guard.codes[0])
    guard.enter(recovery_code=fresh[0])


def test_the_first_factor_ends_other_sessions(people: People) -> None:
    people.administrator("bea")
    elsewhere, own = people.enter_console("bea"), people.enter_console("bea")
    signed_in = people.console(own.token)
    assert signed_in is not None
    app = new_app(new_totp_secret())

    run_as(
        people,
        signed_in,
        lambda work: factors.add_factor(
            work, people.runtime.cipher, app, session=signed_in.session.digest
        ),
    )

    assert people.console(elsewhere.token) is None
    still = people.console(own.token)
    assert still is not None
    assert still.session.proven_by is ProvenBy.SECOND_FACTOR


def test_an_unreadable_factor_does_not_hinder_the_others(
    guard: Guard, caplog: pytest.LogCaptureFixture
) -> None:
    tablet, cipher = new_totp_secret(), guard.people.runtime.cipher
    guard.change(lambda work: factors.add_factor(work, cipher, new_app(tablet, "Tablet")))
    (phone, _) = guard.factors()
    spoiled = update(second_factor).where(second_factor.c.id == phone.id).values(secret="v1.0.A")

    async def spoil() -> None:
        async with guard.people.world.store.database.transaction() as connection:
            await connection.run(spoiled)

    guard.people.world.store.run(spoil())
    with pytest.raises(AccessDenied):
        guard.enter(code=guard.now())
    assert f"Second factor {phone.id} cannot be used." in caplog.text
    guard.secret = tablet
    guard.enter(code=guard.now())


def test_secrets_are_stored_encrypted(guard: Guard) -> None:
    (app,) = guard.factors()
    cipher = guard.people.runtime.cipher

    assert guard.secret not in str(app)
    stored = guard.people.world.store.read(lambda each: SecondFactors(each, cipher).secret(app))
    assert stored == guard.secret


class TestRequired:
    """A tenant requires a second factor of its administrators."""

    def test_whoever_has_none_sets_one_up_before_the_session(self, people: People) -> None:
        people.administrator("bea")
        before = people.enter_console("bea")
        require(people)
        bea = Guard(people, people.administrator("cleo"), secret=new_totp_secret())

        assert people.console(before.token) is None
        token = bea.prove()
        with pytest.raises(AccessDenied):
            bea.answer(token, code="000000")
        opened, added = people.world.store.run(
            set_up_and_sign_in(
                people.runtime, token, BROWSER, new_app(bea.secret), transaction_id="x"
            )
        )

        assert people.console(opened.token) is not None
        assert len(added.recovery_codes) == 10
        bea.enter(code=bea.now())

    def test_nobody_sets_one_up_in_place_of_the_code(self, people: People) -> None:
        require(people)
        guard = protect_at_sign_in(people, "bea")

        for browser in (BROWSER, FOREIGN):
            with pytest.raises(PasswordProofExpired):
                people.world.store.run(
                    set_up_and_sign_in(
                        people.runtime,
                        guard.prove(),
                        browser,
                        new_app(new_totp_secret()),
                        transaction_id="x",
                    )
                )

    def test_the_last_factor_stays(self, people: People) -> None:
        require(people)
        guard = protect_at_sign_in(people, "bea")
        cipher, key = people.runtime.cipher, SoftwareKey(HERE.origin, HERE.host)
        (app,) = guard.factors()

        with pytest.raises(InvalidInput, match="last second factor"):
            guard.change(lambda work: factors.remove_factor(work, cipher, app.id))
        passkey = new_passkey(key, people)
        guard.change(lambda work: factors.add_factor(work, cipher, passkey))
        guard.change(lambda work: factors.remove_factor(work, cipher, app.id))

        assert [each.method for each in guard.factors()] == [FactorMethod.PASSKEY]

    def test_who_has_none_cannot_require_it(self, people: People) -> None:
        people.administrator("bea")
        signed_in = people.console(people.enter_console("bea").token)
        assert signed_in is not None

        with pytest.raises(InvalidInput, match="of your own first"):
            require_as(people, signed_in)

    def test_viewers_and_those_of_one_microtenant_cannot_require_it(self, people: People) -> None:
        east = people.world.microtenant()
        grants = {
            "vera": GrantSpec(role=Role.VIEWER),
            "mia": GrantSpec(role=Role.ADMIN, microtenant_id=east.id),
        }
        for name, grant in grants.items():
            guard = protect(people, name, grant)
            with pytest.raises(Forbidden):
                require_as(people, guard.enter(code=guard.now()))

    def test_it_can_be_made_optional_again(self, people: People) -> None:
        require(people)
        guard = protect_at_sign_in(people, "bea")
        signed_in = guard.enter(recovery_code=guard.codes[0])
        cipher = people.runtime.cipher
        (app,) = guard.factors()

        require_as(people, signed_in, required=False)
        guard.change(lambda work: factors.remove_factor(work, cipher, app.id))

        assert people.enter_console("bea").session.proven_by is ProvenBy.PASSWORD
        with pytest.raises(InvalidInput):
            run_as(
                people,
                signed_in,
                lambda work: factors.renew_recovery_codes(work, cipher),
            )


def test_only_the_operator_resets(guard: Guard) -> None:
    people, cipher = guard.people, guard.people.runtime.cipher
    signed_in = guard.enter(code=guard.now())
    with pytest.raises(Forbidden):
        run_as(
            people,
            signed_in,
            lambda work: factors.reset_second_factors(work, cipher, guard.administrator),
        )

    pending = guard.prove()
    count = people.operate(
        lambda work: factors.reset_second_factors(work, cipher, guard.administrator)
    )

    assert count == 1
    assert guard.factors() == []
    with pytest.raises(PasswordProofExpired):
        guard.answer(pending, recovery_code=guard.codes[0])
    people.enter_console("ada")
    deleted = [each for each in people.world.audit_trail() if each.action is Action.DELETE]
    assert {each.object_type for each in deleted} == {"secondFactor", "recoveryCodes"}
    assert {each.actor_id for each in deleted} == {0}


def test_factors_go_with_the_administrator(guard: Guard) -> None:
    guard.people.administrator("bea")

    guard.people.operate(
        lambda work: administrators.delete_administrator(work, guard.administrator.id)
    )

    assert guard.factors() == []


def test_nobody_removes_the_factor_of_another(people: People) -> None:
    ada, bea = protect(people, "ada"), protect(people, "bea")
    (app,) = ada.factors()

    with pytest.raises(NotFound):
        bea.change(lambda work: factors.remove_factor(work, people.runtime.cipher, app.id))
