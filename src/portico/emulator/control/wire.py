"""What the control routes share: bodies in camelCase, ids as strings, and the tenant they name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from starlette.requests import Request

from portico.domain.errors import InvalidField
from portico.domain.records import MAX_ID
from portico.emulator.stand_in import StandIn


class Query(msgspec.Struct, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The query parameters of a control request. All have defaults, and others are refused.

    A wrong name of `customerId` would otherwise change all tenants.
    """


class TenantQuery(Query, frozen=True, kw_only=True):
    """The tenant that a request is about."""

    customer_id: Annotated[
        str | None,
        msgspec.Meta(
            description="The id of the tenant. Without it, the request is about all tenants."
        ),
    ] = None


class Body(msgspec.Struct, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """The body of a control request."""


class Answer(msgspec.Struct, rename="camel", frozen=True, kw_only=True):
    """The body of a control answer."""


def stand_in_of(request: Request) -> StandIn:
    """Return the stand-in that serves a control request."""
    stand_in: StandIn = request.app.state.stand_in
    return stand_in


async def tenant_of(request: Request, customer_id: str | None) -> int | None:
    """Return the id of the tenant that a control request names, or None for all tenants.

    Raises InvalidField, and NoSuchTenant for an unknown tenant.
    """
    if customer_id is None:
        return None
    number = parse_id("customerId", customer_id)
    await stand_in_of(request).require_tenant(number)
    return number


def parse_id(name: str, text: str) -> int:
    """Return an id that a request gives as text. Raises InvalidField that names the field."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    if not 0 < number <= MAX_ID:
        raise InvalidField(name, "It must be an id, a number from 1 to 2^63 - 1.")
    return number


def id_text(customer_id: int | None) -> str | None:
    """Return an id as text, or None."""
    return None if customer_id is None else str(customer_id)


def timestamp(moment: float) -> str:
    """Return a time in epoch seconds as text, in UTC."""
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds")


def parse_timestamp(name: str, text: str) -> float:
    """Return the epoch seconds of a time such as 2026-01-31T12:00:00Z. Raises InvalidField."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidField(name, "Write a time with its zone, for example 2026-01-31T12:00:00Z.")
    return moment.timestamp()
