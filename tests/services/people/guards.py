"""Administrators with second factors, for the tests of services."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from portico.domain.people.administrators import Administrator, GrantSpec
from portico.domain.people.second_factors import (
    FactorMethod,
    NewFactor,
    SecondFactor,
    new_totp_secret,
    totp_code,
)
from portico.domain.people.sessions import ConsoleSession
from portico.services.access import open_work
from portico.services.people import second_factors as factors
from portico.services.people.console_access import administrator_access
from portico.services.people.passkeys import (
    RelyingParty,
    verify_registration,
)
from portico.services.people.password_proofs import NewPasswordProof
from portico.services.people.second_factor_sign_in import (
    Answer,
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
        run_as(self.people, self.enter(code=self.now()), use_case)

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


def run_as(
    people: People, signed_in: SignedInAdministrator, use_case: Callable[[UnitOfWork], object]
) -> None:
    """Runs a use-case as somebody who is signed in."""

    async def run() -> None:
        database = people.world.store.database
        async with database.read() as connection:
            granted = await administrator_access(connection, signed_in)
        async with database.write(granted.tenant.id) as connection:
            work = open_work(people.runtime, connection, granted, transaction_id="console")
            await use_case(work)  # type: ignore[misc]  # use-cases of several results

    people.world.store.run(run())


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

    run_as(people, signed_in, add)
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
    run_as(
        people,
        signed_in,
        lambda work: factors.require_second_factor(work, signed_in, required=required),
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
