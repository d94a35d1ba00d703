"""Use-cases of portal users: people of the whole tenant, managed by those who see all of it."""

from __future__ import annotations

from dataclasses import asdict, replace

from portico.domain.errors import NameTaken, UnknownReference
from portico.domain.people.users import KIND, PortalUser, PortalUserSpec, check_user
from portico.domain.records import Page, fold
from portico.domain.search import ListQuery
from portico.services import recording
from portico.services.access import require_admin, require_whole_tenant
from portico.services.work import UnitOfWork
from portico.storage.people.devices import PortalDevices
from portico.storage.people.password_links import PortalPasswordLinks
from portico.storage.people.sessions import PortalSessions


async def list_users(work: UnitOfWork, query: ListQuery) -> Page[PortalUser]:
    """Return a page of the tenant's users (`domain.people.users.USER_FIELDS`). Raises Forbidden."""
    require_whole_tenant(work)
    return await work.users.page(query)


async def list_users_of_provider(
    work: UnitOfWork, provider_id: int, query: ListQuery
) -> Page[PortalUser]:
    """Return a page of the users who sign in through a provider. Raises Forbidden."""
    require_whole_tenant(work)
    return await work.users.via(provider_id, query)


async def get_user(work: UnitOfWork, user_id: int, *, lock: bool = False) -> PortalUser:
    """Return one user, locked until the transaction ends if asked. Raises NotFound."""
    require_whole_tenant(work, user_id)
    return await work.users.get(user_id, lock=lock)


async def create_user(
    work: UnitOfWork, spec: PortalUserSpec, password_hash: str = ""
) -> PortalUser:
    """Store a new user. Raises InvalidInput or Forbidden.

    Without a password hash (`passwords.hash_password`) nobody can sign in as this user yet.
    """
    require_admin(work)
    require_whole_tenant(work)
    spec = await _checked(work, spec)
    user = PortalUser(**asdict(spec), **work.new_stamps(), password_hash=password_hash)
    await work.users.insert(user)
    await recording.record_creation(work.in_default(), KIND, user)
    return user


async def update_user(
    work: UnitOfWork, user_id: int, spec: PortalUserSpec, *, locked: PortalUser | None = None
) -> PortalUser:
    """Replace what an administrator can change. Disabling a user signs it out at once.

    The caller may have `locked` the user. Raises NotFound, InvalidInput or Forbidden.
    """
    require_admin(work)
    before = locked or await get_user(work, user_id, lock=True)
    spec = await _checked(work, spec, before)
    after = replace(before, **asdict(spec), **work.changed_stamps(before))
    if not after.enabled:
        await _sign_out(work, user_id)
    await work.users.replace(after)
    await recording.record_update(work.in_default(), KIND, before, after)
    return after


async def set_user_password(
    work: UnitOfWork, user_id: int, password_hash: str, *, locked: PortalUser | None = None
) -> None:
    """Replace a user's password, end its sessions and forget its known devices.

    The caller may have `locked` the user. Raises NotFound or Forbidden.
    """
    require_admin(work)
    before = locked or await get_user(work, user_id, lock=True)
    after = await replace_password(work, before, password_hash)
    await recording.record_update(work.in_default(), KIND, before, after)


async def replace_password(work: UnitOfWork, before: PortalUser, password_hash: str) -> PortalUser:
    """Store another password of a locked user, who must sign in again everywhere; return the user.

    The caller has made sure that it may, and writes the audit entry.
    """
    after = replace(before, password_hash=password_hash, **work.changed_stamps(before))
    await _sign_out(work, before.id)
    await work.users.replace(after)
    return after


async def delete_user(work: UnitOfWork, user_id: int, *, locked: PortalUser | None = None) -> None:
    """Delete a user with its sessions, favourites and groups. The caller may have `locked` it.

    Raises NotFound or Forbidden.
    """
    require_admin(work)
    user = locked or await get_user(work, user_id, lock=True)
    await work.users.remove(user_id)
    await recording.record_deletion(work.in_default(), KIND, user)


async def _checked(
    work: UnitOfWork, spec: PortalUserSpec, stored: PortalUser | None = None
) -> PortalUserSpec:
    spec = check_user(spec, stored)
    if stored is None or fold(spec.name) != fold(stored.name):
        same_name = await work.users.find_by_name(spec.name)
        if same_name is not None and (stored is None or same_name.id != stored.id):
            raise NameTaken(spec.name)
    known = await work.users.existing_groups(spec.group_ids)
    for group_id in spec.group_ids:
        if group_id not in known:
            raise UnknownReference(group_id)
    return spec


async def _sign_out(work: UnitOfWork, user_id: int) -> None:
    """End a user's sessions and password link, and forget its known devices."""
    await PortalSessions(work.connection, work.scope.customer_id).end_all(user_id)
    await PortalDevices(work.connection, work.scope.customer_id).forget_all(user_id)
    await PortalPasswordLinks(work.connection, work.scope.customer_id).end(user_id)
