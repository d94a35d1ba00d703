"""Use-cases of password links: made for a person, who sets a password with it, once.

Nobody can look a link up later: its token is returned when it is made, and only a digest is stored.
A link that was used, replaced or withdrawn, that has expired or belongs to another tenant is
answered like one that never was.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from portico.domain.errors import Forbidden, PasswordLinkNotValid
from portico.domain.people.administrators import KIND as ADMINISTRATOR_KIND
from portico.domain.people.administrators import Administrator
from portico.domain.people.password_links import PASSWORD_LINK_SECONDS, PasswordLink
from portico.domain.people.passwords import check_password
from portico.domain.people.sessions import new_token, token_digest
from portico.domain.people.users import KIND as USER_KIND
from portico.domain.people.users import PortalUser
from portico.domain.records import Scope
from portico.domain.tenancy.identity import Principal, Role
from portico.services import recording
from portico.services.access import open_work, require_admin, scope_access
from portico.services.people import administrators, users
from portico.services.people.sign_in import CONSOLE, Browser, attempt_by_link
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork
from portico.storage.engine.connections import Connection
from portico.storage.people.administrators import AdministratorRepository
from portico.storage.people.password_links import (
    ConsolePasswordLinks,
    PasswordLinks,
    PortalPasswordLinks,
)
from portico.storage.people.users import PortalUserRepository


@dataclass(frozen=True, kw_only=True)
class NewPasswordLink:
    """A link that was made just now for the account called `name`. Nobody else has its token."""

    name: str
    token: str = field(repr=False)
    expires: int


@dataclass(frozen=True, kw_only=True)
class LinkedUser(PortalUser):
    """A user as the audit trail has it when the end of the password link changes."""

    password_link_end_time: int | None


@dataclass(frozen=True, kw_only=True)
class LinkedAdministrator(Administrator):
    """An administrator as the audit trail has it when the end of the password link changes."""

    password_link_end_time: int | None


async def create_user_link(work: UnitOfWork, user_id: int) -> NewPasswordLink:
    """Make a link by which a user sets a password. It replaces the user's earlier one.

    Raises NotFound, or Forbidden, also for a disabled user.
    """
    require_admin(work)
    user = await users.get_user(work, user_id, lock=True)
    _require_enabled(user.display_name or user.name, enabled=user.enabled)
    links = PortalPasswordLinks(work.connection, work.scope.customer_id)
    return await _create(work, USER_KIND, links, user)


async def create_administrator_link(work: UnitOfWork, administrator_id: int) -> NewPasswordLink:
    """Make a link by which an administrator sets a password. It replaces the earlier one.

    Raises NotFound, or Forbidden, also for a disabled administrator and for oneself.
    """
    stored = await administrators.get_changeable(work, administrator_id)
    administrators.require_other(work, administrator_id, "make a link for itself")
    _require_enabled(stored.display_name or stored.name, enabled=stored.disabled_time is None)
    links = ConsolePasswordLinks(work.connection)
    return await _create(work, ADMINISTRATOR_KIND, links, stored)


async def withdraw_user_link(work: UnitOfWork, user_id: int) -> bool:
    """Delete the unused link of a user. Return False if there is none.

    Raises NotFound or Forbidden.
    """
    require_admin(work)
    user = await users.get_user(work, user_id, lock=True)
    links = PortalPasswordLinks(work.connection, work.scope.customer_id)
    return await _withdraw(work, USER_KIND, links, user)


async def withdraw_administrator_link(work: UnitOfWork, administrator_id: int) -> bool:
    """Delete the unused link of an administrator. Return False if there is none.

    Raises NotFound, or Forbidden, also for oneself.
    """
    stored = await administrators.get_changeable(work, administrator_id)
    administrators.require_other(work, administrator_id, "withdraw its own link")
    return await _withdraw(work, ADMINISTRATOR_KIND, ConsolePasswordLinks(work.connection), stored)


async def find_user_link(work: UnitOfWork, user_id: int) -> PasswordLink | None:
    """Return the link of a user that can still be used, or None. Raises NotFound."""
    await users.get_user(work, user_id)
    links = PortalPasswordLinks(work.connection, work.scope.customer_id)
    return await links.of_account(user_id, work.now)


async def find_administrator_link(work: UnitOfWork, administrator_id: int) -> PasswordLink | None:
    """Return the link of an administrator that can still be used, or None. Raises NotFound."""
    await administrators.get_administrator(work, administrator_id)
    return await ConsolePasswordLinks(work.connection).of_account(administrator_id, work.now)


async def user_of_link(runtime: Runtime, customer_id: int, token: str) -> PortalUser | None:
    """Return the enabled user of a tenant who has a link, or None."""
    async with runtime.database.read(customer_id) as connection:
        links = PortalPasswordLinks(connection, customer_id)
        link = await links.find(token_digest(token), runtime.now)
        repository = PortalUserRepository(connection, Scope(customer_id=customer_id))
        user = await repository.find(link.account_id) if link else None
    return user if user is not None and user.enabled else None


async def administrator_of_link(runtime: Runtime, token: str) -> Administrator | None:
    """Return the enabled administrator who has a link, or None."""
    async with runtime.database.read() as connection:
        links = ConsolePasswordLinks(connection)
        link = await links.find(token_digest(token), runtime.now)
        repository = AdministratorRepository(connection)
        stored = await repository.find(link.account_id) if link else None
    return stored if stored is not None and stored.disabled_time is None else None


async def set_user_password_by_link(
    runtime: Runtime,
    customer_id: int,
    token: str,
    password: str,
    browser: Browser,
    *,
    transaction_id: str,
) -> None:
    """Store the password of the user who has a link, and end the link and all of their sessions.

    Raises InvalidField, PasswordLinkNotValid, LockedOut or TooManySignIns.
    """
    check_password(password)
    # Read before taking a turn: a tenant whose database does not answer must not hold one.
    user = await user_of_link(runtime, customer_id, token)
    async with attempt_by_link(runtime, str(customer_id), browser):
        if user is None:
            raise PasswordLinkNotValid
        password_hash = await runtime.passwords.hash(password)
    async with runtime.database.write(customer_id) as connection:
        users_here = PortalUserRepository(connection, Scope(customer_id=customer_id))
        before = await users_here.find(user.id, lock=True)
        link = await _take(PortalPasswordLinks(connection, customer_id), token, runtime.now)
        if before is None or not before.enabled:
            raise PasswordLinkNotValid
        work = await _own_work(runtime, connection, before.id, customer_id, transaction_id)
        after = await users.replace_password(work, before, password_hash)
        await recording.record_update(
            work, USER_KIND, _with_end(before, link.expires), _with_end(after, None)
        )


async def set_administrator_password_by_link(
    runtime: Runtime, token: str, password: str, browser: Browser, *, transaction_id: str
) -> None:
    """Store the password of the administrator who has a link, and end it and all their sessions.

    Raises InvalidField, PasswordLinkNotValid, LockedOut or TooManySignIns.
    """
    check_password(password)
    stored = await administrator_of_link(runtime, token)
    async with attempt_by_link(runtime, CONSOLE, browser):
        if stored is None:
            raise PasswordLinkNotValid
        password_hash = await runtime.passwords.hash(password)
    async with runtime.database.read() as connection:
        grants = await AdministratorRepository(connection).grants([stored.id])
    if not grants:
        raise PasswordLinkNotValid
    customer_id = grants[0].customer_id
    async with runtime.database.write(customer_id) as connection:
        before = await AdministratorRepository(connection).find(stored.id, lock=True)
        link = await _take(ConsolePasswordLinks(connection), token, runtime.now)
        if before is None or before.disabled_time is not None:
            raise PasswordLinkNotValid
        work = await _own_work(runtime, connection, before.id, customer_id, transaction_id)
        after = await administrators.replace_password(work, before, password_hash)
        await recording.record_update(
            work, ADMINISTRATOR_KIND, _with_end(before, link.expires), _with_end(after, None)
        )


def _require_enabled(name: str, *, enabled: bool) -> None:
    if not enabled:
        raise Forbidden(f"{name} is disabled, so nobody could use the link. Enable {name} first.")


async def _create(
    work: UnitOfWork, kind: str, links: PasswordLinks, account: PortalUser | Administrator
) -> NewPasswordLink:
    """Store a link in place of the account's earlier one, and record when both end."""
    earlier = await links.of_account(account.id, work.now)
    token = new_token()
    link = PasswordLink(
        account_id=account.id,
        digest=token_digest(token),
        expires=work.now + PASSWORD_LINK_SECONDS,
    )
    await links.store(link, work.now)
    await recording.record_update(
        work.in_default(),
        kind,
        _with_end(account, earlier.expires if earlier else None),
        _with_end(account, link.expires),
    )
    return NewPasswordLink(
        name=account.display_name or account.name, token=token, expires=link.expires
    )


async def _withdraw(
    work: UnitOfWork, kind: str, links: PasswordLinks, account: PortalUser | Administrator
) -> bool:
    """Delete the account's unused link, and record that it has ended."""
    unused = await links.of_account(account.id, work.now)
    if unused is None:
        return False
    await links.end(account.id)
    await recording.record_update(
        work.in_default(), kind, _with_end(account, unused.expires), _with_end(account, None)
    )
    return True


async def _take(links: PasswordLinks, token: str, now: int) -> PasswordLink:
    """Delete a link so that nobody else can use it. Raises PasswordLinkNotValid."""
    digest = token_digest(token)
    link = await links.find(digest, now)
    if link is None or not await links.take(digest, now):
        raise PasswordLinkNotValid
    return link


async def _own_work(
    runtime: Runtime, connection: Connection, actor_id: int, customer_id: int, transaction_id: str
) -> UnitOfWork:
    """Return the unit of work in which a person changes nothing but the own password."""
    principal = Principal(
        actor_id=actor_id, customer_id=customer_id, role=Role.VIEWER, microtenant_id=None
    )
    access = await scope_access(connection, principal)
    return open_work(runtime, connection, access, transaction_id=transaction_id)


def _with_end(
    account: PortalUser | Administrator, end: int | None
) -> LinkedUser | LinkedAdministrator:
    if isinstance(account, PortalUser):
        return LinkedUser(**vars(account), password_link_end_time=end)
    own = {name: getattr(account, name) for name in Administrator.__dataclass_fields__}
    return LinkedAdministrator(**own, password_link_end_time=end)
