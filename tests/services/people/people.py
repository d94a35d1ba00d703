"""A tenant with people in it, and what its doors do for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.people.sessions import ConsoleSession, PortalSession
from portico.domain.people.users import PortalUser, PortalUserSpec
from portico.domain.portals.portals import UserPortal, UserPortalSpec
from portico.domain.tenancy.identity import Role
from portico.services.access import open_work, operator_writing
from portico.services.password_queue import PasswordQueue
from portico.services.people import administrators, users
from portico.services.people.administrators import GrantedAdministrator
from portico.services.people.console_access import administrator_access
from portico.services.people.sessions import (
    NewSession,
    SignedInAdministrator,
    SignedInUser,
    find_console_session,
    find_portal_session,
)
from portico.services.people.sign_in import Browser, sign_in_administrator, sign_in_user
from portico.services.portals import portals
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from tests.services.world import SUFFIX, World

T = TypeVar("T")

PASSWORD = "correct horse battery"
ADDRESS = "192.0.2.1"


class PlainPasswords:
    """Passwords as they are: the slow hash is tested by itself. Counts how often it is asked."""

    def __init__(self) -> None:
        self.verified = 0

    async def hash(self, password: str) -> str:
        """The password with a mark."""
        return f"plain${password}"

    async def verify(self, stored: str, password: str) -> bool:
        """Whether it is that password."""
        self.verified += 1
        return bool(stored) and stored == f"plain${password}"


class People:
    """The people of a world's tenant. `runtime` shows the world's clock."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.passwords = PlainPasswords()
        self.queue = PasswordQueue(at_once=2)

    @property
    def runtime(self) -> Runtime:
        """What signing in needs."""
        return replace(self.world.runtime, passwords=self.passwords, password_queue=self.queue)

    def operate(
        self, use_case: Callable[[UnitOfWork], Awaitable[T]], customer_id: int | None = None
    ) -> T:
        """The result of a use-case that the operator runs."""

        async def run() -> T:
            tenant_id = customer_id or self.world.tenant.id
            async with operator_writing(self.world.runtime, tenant_id) as work:
                return await use_case(work)

        return self.world.store.run(run())

    def administrator(
        self,
        name: str,
        *grants: GrantSpec,
        email: str = "",
        password: str = PASSWORD,
    ) -> GrantedAdministrator:
        """A new administrator, of the whole tenant without grants. Names get the tenant's id."""
        spec = AdministratorSpec(name=self.named(name), email=email)
        wanted = list(grants) or [GrantSpec(role=Role.ADMIN)]
        stored = f"plain${password}" if password else ""
        return self.operate(
            lambda work: administrators.create_administrator(work, spec, wanted, stored)
        )

    def named(self, name: str) -> str:
        """A name that no other test gives an administrator of the same database."""
        return f"{name} {self.world.tenant.id}"

    def user(self, name: str = "uma", *group_ids: int, password: str = PASSWORD) -> PortalUser:
        """A new portal user."""
        spec = PortalUserSpec(name=name, group_ids=group_ids)
        return self.operate(lambda work: users.create_user(work, spec, f"plain${password}"))

    def portal(self, microtenant_id: int | None = None, name: str = "Staff") -> UserPortal:
        """A new enabled portal."""
        spec = UserPortalSpec(name=name, enabled=True)
        caller = self.world.admin.asking_for(microtenant_id=microtenant_id)
        return caller.change(lambda work: portals.create_portal(work, spec, managed_suffix=SUFFIX))

    def enter_console(
        self, name: str, password: str = PASSWORD, address: str = ADDRESS, device: str = ""
    ) -> NewSession[ConsoleSession]:
        """Signs an administrator in."""
        browser = Browser(address=address, device=device)
        opened = self.world.store.run(
            sign_in_administrator(self.runtime, self.named(name), password, browser)
        )
        assert isinstance(opened, NewSession)
        return opened

    def enter_portal(
        self,
        name: str = "uma",
        password: str = PASSWORD,
        address: str = ADDRESS,
        device: str = "",
    ) -> NewSession[PortalSession]:
        """Signs a user in."""
        browser = Browser(address=address, device=device)
        return self.world.store.run(
            sign_in_user(self.runtime, self.world.tenant.id, name, password, browser)
        )

    def console(self, token: str) -> SignedInAdministrator | None:
        """Who has the token."""
        return self.world.store.run(find_console_session(self.runtime, token))

    def visitor(self, token: str, customer_id: int | None = None) -> SignedInUser | None:
        """Who has the token in a tenant."""
        tenant_id = customer_id or self.world.tenant.id
        return self.world.store.run(find_portal_session(self.runtime, tenant_id, token))

    def as_administrator(
        self,
        name: str,
        use_case: Callable[[UnitOfWork], Awaitable[T]],
        *,
        customer_id: int | None = None,
        microtenant_id: int | None = None,
    ) -> T:
        """The result of a use-case that an administrator runs in the console."""
        signed_in = self.console(self.enter_console(name).token)
        assert signed_in is not None

        async def run() -> T:
            database = self.world.store.database
            async with database.read() as connection:
                granted = await administrator_access(
                    connection, signed_in, customer_id, microtenant_id
                )
            async with database.write(granted.tenant.id) as connection:
                return await use_case(
                    open_work(self.world.runtime, connection, granted, transaction_id="console")
                )

        return self.world.store.run(run())
