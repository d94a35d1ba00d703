"""The contestants of each comparison, and their cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench import bulk, sites
from bench.contestants import serve_limit
from bench.cores import Layout
from bench.http_client import Answer
from bench.kinds import CREATE, LIST_20, SINGLE, Group, Kind, Load
from bench.load import Target
from bench.processes import Server
from bench.rounds import Comparison, Contestant, Timing, compare, load_timing
from bench.sites import Site
from bench.stages import Stage
from bench.stand_ins import StandIn
from bench.verify import counted, same_as_captured, same_when_cold, verified_answer

WORKER_KINDS = (LIST_20, SINGLE)
BULK = "bulk"
WORKERS = "workers"


def compare_kind(stage: Stage, kind: Kind) -> Comparison:
    """Compare Portico, the limit, the reference and the stand-ins on one kind of request."""
    for site in (stage.hot, stage.cold, stage.reference):
        sites.sign_in(site)
    captured = verified_answer(kind, stage.hot)
    contestants = [_on_site(stage, kind, "portico", stage.hot)]
    if kind.group is Group.READ:
        same_when_cold(kind, stage.hot, stage.cold)
        contestants.append(_on_site(stage, kind, "portico-cold", stage.cold))
    with _limit(stage, captured) as server:
        contestants.append(_of_limit(stage, kind.plan(stage.hot), server, captured, "limit"))
        contestants.append(_on_site(stage, kind, "reference", stage.reference))
        contestants += [
            _of_stand_in(stage, kind, stand_in)
            for stand_in in stage.stand_ins
            if kind.name in stand_in.loads
        ]
        found = Comparison(kind.name, kind.title, stage.database)
        return compare(found, contestants, stage.setting.pace)


def compare_bulk(stage: Stage) -> Comparison:
    """Compare bulks of 500, for Portico and the reference also with 500 single creates."""
    for site in (stage.hot, stage.reference):
        sites.sign_in(site)
    hot, reference = stage.hot, stage.reference
    captured = bulk.verify_bulk(hot)
    body = bulk.bulk_body(hot.bulk_portals[0], "limit")
    with _limit(stage, captured) as server:
        contestants = [
            Contestant("portico", _checked_already, bulk.bulk_timing(hot)),
            Contestant("portico-singles", _checked_already, bulk.singles_timing(hot)),
            Contestant(
                "limit",
                same_as_captured(server.port, Load("POST", [], 201), captured),
                bulk.repeated_timing(server.port, hot.bulk_path, body),
            ),
            Contestant(
                "reference",
                lambda: bulk.verify_bulk(reference),
                bulk.bulk_timing(reference),
            ),
            Contestant("reference-singles", _checked_already, bulk.singles_timing(reference)),
        ]
        found = Comparison(BULK, "Bulk of 500", stage.database)
        return compare(found, contestants, stage.setting.pace)


def compare_workers(stage: Stage, kind: Kind) -> Comparison:
    """Compare two workers on two cores with one on one, for Portico and for the limit."""
    cores = stage.setting.cores
    sites.sign_in(stage.hot)
    captured = verified_answer(kind, stage.hot)
    load = kind.plan(stage.hot)
    two = stage.portico.serve(
        stage.setting.processes, f"portico-2-{stage.database}", cores.two_workers.server, workers=2
    )
    twin = sites.same_data(stage.hot, two.port)
    with _limit(stage, captured) as one_limit, _limit(stage, captured, workers=2) as two_limits:
        contestants = [
            _on_site(stage, kind, "portico", stage.hot),
            _on_site(stage, kind, "portico-1", stage.hot, cores.one_worker),
            _on_site(stage, kind, "portico-2", twin, cores.two_workers),
            _on_site(stage, kind, "portico-2-sharing", twin, cores.two_workers_sharing),
            _of_limit(stage, load, one_limit, captured, "limit-1", cores.one_worker),
            _of_limit(stage, load, two_limits, captured, "limit-2", cores.two_workers),
        ]
        found = Comparison(f"{kind.name}-{WORKERS}", kind.title, stage.database)
        measured = compare(found, contestants, stage.setting.pace)
    two.stop()
    return measured


@contextmanager
def _limit(stage: Stage, captured: Answer, workers: int = 1) -> Iterator[Server]:
    """Start a limit that ends with the block."""
    setting = stage.setting
    layout = setting.cores.apart if workers == 1 else setting.cores.two_workers
    name = f"limit-{workers}"
    server = serve_limit(
        setting.processes,
        setting.folder / name,
        captured,
        layout.server,
        name=name,
        workers=workers,
    )
    try:
        yield server
    finally:
        server.stop()


def _timing(
    stage: Stage, load: Load, port: int, token: str, label: str, layout: Layout | None
) -> Timing:
    chosen = layout or stage.setting.cores.apart
    target = Target(port, token, chosen.load, chosen.connections)
    return load_timing(load, target, folder=stage.setting.folder, label=label)


def _on_site(
    stage: Stage, kind: Kind, label: str, site: Site, layout: Layout | None = None
) -> Contestant:
    timing = _timing(stage, kind.plan(site), site.port, site.token, label, layout)
    if kind is CREATE:
        timing = counted(site, timing)
    verify = _checked_already if site is stage.hot else lambda: verified_answer(kind, site)
    return Contestant(label, verify, timing)


def _of_limit(
    stage: Stage,
    load: Load,
    server: Server,
    captured: Answer,
    label: str,
    layout: Layout | None = None,
) -> Contestant:
    timing = _timing(stage, load, server.port, stage.hot.token, label, layout)
    return Contestant(label, same_as_captured(server.port, load, captured), timing)


def _of_stand_in(stage: Stage, kind: Kind, stand_in: StandIn) -> Contestant:
    load = stand_in.loads[kind.name]
    timing = _timing(stage, load, stand_in.server.port, "none", stand_in.label, None)
    return Contestant(stand_in.label, lambda: stand_in.verify(kind.name), timing)


def _checked_already() -> None:
    """Do nothing: the response was checked when it was captured for the limit."""
