"""The example tenant of `--demo`: believable enough to try every feature on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from portico.domain.aups import AupSpec
from portico.domain.base import DEFAULT_MICROTENANT_ID, Scope
from portico.domain.identity import Principal, Role, Tenant, fingerprint
from portico.domain.links import LinkSpec
from portico.domain.microtenants import DEFAULT_NAME, MicrotenantSpec
from portico.domain.portals import UserPortalSpec
from portico.services import aups, identity, links, microtenants, portals
from portico.services.identity import Operator
from portico.services.unit_of_work import UnitOfWork
from portico.settings import Settings
from portico.storage.connections import Connection
from portico.storage.database import sqlite_path

TENANT_NAME = "Alder & Finch Instruments"
AUTH_DOMAINS = ("alderfinch.example", "lab.alderfinch.example", "north.alderfinch.example")


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What an API client signs in with."""

    client_id: str
    client_secret: str


@dataclass(frozen=True, kw_only=True)
class DemoAccess:
    """How to get at the example tenant."""

    tenant: str
    customer_id: str
    admin: Credentials
    viewer: Credentials


async def fill_demo(operator: Operator, settings: Settings) -> DemoAccess | None:
    """Fills an empty database, or finds what an earlier start left there.

    The credentials lie in a file beside the database that only its owner can read, so that every
    start can print them. None when the database has tenants that the file does not tell of.
    """
    kept = _credentials_file(settings)
    if await identity.has_tenants(operator.database):
        return await _still_good(operator, _read(kept))
    tenant = await identity.create_tenant(operator, TENANT_NAME, auth_domains=AUTH_DOMAINS)
    admin_id = operator.new_id()
    async with operator.database.write(tenant.id) as connection:
        await _fill(operator, connection, tenant, admin_id, settings)
    admin, admin_secret = await identity.create_client(
        operator, tenant.id, name="Demo administrator", role=Role.ADMIN, client_id=admin_id
    )
    viewer, viewer_secret = await identity.create_client(
        operator, tenant.id, name="Demo viewer", role=Role.VIEWER
    )
    access = DemoAccess(
        tenant=tenant.name,
        customer_id=str(tenant.id),
        admin=Credentials(client_id=str(admin.id), client_secret=admin_secret),
        viewer=Credentials(client_id=str(viewer.id), client_secret=viewer_secret),
    )
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(asdict(access), indent=2) + "\n")
    return access


def _credentials_file(settings: Settings) -> Path:
    path = sqlite_path(settings.database)
    if path is not None:
        return path.with_suffix(".demo.json")
    return Path(f"portico-{fingerprint(settings.database.encode())[:8]}.demo.json")


async def _still_good(operator: Operator, access: DemoAccess | None) -> DemoAccess | None:
    """The kept credentials, if this database knows them."""
    if access is None:
        return None
    admin = access.admin
    known = await identity.signs_in(operator.database, int(admin.client_id), admin.client_secret)
    return access if known else None


def _read(kept: Path) -> DemoAccess | None:
    if not kept.exists():
        return None
    stored = json.loads(kept.read_text())
    return DemoAccess(
        tenant=stored["tenant"],
        customer_id=stored["customer_id"],
        admin=Credentials(**stored["admin"]),
        viewer=Credentials(**stored["viewer"]),
    )


async def _fill(
    operator: Operator,
    connection: Connection,
    tenant: Tenant,
    admin_id: int,
    settings: Settings,
) -> None:
    def work_in(microtenant_id: int, name: str) -> UnitOfWork:
        return UnitOfWork(
            connection=connection,
            principal=Principal(
                actor_id=admin_id, customer_id=tenant.id, role=Role.ADMIN, microtenant_id=None
            ),
            tenant=tenant,
            scope=Scope(customer_id=tenant.id, microtenant_id=microtenant_id),
            microtenant_name=name,
            now=operator.now,
            new_id=operator.new_id,
            transaction_id=operator.transaction_id,
        )

    default = work_in(DEFAULT_MICROTENANT_ID, DEFAULT_NAME)
    for place in DEMO:
        work = default
        if place.microtenant is not None:
            made = await microtenants.create_microtenant(default, place.microtenant)
            work = work_in(made.id, made.name)
        await _fill_place(work, place, settings.portal_suffix)


async def _fill_place(work: UnitOfWork, place: Place, managed_suffix: str) -> None:
    portal_ids = {}
    for portal in place.portals:
        made = await portals.create_portal(work, portal, managed_suffix=managed_suffix)
        portal_ids[portal.ext_label] = made.id
    for policy in place.policies:
        await aups.create_aup(work, policy)
    specs = [
        LinkSpec(
            name=name,
            description=description,
            enabled=not labels.startswith("-"),
            link=host,
            link_path=f"/{path}" if path else "",
            protocol="https://",
            portal_ids=tuple(portal_ids[label] for label in labels.strip("-").split()),
        )
        for name, description, target, labels in place.links
        for host, _, path in [target.partition("/")]
    ]
    await links.create_links(work, specs)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A microtenant (Default without one) with its portals, policies and links.

    A link is (name, description, host and path, labels of its portals); a "-" before the labels
    makes it a disabled one.
    """

    portals: Sequence[UserPortalSpec]
    links: Sequence[tuple[str, str, str, str]]
    microtenant: MicrotenantSpec | None = None
    policies: Sequence[AupSpec] = ()


def _portal(name: str, label: str, description: str, notification: str = "") -> UserPortalSpec:
    return UserPortalSpec(
        name=name,
        description=description,
        enabled=True,
        managed_by_zs=True,
        ext_label=label,
        ext_domain=AUTH_DOMAINS[0],
        user_notification=notification,
        user_notification_enabled=bool(notification),
    )


def _microtenant(name: str, description: str, domain: str) -> MicrotenantSpec:
    return MicrotenantSpec(
        name=name,
        description=description,
        enabled=True,
        criteria_attribute="AuthDomain",
        criteria_attribute_values=(domain,),
    )


_D = "alderfinch.example"

DEMO: Sequence[Place] = (
    Place(
        portals=[
            _portal(
                "Everyone",
                "everyone",
                "What every colleague opens in the morning.",
                "Payroll closes on Friday at noon. Send corrections before that.",
            )
        ],
        policies=[
            AupSpec(
                name="Acceptable use",
                description="What we ask of everyone who works with our systems.",
                enabled=True,
                aup="Lock your screen when you leave it.\n"
                "Report what looks wrong; nobody is blamed for asking.\n"
                "Keep customers' measurements where they belong.",
                email=f"it@{_D}",
                phone_num="+1-555-010-4567",
            )
        ],
        links=[
            ("Payslips", "Your pay, month by month.", f"people.{_D}/payslips", "everyone"),
            ("Time sheet", "Hours, overtime and flex balance.", f"time.{_D}", "everyone"),
            ("Leave", "Ask for holidays and see who is away.", f"people.{_D}/leave", "everyone"),
            ("Expenses", "Receipts in, money back.", f"expenses.{_D}", "everyone"),
            ("Mail", "Webmail and shared boxes.", f"mail.{_D}", "everyone"),
            ("Calendar", "Meetings and rooms.", f"mail.{_D}/calendar", "everyone"),
            ("Wiki", "How we do things, written down.", f"wiki.{_D}", "everyone"),
            ("Directory", "Who is who, with pictures.", f"people.{_D}/directory", "everyone"),
            ("Service desk", "Something is broken or missing.", f"help.{_D}", "everyone"),
            ("Travel", "Trains, flights and hotels.", f"travel.{_D}", "everyone"),
            ("Canteen", "This week's menu.", f"canteen.{_D}/week", "everyone"),
            ("Learning", "Courses and certificates.", f"learn.{_D}", "everyone"),
            ("Password vault", "Shared passwords of your team.", f"vault.{_D}", "everyone"),
            ("Print queue", "Find your job, pick your printer.", f"print.{_D}:8443", "everyone"),
            ("Car pool", "Reserve one of the six cars.", f"cars.{_D}", "everyone"),
            ("News", "What happened at Alder & Finch.", f"news.{_D}", "everyone"),
            ("Suggestion box", "An idea that costs nothing.", f"ideas.{_D}", "-everyone"),
        ],
    ),
    Place(
        microtenant=_microtenant("Laboratory", "Calibration and research.", AUTH_DOMAINS[1]),
        portals=[_portal("Laboratory", "lab", "Instruments, data and safety of the laboratory.")],
        links=[
            ("Instrument booking", "Who measures when.", f"booking.lab.{_D}", "lab"),
            ("Sample register", "Every sample since 2009.", f"samples.lab.{_D}", "lab"),
            ("Notebooks", "Electronic laboratory notebooks.", f"notebooks.lab.{_D}", "lab"),
            ("Calibration records", "Certificates by serial.", f"records.lab.{_D}", "lab"),
            ("Safety sheets", "What is in the bottle.", f"safety.lab.{_D}/sheets", "lab"),
            ("Incident report", "Tell us within the day.", f"safety.lab.{_D}/report", "lab"),
            ("Gas monitoring", "Live readings of rooms 1 to 14.", f"gas.lab.{_D}", "lab"),
            ("Compute cluster", "Queues and results.", f"cluster.lab.{_D}", "lab"),
            ("Statistics server", "Notebooks with the large memory.", f"stats.lab.{_D}", "lab"),
            ("Chemical orders", "Order, approve, receive.", f"orders.lab.{_D}/chemicals", "lab"),
            ("Microscope 3", "Remote view, mornings only.", "10.20.4.31", "lab"),
            ("Old sample register", "Read only since the move.", f"old.lab.{_D}", "-lab"),
        ],
    ),
    Place(
        microtenant=_microtenant("Plant North", "The factory in the north.", AUTH_DOMAINS[2]),
        portals=[_portal("Plant North", "north", "Shifts, machines and stock of the plant.")],
        links=[
            ("Shift plan", "Who works when.", f"shifts.north.{_D}", "north"),
            ("Machine status", "Green, yellow, red.", f"machines.north.{_D}", "north"),
            ("Maintenance orders", "What is due this week.", f"upkeep.north.{_D}", "north"),
            ("Stock", "Parts, places and counts.", f"stock.north.{_D}", "north"),
            ("Goods in", "Deliveries of today.", f"stock.north.{_D}/in", "north"),
            ("Goods out", "Lorries and papers.", f"stock.north.{_D}/out", "north"),
            ("Quality checks", "Measure, sign, release.", f"quality.north.{_D}", "north"),
            ("Drawings", "The version that counts.", f"drawings.north.{_D}", "north"),
            ("Energy", "Consumption by hall.", f"energy.north.{_D}", "north"),
            ("Door access", "Badges and visitors.", f"doors.north.{_D}", "north"),
            ("Line camera", "View of line 2.", "[2001:db8:20::12]:8080", "-north"),
        ],
    ),
)
