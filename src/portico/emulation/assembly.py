"""Assembles the application of a stand-in: Portico's own, with the emulator's layers around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from time import monotonic

from starlette.types import ASGIApp

from portico.app import Additions, api_operations, create_app
from portico.asgi.routing import Application, Route
from portico.emulation.console_page import CONSOLE_PAGES, TEMPLATES, stand_in_page
from portico.emulator.clock import CLOCK_RANGE
from portico.emulator.control import (
    clock,
    faults,
    health,
    limits,
    mutations,
    page_files,
    report,
    requests,
    seeds,
    snapshots,
    tenants,
)
from portico.emulator.control.api import ControlApi
from portico.emulator.faults.limits import LimitsMiddleware
from portico.emulator.faults.middleware import FaultsMiddleware
from portico.emulator.journal.middleware import JournalMiddleware
from portico.emulator.stand_in import StandIn
from portico.emulator.tenant_time import TenantTime
from portico.services.runtime import Runtime
from portico.settings import Settings

NOUNS = (
    health,
    snapshots,
    clock,
    tenants,
    mutations,
    requests,
    faults,
    limits,
    report,
    seeds,
    page_files,
)
"""The modules of the control API."""

Planting = Callable[[StandIn], Awaitable[None]]
"""Adds the first tenants to a stand-in, whose state afterwards is the seed."""


def make_stand_in_app(
    settings: Settings, stand_in: StandIn, planting: Planting, *, durable: bool = False
) -> ASGIApp:
    """Return the application of a stand-in, for a server that runs its lifespan.

    Unless `durable`, the database does not wait for the disk.
    """

    stand_in.operations = api_operations()
    # A clock that is set forward must not sign out the administrator who sets it.
    settings = replace(settings, console_idle=CLOCK_RANGE, console_lifetime=CLOCK_RANGE)

    async def started(app: Application, runtime: Runtime) -> None:
        app.state.stand_in = stand_in
        stand_in.portal_suffix = settings.portal_suffix
        await stand_in.open(runtime)
        await planting(stand_in)
        await stand_in.snapshots.save_seed()

    additions = Additions(
        new_id=stand_in.ids,
        clients_clock=stand_in.clock.wall,
        time_in=stand_in.clock.time_in,
        durable=durable,
        middlewares=(
            partial(ControlApi, stand_in=stand_in, routes=_control_routes()),
            *_traffic(stand_in),
            partial(TenantTime, clock=stand_in.clock),
        ),
        routes=(stand_in_page(),),
        templates=TEMPLATES,
        console_pages=CONSOLE_PAGES,
        started=started,
    )
    return create_app(settings, stand_in.clock, additions=additions)


def _traffic(stand_in: StandIn) -> Sequence[Callable[[ASGIApp], ASGIApp]]:
    """Return the layers that record requests, limit them and strike them, from outside inwards."""
    operations, tenant_of_client = stand_in.operations, stand_in.tenant_of_client
    return (
        partial(
            JournalMiddleware,
            journal=stand_in.journal,
            operations=operations,
            clock=stand_in.time_in,
            monotonic=monotonic,
            tenant_of_client=tenant_of_client,
        ),
        partial(LimitsMiddleware, limits=stand_in.limits, operations=operations),
        partial(
            FaultsMiddleware,
            faults=stand_in.faults,
            operations=operations,
            tenant_of_client=tenant_of_client,
        ),
    )


def _control_routes() -> Sequence[Route]:
    return [route for noun in NOUNS for route in noun.ROUTES]
