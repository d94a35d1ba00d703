"""The content of the demo tenant: a water company, its portals, links, people and policies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portico.domain.policies import AupSpec
from portico.domain.portals.pages import Audience, PortalPage
from portico.domain.portals.portals import UserPortalSpec
from portico.domain.tenancy.identity import Role
from portico.domain.tenancy.microtenants import MicrotenantSpec

TENANT_NAME = "Meridian Water"
DOMAIN = "meridianwater.example"
EAST_DOMAIN = f"east.{DOMAIN}"
LABORATORY_DOMAIN = f"lab.{DOMAIN}"
AUTH_DOMAINS = (DOMAIN, EAST_DOMAIN, LABORATORY_DOMAIN)
EAST = "Eastern Treatment Works"

# Name, description, host and path (the host is below the company's domain unless it ends with a
# dot), labels of its portals ("-" at the start: disabled), and the groups that see it.
LinkRow = tuple[str, str, str, str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True)
class PlacedPortal:
    """A portal. The rows of links refer to it by its label."""

    label: str
    spec: UserPortalSpec
    page: PortalPage


@dataclass(frozen=True, kw_only=True)
class Section:
    """A section with its links in order, and their age in days."""

    name: str
    days_ago: int
    links: Sequence[LinkRow]


@dataclass(frozen=True, kw_only=True)
class DemoMicrotenant:
    """A microtenant with its portals, policies and sections. None is the Default microtenant."""

    portals: Sequence[PlacedPortal]
    sections: Sequence[Section]
    microtenant: MicrotenantSpec | None = None
    policies: Sequence[AupSpec] = ()


@dataclass(frozen=True, kw_only=True)
class Manager:
    """An administrator of one microtenant, or of the whole tenant if `microtenant` is empty."""

    name: str
    display_name: str
    role: Role
    microtenant: str = ""


@dataclass(frozen=True, kw_only=True)
class Reader:
    """A portal user."""

    name: str
    display_name: str
    groups: tuple[str, ...] = ()


def _portal(
    label: str,
    name: str,
    description: str,
    *,
    slug: str = "",
    audience: Audience = Audience.SIGNED_IN,
    notice: str = "",
    accent: str = "",
) -> PlacedPortal:
    return PlacedPortal(
        label=label,
        spec=UserPortalSpec(
            name=name,
            description=description,
            enabled=True,
            managed_by_zs=True,
            ext_label=label,
            ext_domain=DOMAIN,
            user_notification=notice,
            user_notification_enabled=bool(notice),
        ),
        page=PortalPage(slug=slug or label, audience=audience, title=TENANT_NAME, accent=accent),
    )


def _microtenant(name: str, description: str, domain: str) -> MicrotenantSpec:
    return MicrotenantSpec(
        name=name,
        description=description,
        enabled=True,
        criteria_attribute="AuthDomain",
        criteria_attribute_values=(domain,),
    )


POLICY = AupSpec(
    name="Acceptable use",
    description="What we ask of everyone who works with our systems.",
    enabled=True,
    aup=(
        "You are about to use systems that belong to Meridian Water. They are for work.\n\n"
        "1. Use your own account. Do not share passwords or leave a session open at a shared "
        "desk.\n\n"
        "2. Treat customer data as if it were your own. Take copies only where a procedure says "
        "so.\n\n"
        "3. Control systems are read-only from this portal. To change a set point, go through the "
        "control room.\n\n"
        "4. Access is recorded. Records are kept for 12 months and read only when there is a "
        "reason.\n\n"
        "If something looks wrong, report it. Nobody is blamed for a false alarm."
    ),
    email=f"it@{DOMAIN}",
    phone_num="+1-555-010-4567",
)

ALL: tuple[str, ...] = ()
_OPERATIONS, _ENGINEERING, _FINANCE = ("Operations",), ("Engineering",), ("Finance",)

_EVERY_DAY: Sequence[LinkRow] = (
    ("Mail and calendar", "Inbox, calendar, contacts", "mail", "staff crews", ALL),
    ("Chat", "Team channels and calls", "chat", "staff crews control", ALL),
    ("Documents", "Shared drives and co-editing", "docs", "staff", ALL),
    ("Meeting rooms", "Book a room or a desk at any site", "rooms", "staff", ALL),
    ("Service desk", "Report a fault, ask for software", "help", "staff crews control", ALL),
    ("Password vault", "Your own and shared secrets", "vault", "staff control", ALL),
    ("Directory", "Who is who, with phone and site", "people", "staff crews", ALL),
    ("Café and canteen", "This week's menu, all sites", "intranet/canteen", "staff visitors", ALL),
    ("Translate", "", "translate", "staff", ALL),
)
_PEOPLE: Sequence[LinkRow] = (
    ("Payslips", "Pay, tax forms, bank details", "pay", "staff crews", ALL),
    ("Leave and absence", "Ask for leave, see the team calendar", "people/leave", "staff", ALL),
    ("Expenses", "Claims and company cards", "expenses", "staff crews", ALL),
    ("Training academy", "Courses and certificates", "learn", "staff crews", ALL),
    ("Internal vacancies", "Jobs open to colleagues first", "careers/internal", "staff", ALL),
    (
        "Occupational Health and Safety Incident Reporting",
        "Near misses, injuries, spills",
        "safety/report",
        "staff crews",
        ALL,
    ),
    ("Benefits", "Pension, health, bicycle", "benefits", "staff", ALL),
    ("Timesheets", "Hours, shifts and overtime", "time", "staff crews", ALL),
)
_NETWORK: Sequence[LinkRow] = (
    ("Control room wall", "Live state of the network", "wall.ops", "staff control", _OPERATIONS),
    ("Outage map", "Where water is off, and until when", "outages", "staff crews visitors", ALL),
    ("Work orders", "Jobs, parts and signatures", "work", "staff crews control", ALL),
    ("Permit to work", "Ask for one before you dig", "permits.ops", "staff crews", ALL),
    ("Fleet", "Vans, cranes and boats", "fleet", "staff crews", ALL),
    ("Pressure and flow", "District meters, every 15 minutes", "meters.ops", "staff control", ALL),
    ("Alarm history", "What rang, who answered", "alarms.ops", "staff control", _OPERATIONS),
    ("Weather and rivers", "Rain radar and gauges", "weather", "staff crews control", ALL),
    ("Rota", "Who is on call tonight", "rota.ops", "staff crews control", ALL),
)
_ENGINEERS: Sequence[LinkRow] = (
    ("Drawings archive", "The version that counts", "drawings", "staff crews", ALL),
    ("Laboratory samples", "Register, chain of custody, results", "samples.lab", "staff", ALL),
    ("Runbooks", "What to do when it breaks", "runbooks", "staff control", ALL),
    ("Container registry", "Images for the plant gateways", "registry", "staff", _ENGINEERING),
    ("Source code", "Repositories and reviews", "git", "staff", _ENGINEERING),
    ("Asset register", "Every pump since 1911", "assets", "staff crews", ALL),
    ("Pipe model", "Hydraulic model, nightly run", "model", "staff", _ENGINEERING),
    ("Change calendar", "What is worked on, and when", "changes", "staff control", ALL),
)
_DATA: Sequence[LinkRow] = (
    ("Reports", "Monthly figures, ready to print", "reports", "staff", ALL),
    ("Data catalogue", "What data we have, and whose it is", "catalogue.data", "staff", ALL),
    ("Customer billing", "Accounts, meters, payments", "billing", "staff", _FINANCE),
    ("Purchasing", "Order, approve, receive", "purchasing", "staff", ALL),
    ("Contracts register", "Terms and end dates", "contracts", "-staff", _FINANCE),
    ("Budget", "Plan against actual", "budget", "staff", _FINANCE),
    ("Archive", "Files older than seven years", "archive", "staff", ALL),
)
_FOR_VISITORS: Sequence[LinkRow] = (
    ("Water quality", "Results for your postcode", "quality", "visitors", ALL),
    ("Report a leak", "With a picture, if you can", "leaks", "visitors", ALL),
    ("Move house", "Tell us in two minutes", "moving", "visitors", ALL),
    ("Prices", "What a cubic metre costs", "prices", "visitors", ALL),
    ("Guest wireless network", "A code for today", "guest", "visitors", ALL),
)

KEYWORDS: Mapping[str, tuple[str, ...]] = {
    "Mail and calendar": ("email", "Outlook", "appointments"),
    "Meeting rooms": ("desk booking",),
    "Service desk": ("IT support", "helpdesk", "ticket"),
    "Directory": ("phone book", "colleagues"),
    "Payslips": ("salary", "wages"),
    "Leave and absence": ("holiday", "vacation", "sick"),
    "Expenses": ("travel", "reimbursement", "receipts"),
    "Training academy": ("e-learning",),
    "Fleet": ("cars", "vehicles"),
    "Rota": ("on-call", "shifts"),
    "Source code": ("Git", "pull requests"),
    "Purchasing": ("procurement", "suppliers"),
}
"""Other words by which people find these links."""

DEFAULT_MICROTENANT = DemoMicrotenant(
    portals=[
        _portal(
            "staff",
            "Staff portal",
            "What every colleague opens in the morning.",
            notice="Payslips and Leave are away on Thursday from 18:00 to 20:00. Please save open "
            "requests before then.",
        ),
        _portal("crews", "Field crews", "Jobs, maps and permits on the road.", accent="#1d5fae"),
        _portal("control", "Control room", "What the people on shift keep open."),
        _portal(
            "visitors",
            "Visitors",
            "For customers and guests; nobody signs in.",
            audience=Audience.PUBLIC,
        ),
    ],
    policies=[POLICY],
    sections=[
        Section(name="Every day", days_ago=13, links=_EVERY_DAY),
        Section(name="People and pay", days_ago=10, links=_PEOPLE),
        Section(name="Network operations", days_ago=6, links=_NETWORK),
        Section(name="Engineering", days_ago=4, links=_ENGINEERS),
        Section(name="Data and finance", days_ago=2, links=_DATA),
        Section(name="For customers", days_ago=1, links=_FOR_VISITORS),
    ],
)
MICROTENANTS: Sequence[DemoMicrotenant] = (
    DEFAULT_MICROTENANT,
    DemoMicrotenant(
        microtenant=_microtenant(EAST, "The plant at the estuary.", EAST_DOMAIN),
        portals=[_portal("east", EAST, "Shifts, machines and stock of the plant.")],
        sections=[
            Section(
                name="Plant",
                days_ago=5,
                links=(
                    (
                        "SCADA historian, Eastern Treatment Works (read-only)",
                        "Trends of the last ten years",
                        "historian-ro.east.scada",
                        "east",
                        ALL,
                    ),
                    ("Shift plan", "Who works when", "shifts.east", "east", ALL),
                    ("Dosing log", "Chemicals in, by the hour", "dosing.east", "east", ALL),
                    ("Stores", "Parts, places and counts", "stores.east", "east", ALL),
                    ("Line camera", "View of the inlet", "[2001:db8:20::12]:8080.", "-east", ALL),
                ),
            )
        ],
    ),
    DemoMicrotenant(
        microtenant=_microtenant("Laboratory", "Analysis and research.", LABORATORY_DOMAIN),
        portals=[_portal("lab", "Laboratory", "Instruments, data and safety.")],
        sections=[
            Section(
                name="Bench",
                days_ago=3,
                links=(
                    ("Instrument booking", "Who measures when", "booking.lab", "lab", ALL),
                    ("Notebooks", "Electronic laboratory notebooks", "notebooks.lab", "lab", ALL),
                    ("Safety sheets", "What is in the bottle", "safety.lab/sheets", "lab", ALL),
                    ("Microscope 3", "Remote view, mornings only", "10.20.4.31.", "lab", ALL),
                ),
            )
        ],
    ),
)

MANAGERS: Sequence[Manager] = (
    Manager(name="tomas", display_name="Tomas Lindahl", role=Role.ADMIN),
    Manager(name="vera", display_name="Vera Maric", role=Role.VIEWER),
    Manager(name="eliot", display_name="Eliot Grant", role=Role.ADMIN, microtenant=EAST),
)
READERS: Sequence[Reader] = (
    Reader(name="ines", display_name="Ines Okafor", groups=("Operations", "Engineering")),
    Reader(name="omar", display_name="Omar Haddad", groups=("Finance",)),
    Reader(name="wren", display_name="Wren Ellis"),
)
FAVOURITES = (
    "Mail and calendar",
    "Chat",
    "Leave and absence",
    "Work orders",
    "Meeting rooms",
    "Outage map",
    "Expenses",
    "Laboratory samples",
)
# What Ines opened last, and how many minutes ago.
RECENT = (
    ("Runbooks", 4_300),
    ("Drawings archive", 4_200),
    ("Reports", 1_500),
    ("Permit to work", 1_450),
    ("Payslips", 8),
)
# Openings of a working day; every other link has a few.
BUSY = {
    "Chat": 860,
    "Mail and calendar": 790,
    "Outage map": 410,
    "Work orders": 347,
    "Customer billing": 200,
    "Permit to work": 105,
    "Documents": 96,
    "Drawings archive": 80,
}
