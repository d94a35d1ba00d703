"""`/_portico/faults`: the fault rules of one tenant or of all."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, JSONBody
from litestar.status_codes import HTTP_201_CREATED

from portico.emulator.control.wire import (
    Answer,
    AnyRequest,
    Body,
    CustomerId,
    id_text,
    stand_in_of,
    tenant_of,
)
from portico.emulator.faults.fault_set import RuleState
from portico.emulator.faults.profiles import profile
from portico.emulator.faults.rules import InvalidRule, Rule, read_rules


class FaultsBody(Body):
    """Rules to write: in full, or by the name of a profile. `seed` decides about probabilities."""

    rules: list[dict[str, Any]] | None = None
    profile: str | None = None
    seed: int = 0


class FaultAnswer(Rule, frozen=True, kw_only=True):
    """A rule with the numbers of requests that it matched and struck.

    `active` is false once it can never strike again.
    """

    matched: int
    hits: int
    active: bool


class FaultsAnswer(Answer, frozen=True, kw_only=True):
    """Rules in the order in which they are tried."""

    faults: list[FaultAnswer]


@get("/faults", summary="List the fault rules with their hits")
async def list_faults(request: AnyRequest, customer_id: CustomerId = None) -> FaultsAnswer:
    """Return all rules, or those of one tenant alone."""
    tenant = id_text(await tenant_of(request, customer_id))
    return _present(stand_in_of(request).faults.states(tenant))


@get("/faults/{rule_id:str}", summary="Describe a fault rule with its hits")
async def read_fault(request: AnyRequest, rule_id: FromPath[str]) -> FaultAnswer:
    """Return one rule."""
    return _present_one(stand_in_of(request).faults.state(rule_id))


@put("/faults", summary="Replace the fault rules")
async def replace_faults(
    request: AnyRequest, data: JSONBody[FaultsBody], customer_id: CustomerId = None
) -> FaultsAnswer:
    """Replace all rules, or those of one tenant."""
    tenant = id_text(await tenant_of(request, customer_id))
    rules = await _read(request, data, tenant)
    written = stand_in_of(request).faults.replace(rules, seed=data.seed, customer_id=tenant)
    return _present(written)


@post("/faults", status_code=HTTP_201_CREATED, summary="Append fault rules")
async def append_faults(
    request: AnyRequest, data: JSONBody[FaultsBody], customer_id: CustomerId = None
) -> FaultsAnswer:
    """Add rules after the others."""
    tenant = id_text(await tenant_of(request, customer_id))
    rules = await _read(request, data, tenant)
    written = stand_in_of(request).faults.append(rules, seed=data.seed, customer_id=tenant)
    return _present(written)


@delete("/faults", summary="Remove the fault rules")
async def remove_faults(request: AnyRequest, customer_id: CustomerId = None) -> None:
    """Remove all rules, or those of one tenant."""
    stand_in_of(request).faults.clear(id_text(await tenant_of(request, customer_id)))


@delete("/faults/{rule_id:str}", summary="Remove a fault rule")
async def remove_fault(request: AnyRequest, rule_id: FromPath[str]) -> None:
    """Remove one rule."""
    stand_in_of(request).faults.remove(rule_id)


async def _read(request: AnyRequest, data: FaultsBody, customer_id: str | None) -> list[Rule]:
    if (data.rules is None) == (data.profile is None):
        raise InvalidRule("Give either rules, a list of rules, or profile, a name.", "rules")
    written = data.rules if data.profile is None else profile(data.profile, customer_id)
    rules = read_rules(written, stand_in_of(request).operations)
    for rule in rules:
        await tenant_of(request, rule.customer_id)
    return rules


def _present(states: list[RuleState]) -> FaultsAnswer:
    return FaultsAnswer(faults=[_present_one(each) for each in states])


def _present_one(state: RuleState) -> FaultAnswer:
    return FaultAnswer(
        **msgspec.structs.asdict(state.rule),
        matched=state.matched,
        hits=state.hits,
        active=state.active,
    )


ROUTES = (list_faults, read_fault, replace_faults, append_faults, remove_faults, remove_fault)
