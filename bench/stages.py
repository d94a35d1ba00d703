"""Starts and fills the servers of one kind of database, ready to be compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from pathlib import Path

from bench import sites
from bench.bulk import bulk_portals_needed
from bench.contestants import Reference
from bench.cores import Cores
from bench.portico import Portico
from bench.postgres import Postgres, analyze
from bench.processes import Processes
from bench.rounds import Pace
from bench.sites import Site
from bench.stand_ins import StandIn

CREATES_A_SECOND = 4_000
"""More than any contestant reaches. The creates need enough portals."""
LINKS_OF_A_PORTAL = 500


@dataclass(frozen=True)
class Setting:
    """The values that all comparisons of a run share."""

    processes: Processes
    folder: Path
    cores: Cores
    pace: Pace


@dataclass
class Stage:
    """Portico with and without its response cache on one database, the reference on another."""

    setting: Setting
    database: str
    portico: Portico
    hot: Site
    cold: Site
    reference: Site
    stand_ins: list[StandIn] = field(default_factory=list)


def addresses(database: str, folder: Path, postgres: Postgres | None) -> tuple[str, str]:
    """Return the URLs of Portico's and the reference's database."""
    if postgres is None:
        return (
            f"sqlite:///{folder / 'portico.db'}",
            f"sqlite+aiosqlite:///{folder / 'reference.db'}",
        )
    return (
        f"postgresql://{postgres.create_database('portico')}",
        f"postgresql+asyncpg://{postgres.create_database('reference')}",
    )


def open_stage(setting: Setting, database: str, postgres: Postgres | None) -> Stage:
    """Start and fill the servers of one kind of database."""
    at_portico, at_reference = addresses(database, setting.folder, postgres)
    processes, cores = setting.processes, setting.cores.apart.server
    portico = Portico(at_portico)
    credentials = portico.prepare()
    server = portico.serve(processes, f"portico-{database}", cores)
    hot = sites.open_site(server.port, credentials)
    sites.fill(hot)
    cold_server = portico.serve(processes, f"portico-cold-{database}", cores, cache=False)
    peer = Reference(at_reference)
    account = peer.prepare()
    peer_server = peer.serve(processes, f"reference-{database}", cores)
    reference = sites.open_site(peer_server.port, account)
    sites.fill(reference)
    if postgres is not None:
        analyze(at_portico)
        analyze(at_reference.replace("+asyncpg", ""))
    return Stage(setting, database, portico, hot, sites.same_data(hot, cold_server.port), reference)


def make_room(stage: Stage) -> None:
    """Create empty portals for the creates and bulks."""
    pace = stage.setting.pace
    creates = CREATES_A_SECOND * max(1.0, pace.seconds) * pace.sendings
    for site in (stage.hot, stage.reference):
        site.create_portals = sites.create_spare_portals(
            site, ceil(creates / LINKS_OF_A_PORTAL), "Room"
        )
        site.bulk_portals = sites.create_spare_portals(
            site, bulk_portals_needed(pace.sendings), "Bulk"
        )
