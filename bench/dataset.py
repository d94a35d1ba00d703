"""The 10,000 links of every contestant, the same on every machine and in every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LINKS = 10_000
PORTALS = 25
LINKS_ON_A_PORTAL = LINKS // PORTALS
BULK = 500
ROTATION = 100
"""The number of different links that single reads and updates use in turn."""

RARE_WORD = "quasar"
_RARE_EVERY = 1_429

# No word is the start of another, so every collation sorts the names alike.
_FIRST = ("Amber", "Birch", "Cobalt", "Delta", "Ember", "Fjord", "Granite", "Harbour", "Indigo")
_SECOND = ("Payroll", "Roster", "Wiki", "Tickets", "Mail", "Budget", "Library", "Canteen")


@dataclass(frozen=True)
class SeedLink:
    """One link, with the number of its portal."""

    name: str
    enabled: bool
    description: str
    link: str
    link_path: str
    protocol: str
    portal: int

    def body(self) -> dict[str, Any]:
        """Return the link as a client sends it, without its portals."""
        return {
            "name": self.name,
            "enabled": self.enabled,
            "description": self.description,
            "link": self.link,
            "linkPath": self.link_path,
            "protocol": self.protocol,
        }


def portal_name(number: int) -> str:
    return f"Portal {number:03d}"


def portal_body(name: str) -> dict[str, Any]:
    label = name.lower().replace(" ", "-")
    return {
        "name": name,
        "enabled": True,
        "description": f"What {name} opens",
        "domain": f"{label}.example.com",
        "extLabel": label,
        "extDomain": "example.com",
        "managedByZs": True,
        "userNotification": "Planned maintenance on Sunday",
        "userNotificationEnabled": True,
    }


def _link(number: int) -> SeedLink:
    first = _FIRST[number % len(_FIRST)]
    second = _SECOND[number // len(_FIRST) % len(_SECOND)]
    rare = f"{RARE_WORD} " if number % _RARE_EVERY == 7 else ""
    return SeedLink(
        name=f"{first} {second} {rare}{number:05d}",
        enabled=number % 10 != 0,
        description=f"Opens {second.lower()} number {number} for everyone in the {first} team",
        link=f"app-{number:05d}.example.com",
        link_path=f"/start/{number}",
        protocol="https://",
        portal=number // LINKS_ON_A_PORTAL,
    )


def links() -> list[SeedLink]:
    """Return every link, in order of creation."""
    return [_link(number) for number in range(LINKS)]


def bulks() -> Iterator[tuple[int, list[SeedLink]]]:
    """Yield the links of one portal at a time, few enough for one bulk request."""
    every = links()
    step = min(BULK, LINKS_ON_A_PORTAL)
    for start in range(0, LINKS, step):
        run = every[start : start + step]
        yield run[0].portal, run


def in_list_order(found: list[SeedLink]) -> list[SeedLink]:
    """Return the links in the order of list responses: by name, ignoring case."""
    return sorted(found, key=lambda link: link.name.lower())
