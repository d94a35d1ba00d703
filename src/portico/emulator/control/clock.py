"""`/_portico/clock`: the time of one tenant or of all."""

from __future__ import annotations

from starlette.requests import Request

from portico.domain.errors import InvalidField
from portico.emulator.clock import EmulatedClock
from portico.emulator.control.operations import operation
from portico.emulator.control.wire import (
    Answer,
    Body,
    TenantQuery,
    id_text,
    parse_timestamp,
    stand_in_of,
    tenant_of,
    timestamp,
)


class ClockAnswer(Answer, frozen=True, kw_only=True):
    """The time that a clock shows. `offsetSeconds` is its distance from the real time."""

    customer_id: str | None
    now: str
    epoch_seconds: float
    frozen: bool
    offset_seconds: float


class ClockChange(Body, kw_only=True):
    """Changes of a clock, made in this order: reset, now, advance, frozen.

    `now` is a time such as 2026-01-31T12:00:00Z, and `advanceSeconds` can be negative.
    """

    reset: bool = False
    now: str | None = None
    advance_seconds: float | None = None
    frozen: bool | None = None


@operation("GET", "/clock", summary="Read the clock")
async def read_clock(request: Request, query: TenantQuery) -> ClockAnswer:
    """Return the time of one tenant, or the common time."""
    return _present(stand_in_of(request).clock, await tenant_of(request, query.customer_id))


@operation("PUT", "/clock", summary="Freeze, set, advance or reset the clock")
async def change_clock(request: Request, query: TenantQuery, body: ClockChange) -> ClockAnswer:
    """Change the time of one tenant, or of all."""
    tenant = await tenant_of(request, query.customer_id)
    clock = stand_in_of(request).clock
    if body == ClockChange():
        raise InvalidField("body", "Give at least one of reset, now, advanceSeconds and frozen.")
    moment = None if body.now is None else parse_timestamp("now", body.now)
    with clock.all_or_nothing():
        if body.reset:
            clock.reset(tenant)
        if moment is not None:
            clock.set(moment, tenant)
        if body.advance_seconds is not None:
            clock.advance(body.advance_seconds, tenant)
        if body.frozen is not None:
            (clock.freeze if body.frozen else clock.unfreeze)(tenant)
    return _present(clock, tenant)


def _present(clock: EmulatedClock, customer_id: int | None) -> ClockAnswer:
    now = clock.time_in(customer_id)
    return ClockAnswer(
        customer_id=id_text(customer_id),
        now=timestamp(now),
        epoch_seconds=round(now, 3),
        frozen=clock.hand(customer_id).frozen_at is not None,
        offset_seconds=round(now - clock.wall(), 3) + 0.0,  # 0.0, not -0.0
    )


ROUTES = (read_clock, change_clock)
