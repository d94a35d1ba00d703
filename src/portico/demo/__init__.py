"""Creates the demo tenant of `serve --demo`, realistic enough to try every feature."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import msgspec

from portico.demo import content
from portico.demo.content import (
    MANAGERS,
    MICROTENANTS,
    READERS,
    DemoMicrotenant,
    Manager,
    Reader,
    Section,
)
from portico.demo.pictures import DARK, LOGO, SKETCHES, picture_of
from portico.domain.links.links import LinkSpec
from portico.domain.links.presentation import LinkPresentation
from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.people.passwords import new_password
from portico.domain.people.users import PortalUserSpec
from portico.domain.portals.activity import SECONDS_A_DAY, day_of
from portico.domain.records import Scope, fold
from portico.domain.tenancy.identity import ApiClient, Role, fingerprint, secret_matches
from portico.services import policies as aups
from portico.services.access import ClientRefused, operator_writing, sign_in
from portico.services.links import links
from portico.services.people import administrators, groups, users
from portico.services.portals import portals
from portico.services.runtime import Runtime
from portico.services.tenancy import microtenants, tenants
from portico.services.tenancy.clients import create_client
from portico.services.work import UnitOfWork
from portico.settings import Settings
from portico.storage.engine.database import sqlite_path
from portico.storage.engine.files import replace_private_file
from portico.storage.portals.activity import Activity

OPENING_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """The id and secret of an API client."""

    client_id: str
    client_secret: str


@dataclass(frozen=True, kw_only=True)
class DemoPerson:
    """The login of a person, their role or groups, and the path (`door`) to sign in at."""

    door: str
    part: str
    name: str
    password: str


@dataclass(frozen=True, kw_only=True)
class DemoAccess:
    """The logins of the demo tenant."""

    tenant: str
    customer_id: str
    admin: Credentials
    viewer: Credentials
    people: tuple[DemoPerson, ...] = ()


async def fill_demo(runtime: Runtime, settings: Settings) -> DemoAccess | None:
    """Fill an empty database with the demo tenant, and return its logins.

    The logins are stored in a private file, so that every start can print them.
    Returns None if the database has tenants that do not match this file.
    """
    path = credentials_file(settings)
    if await tenants.has_tenants(runtime):
        return await _still_good(runtime, _read(path))
    people = tuple(map(_manager, MANAGERS)) + tuple(map(_reader, READERS))
    hashes = await _hashes(runtime, people)
    tenant = await tenants.create_tenant(
        runtime, content.TENANT_NAME, auth_domains=content.AUTH_DOMAINS
    )
    async with operator_writing(runtime, tenant.id) as work:
        admin, admin_secret = await create_client(work, name="Demo administrator", role=Role.ADMIN)
        viewer, viewer_secret = await create_client(work, name="Demo viewer", role=Role.VIEWER)
        principal = replace(work.principal, actor_id=admin.id)
        await _fill(replace(work, principal=principal), settings, hashes)
    access = DemoAccess(
        tenant=tenant.name,
        customer_id=str(tenant.id),
        admin=Credentials(client_id=str(admin.id), client_secret=admin_secret),
        viewer=Credentials(client_id=str(viewer.id), client_secret=viewer_secret),
        people=people,
    )
    replace_private_file(path, f"{json.dumps(asdict(access), indent=2)}\n".encode())
    return access


def _manager(manager: Manager) -> DemoPerson:
    part = "administrator" if manager.role is Role.ADMIN else "viewer"
    if manager.microtenant:
        part = f"{part} of {manager.microtenant}"
    return DemoPerson(door="/console", part=part, name=manager.name, password=new_password())


def _reader(reader: Reader) -> DemoPerson:
    part = f"in {' and '.join(reader.groups)}" if reader.groups else "in no group"
    return DemoPerson(door="/p/staff", part=part, name=reader.name, password=new_password())


async def _hashes(runtime: Runtime, people: tuple[DemoPerson, ...]) -> dict[str, str]:
    """Return the hashes of the passwords by the names of the people."""
    hashes = await asyncio.gather(*(runtime.passwords.hash(each.password) for each in people))
    return {each.name: stored for each, stored in zip(people, hashes, strict=True)}


def credentials_file(settings: Settings) -> Path:
    """Return the path of the file that stores the logins of the demo tenant."""
    path = sqlite_path(settings.database)
    if path is not None:
        return path.with_suffix(".demo.json")
    return Path(f"portico-{fingerprint(settings.database.encode())[:8]}.demo.json")


async def _still_good(runtime: Runtime, access: DemoAccess | None) -> DemoAccess | None:
    """Return the stored logins if they are valid for this database."""
    if access is None:
        return None
    admin = access.admin

    def accepts(client: ApiClient) -> bool:
        return secret_matches(client.secret_hash, admin.client_secret)

    try:
        await sign_in(runtime, admin.client_id, accepts)
    except ClientRefused:
        return None
    return access


def _read(path: Path) -> DemoAccess | None:
    if not path.exists():
        return None
    # A file of an earlier version has no people.
    return msgspec.json.decode(path.read_bytes(), type=DemoAccess)


async def _fill(work: UnitOfWork, settings: Settings, hashes: Mapping[str, str]) -> None:
    customer_id = work.tenant.id
    default = replace(work, now=work.now - 14 * SECONDS_A_DAY)
    microtenant_ids: dict[str, int] = {}
    begun: list[tuple[Section, UnitOfWork, Mapping[str, int]]] = []
    for microtenant in MICROTENANTS:
        inside = default
        if microtenant.microtenant is not None:
            made = await microtenants.create_microtenant(default, microtenant.microtenant)
            microtenant_ids[made.name] = made.id
            scope = Scope(customer_id=customer_id, microtenant_id=made.id)
            inside = replace(default, scope=scope, microtenant_name=made.name)
        portal_ids = await _begin_microtenant(inside, microtenant, settings.portal_suffix)
        begun += [(section, inside, portal_ids) for section in microtenant.sections]
    await _add_managers(default, hashes, microtenant_ids)
    link_ids = await _add_links(begun, work.now)
    # Last, because creating the links creates the groups.
    ines = await _add_readers(work, hashes)
    await _add_activity(work, link_ids, ines)


async def _begin_microtenant(
    work: UnitOfWork, microtenant: DemoMicrotenant, managed_suffix: str
) -> dict[str, int]:
    """Create portals and policies. Return the ids of the portals by label."""
    logo = picture_of(LOGO)
    portal_ids = {}
    for portal in microtenant.portals:
        spec = replace(portal.spec, image_data=logo)
        made = await portals.create_portal(
            work, spec, managed_suffix=managed_suffix, page=portal.page
        )
        portal_ids[portal.label] = made.id
    for policy in microtenant.policies:
        await aups.create_aup(work, policy)
    return portal_ids


async def _add_links(
    begun: Iterable[tuple[Section, UnitOfWork, Mapping[str, int]]], now: int
) -> dict[str, int]:
    """Create the links, oldest first because ids increase with time. Return their ids by name."""
    link_ids: dict[str, int] = {}
    for section, work, portal_ids in sorted(begun, key=lambda each: -each[0].days_ago):
        then = replace(work, now=now - section.days_ago * SECONDS_A_DAY)
        created = await links.create_links(
            then, link_specs(section, portal_ids), presentations(section)
        )
        link_ids |= {link.name: link.id for link in created}
    return link_ids


def link_specs(section: Section, portal_ids: Mapping[str, int]) -> list[LinkSpec]:
    """Return the links of a section. `portal_ids` are those of the portals by label."""
    specs = []
    for name, description, target, labels, _ in section.links:
        host, _, path = target.partition("/")
        host = host[:-1] if host.endswith(".") else f"{host}.{content.DOMAIN}"
        specs.append(
            LinkSpec(
                name=name,
                description=description,
                enabled=not labels.startswith("-"),
                icon_text=picture_of(SKETCHES[name]) if name in SKETCHES else "",
                link=host,
                link_path=f"/{path}" if path else "",
                protocol="https://",
                portal_ids=tuple(portal_ids[label] for label in labels.strip("-").split()),
            )
        )
    return specs


def presentations(section: Section) -> list[LinkPresentation | None]:
    """Return how portals show the links of a section."""
    return [
        LinkPresentation(
            section=section.name,
            order=position,
            groups=row[4],
            icon_is_dark=row[0] in DARK if row[0] in SKETCHES else None,
            keywords=content.KEYWORDS.get(row[0], ()),
        )
        for position, row in enumerate(section.links, start=1)
    ]


async def _add_managers(
    work: UnitOfWork, hashes: Mapping[str, str], microtenant_ids: Mapping[str, int]
) -> None:
    for manager in MANAGERS:
        spec = AdministratorSpec(
            name=manager.name,
            display_name=manager.display_name,
            email=f"{manager.name}@{content.DOMAIN}",
        )
        grant = GrantSpec(
            role=manager.role, microtenant_id=microtenant_ids.get(manager.microtenant)
        )
        await administrators.create_administrator(work, spec, [grant], hashes[manager.name])


async def _add_readers(work: UnitOfWork, hashes: Mapping[str, str]) -> int:
    """Create the portal users, and return the id of the first one."""
    group_ids = {fold(group.name): group.id for group in (await groups.list_groups(work)).groups}
    made = [
        await users.create_user(
            work,
            PortalUserSpec(
                name=reader.name,
                display_name=reader.display_name,
                email=f"{reader.name}@{content.DOMAIN}",
                group_ids=tuple(group_ids[fold(name)] for name in reader.groups),
            ),
            hashes[reader.name],
        )
        for reader in READERS
    ]
    return made[0].id


async def _add_activity(work: UnitOfWork, link_ids: Mapping[str, int], user_id: int) -> None:
    """Add favourites and recent links of one user, and a month of openings."""
    activity, now = Activity(work.connection, work.tenant.id), work.now
    for position, name in enumerate(content.FAVOURITES):
        await activity.add_favourite(user_id, link_ids[name], now - SECONDS_A_DAY + position)
    for name, minutes in content.RECENT:
        await activity.remember_opening(user_id, link_ids[name], now - 60 * minutes)
    today = day_of(now)
    rows = [
        (link_id, day, _openings(name, day))
        for name, link_id in link_ids.items()
        for day in range(today - OPENING_DAYS + 1, today + 1)
    ]
    await activity.add_openings([row for row in rows if row[2]])


def _openings(name: str, day: int) -> int:
    """Return a realistic number of openings: the same at every start, smaller at weekends."""
    usual = content.BUSY.get(name, len(name))
    wobble = 80 + (day * 7 + len(name) * 13) % 41
    # The first day of the epoch was a Thursday.
    weekend = (day + 3) % 7 >= 5
    return usual * wobble // (800 if weekend else 100)
