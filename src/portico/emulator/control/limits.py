"""`/_portico/limits`: the switch for the vendor's rate limits, for one tenant or for all."""

from __future__ import annotations

from typing import Literal

from starlette.requests import Request

from portico.emulator.control.operations import operation
from portico.emulator.control.wire import Body, TenantQuery, id_text, stand_in_of, tenant_of
from portico.emulator.faults.limits import LimitsState


class LimitsBody(Body):
    """The limits to apply: those of the vendor, or none."""

    limits: Literal["vendor", "none"]


@operation("GET", "/limits", summary="Report which tenants have the vendor's rate limits")
async def read_limits(request: Request) -> LimitsState:
    """Return where the limits apply, and their numbers."""
    return stand_in_of(request).limits.state()


@operation("PUT", "/limits", summary="Switch the vendor's rate limits on or off")
async def switch_limits(request: Request, query: TenantQuery, body: LimitsBody) -> LimitsState:
    """Switch the limits for all tenants, or for one, with empty windows."""
    tenant = id_text(await tenant_of(request, query.customer_id))
    limits = stand_in_of(request).limits
    limits.switch(on=body.limits == "vendor", customer_id=tenant)
    return limits.state()


ROUTES = (read_limits, switch_limits)
