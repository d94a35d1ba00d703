"""Second factors: signing in with them, guessing them, requiring, removing and resetting them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from portico.domain.audit import Action
from portico.domain.errors import AccessDenied, Forbidden, InvalidInput, LockedOut, NotFound
from portico.domain.people.administrators import Administrator, GrantSpec
from portico.domain.people.second_factors import (
    FactorMethod,
    NewFactor,
    SecondFactor,
    new_totp_secret,
    totp_code,
)
from portico.domain.people.sessions import ConsoleSession, ProvenBy
from portico.domain.tenancy.identity import Role
from portico.services.access import open_work
from portico.services.people import administrators
from portico.services.people import second_factors as factors
from portico.services.people.console_access import administrator_access
from portico.services.people.passkeys import (
    PasskeyRefused,
    RelyingParty,
    registration_options,
    request_options,
    verify_registration,
    verify_use,
)
from portico.services.people.password_proofs import PROOF_SECONDS, NewPasswordProof
from portico.services.people.second_factor_sign_in import (
    Answer,
    PasswordProofExpired,
    find_pending_sign_in,
    finish_sign_in,
    set_up_and_sign_in,
)
from portico.services.people.sessions import NewSession, SignedInAdministrator
from portico.services.people.sign_in import Browser, sign_in_administrator
from portico.services.work import UnitOfWork
from portico.storage.people.second_factors import SecondFactors
from tests.services.people.authenticators import SoftwareKey
from tests.services.people.people import PASSWORD, People
from tests.services.world import World

HERE = RelyingParty(host="links.example.com", origin="https://links.example.com")
BROWSER = Browser(address="192.0.2.1", token="the form token of this browser")
FOREIGN = replace(BROWSER, token="the form token of another browser")


@dataclass
class Guard:
    """An administrator with second factors, in the tenant of a world."""

    people: People
    administrator: Administrator
    secret: str = ""
    codes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name without the tenant's id."""
        return self.administrator.name.rpartition(" ")[0]

    def now(self, skew: int = 0) -> str:
        """The code that the app shows."""
        return totp_code(self.secret, int(self.people.world.now) // 30 + skew)

    def wait(self, seconds: int = 30) -> None:
        """Lets time pass, so that the app shows another code."""
        self.people.world.now += seconds

    def prove(self, browser: Browser = BROWSER) -> str:
        """The token of a proof of the password."""
        opened = self.people.world.store.run(
            sign_in_administrator(self.people.runtime, self.administrator.name, PASSWORD, browser)
        )
        assert isinstance(opened, NewPasswordProof)
        return opened.token

    def answer(
        self,
        token: str,
        browser: Browser = BROWSER,
        *,
        code: str = "",
        recovery_code: str = "",
        passkey: str = "",
        party: RelyingParty = HERE,
    ) -> NewSession[ConsoleSession]:
        """The session that an answer opens."""
        given = Answer(code=code, recovery_code=recovery_code, passkey=passkey, party=party)
        return self.people.world.store.run(
            finish_sign_in(self.people.runtime, token, browser, given, transaction_id="second")
        )

    def enter(self, *, code: str = "", recovery_code: str = "") -> SignedInAdministrator:
        """Signs in with the password and a code."""
        opened = self.answer(self.prove(), code=code, recovery_code=recovery_code)
        found = self.people.console(opened.token)
        assert found is not None
        return found

    def change(self, use_case: Callable[[UnitOfWork], object]) -> None:
        """Runs a use-case as the administrator, who is signed in by a code."""
        self.wait()
        _run_as(self.people, self.enter(code=self.now()), use_case)

    def factors(self) -> list[SecondFactor]:
        """The stored factors."""
        cipher = self.people.runtime.cipher
        return self.people.world.store.read(
            lambda each: SecondFactors(each, cipher).of(self.administrator.id)
        )

    def challenge(self, token: str) -> str:
        """What a passkey must sign."""
        pending = self.people.world.store.run(
            find_pending_sign_in(self.people.runtime, token, BROWSER, transaction_id="x")
        )
        return pending.prover.proof.challenge


def _run_as(
    people: People, signed_in: SignedInAdministrator, use_case: Callable[[UnitOfWork], object]
) -> None:
    async def run() -> None:
        database = people.world.store.database
        async with database.read() as connection:
            granted = await administrator_access(connection, signed_in)
        async with database.write(granted.tenant.id) as connection:
            work = open_work(people.runtime, connection, granted, transaction_id="console")
            await use_case(work)  # type: ignore[misc]  # use-cases of several results

    people.world.store.run(run())


@pytest.fixture
def people(world: World) -> People:
    """The people of a tenant of this test alone."""
    return People(world)


@pytest.fixture
def guard(people: People) -> Guard:
    """An administrator with an authenticator app."""
    return protect(people, "ada")


def protect(people: People, name: str, *grants: GrantSpec) -> Guard:
    """A new administrator who has set up an authenticator app."""
    made = Guard(people, people.administrator(name, *grants), secret=new_totp_secret())
    signed_in = people.console(people.enter_console(name).token)
    assert signed_in is not None
    app = new_app(made.secret)
    kept: list[factors.AddedFactor] = []

    async def add(work: UnitOfWork) -> None:
        session = signed_in.session.digest
        added = await factors.add_factor(work, people.runtime.cipher, app, session=session)
        kept.append(added)

    _run_as(people, signed_in, add)
    made.codes = kept[0].recovery_codes
    return made


def new_app(secret: str, name: str = "Phone") -> NewFactor:
    """An authenticator app whose codes are all unused."""
    return NewFactor(method=FactorMethod.APP, name=name, secret=secret, counter=0)


def new_passkey(key: SoftwareKey, people: People) -> NewFactor:
    """A verified new passkey."""
    answer = key.create("a challenge")
    made = people.world.store.run(verify_registration(HERE, "a challenge", answer))
    return NewFactor(
        method=FactorMethod.PASSKEY,
        name="Key",
        secret=made.data,
        counter=made.counter,
        host=HERE.host,
        credential_id=made.credential_id,
    )


def require(people: People) -> None:
    """Requires a second factor in the tenant, as an administrator who has one."""
    chief = protect(people, "chief")
    require_as(people, chief.enter(code=chief.now()))


def require_as(people: People, signed_in: SignedInAdministrator, *, required: bool = True) -> None:
    """Requires a second factor in the tenant, or no longer, as somebody."""
    _run_as(
        people,
        signed_in,
        lambda work: factors.require_second_factor(work, signed_in, required=required),
    )


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

    _run_as(
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
            _run_as(
                people,
                signed_in,
                lambda work: factors.renew_recovery_codes(work, cipher),
            )


def protect_at_sign_in(people: People, name: str) -> Guard:
    """A new administrator who sets up an app at the first sign-in, because it is required."""
    made = Guard(people, people.administrator(name), secret=new_totp_secret())
    _, added = people.world.store.run(
        set_up_and_sign_in(
            people.runtime, made.prove(), BROWSER, new_app(made.secret), transaction_id="x"
        )
    )
    made.codes = added.recovery_codes
    return made


def test_only_the_operator_resets(guard: Guard) -> None:
    people, cipher = guard.people, guard.people.runtime.cipher
    signed_in = guard.enter(code=guard.now())
    with pytest.raises(Forbidden):
        _run_as(
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


class TestPasskeys:
    """Passkeys in software. The browser's own are in the tests of the console."""

    @pytest.fixture
    def key(self, guard: Guard) -> SoftwareKey:
        """A passkey of the administrator."""
        key = SoftwareKey(HERE.origin, HERE.host)
        passkey = new_passkey(key, guard.people)
        cipher = guard.people.runtime.cipher
        guard.change(lambda work: factors.add_factor(work, cipher, passkey))
        return key

    def test_it_completes_the_sign_in(self, guard: Guard, key: SoftwareKey) -> None:
        token = guard.prove()
        answer = key.get(guard.challenge(token))

        guard.answer(token, passkey=answer)

        stored = guard.factors()[1]
        assert (stored.counter, stored.last_used) == (1, int(guard.people.world.now))
        with pytest.raises(AccessDenied):
            guard.answer(guard.prove(), passkey=answer)

    def test_a_key_that_does_not_count_works_again(self, guard: Guard, key: SoftwareKey) -> None:
        key.counts = False
        for _ in range(2):
            token = guard.prove()
            guard.answer(token, passkey=key.get(guard.challenge(token)))

    def test_a_copied_key_is_refused(self, guard: Guard, key: SoftwareKey) -> None:
        token = guard.prove()
        guard.answer(token, passkey=key.get(guard.challenge(token)))

        key.counter = 0
        token = guard.prove()
        with pytest.raises(PasskeyRefused):
            guard.answer(token, passkey=key.get(guard.challenge(token)))

    def test_another_page_key_or_challenge_is_refused(self, guard: Guard, key: SoftwareKey) -> None:
        token = guard.prove()
        challenge = guard.challenge(token)
        phished = replace(key, origin="https://links.example.com.evil.example")
        elsewhere = replace(key, host="evil.example")
        forged = SoftwareKey(HERE.origin, HERE.host, credential_id=key.credential_id)
        stranger = SoftwareKey(HERE.origin, HERE.host)
        for wrong, signed in (
            (phished, challenge),
            (elsewhere, challenge),
            (forged, challenge),
            (stranger, challenge),
            (key, "another challenge"),
        ):
            guard.wait(3_700)
            token = guard.prove()
            signed = guard.challenge(token) if signed == challenge else signed
            with pytest.raises(PasskeyRefused):
                guard.answer(token, passkey=wrong.get(signed))
        guard.wait(3_700)
        token = guard.prove()
        other = RelyingParty(host="other.example.com", origin="https://other.example.com")
        answer = key.get(guard.challenge(token))
        with pytest.raises(PasskeyRefused):
            guard.answer(token, party=other, passkey=answer)

    def test_nobody_sets_up_the_same_one_again(self, guard: Guard, key: SoftwareKey) -> None:
        cipher, again = guard.people.runtime.cipher, new_passkey(key, guard.people)

        with pytest.raises(InvalidInput, match="set up already"):
            guard.change(lambda work: factors.add_factor(work, cipher, again))

    def test_options_name_the_passkeys_of_the_person(self, guard: Guard, key: SoftwareKey) -> None:
        stored = guard.factors()[1:]
        run = guard.people.world.store.run
        request = run(request_options(HERE, stored, "a long challenge"))
        creation = run(registration_options(HERE, guard.administrator, stored, "a long challenge"))

        for options, name in ((request, "allowCredentials"), (creation, "excludeCredentials")):
            assert [each["id"] for each in options[name]] == [stored[0].credential_id]
            assert options["challenge"] == "YSBsb25nIGNoYWxsZW5nZQ"
        assert request["rpId"] == creation["rp"]["id"] == HERE.host
        assert creation["user"]["name"] == guard.administrator.name


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "{",
        "[" * 50_000,
        '"x"',
        "{}",
        '{"rawId": 7, "response": {}}',
        '{"id": "x", "rawId": "AAAA", "response": {"clientDataJSON": "AAAA"}}',
        json.dumps(
            {
                "rawId": "AAAA",
                "response": {"clientDataJSON": "e30", "attestationObject": "n5+f" * 999},
            }
        ),
        json.dumps(
            {
                "rawId": "AAAA",
                "response": {
                    "clientDataJSON": "e30",
                    "authenticatorData": "AAAA",
                    "signature": "AAAA",
                },
            }
        ),
        "x" * 70_000,
    ],
)
def test_malformed_answers_of_a_browser_are_refused(people: People, answer: str) -> None:
    factor = SecondFactor(
        id=1, administrator_id=1, method=FactorMethod.PASSKEY, name="Key", credential_id="AAAA"
    )
    with pytest.raises(PasskeyRefused):
        people.world.store.run(verify_registration(HERE, "challenge", answer))
    with pytest.raises(PasskeyRefused):
        people.world.store.run(verify_use(HERE, "challenge", answer, [(factor, "AAAA")]))
