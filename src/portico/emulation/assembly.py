"""Assembles the application of a stand-in: Portico's own, with the emulator's layers around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from portico.app import Additions, create_app
from portico.emulator.control import clock, health, snapshots
from portico.emulator.control.api import ControlApi
from portico.emulator.stand_in import StandIn
from portico.emulator.tenant_time import TenantTime
from portico.services.runtime import Runtime
from portico.settings import Settings

NOUNS = (health, snapshots, clock)
"""The modules of the control API."""

Planting = Callable[[StandIn], Awaitable[None]]
"""Adds the first tenants to a stand-in, whose state afterwards is the seed."""


def make_stand_in_app(
    settings: Settings, stand_in: StandIn, planting: Planting, *, durable: bool = False
) -> ASGIApp:
    """Return the application of a stand-in, for a server that runs its lifespan.

    Unless `durable`, the database does not wait for the disk.
    """

    async def started(app: Litestar, runtime: Runtime) -> None:
        app.state.stand_in = stand_in
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
            partial(TenantTime, clock=stand_in.clock),
        ),
        started=started,
    )
    return create_app(settings, stand_in.clock, additions=additions)


def _control_routes() -> Sequence[HTTPRouteHandler]:
    return [route for noun in NOUNS for route in noun.ROUTES]
