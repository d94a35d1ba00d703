"""`/_portico/faults`: the fault rules of one tenant or of all."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request

from portico.emulator.control.operations import operation
from portico.emulator.control.wire import Answer, Body, TenantQuery, id_text, stand_in_of, tenant_of
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


@operation("GET", "/faults", summary="List the fault rules with their hits")
async def list_faults(request: Request, query: TenantQuery) -> FaultsAnswer:
    """Return all rules, or those of one tenant alone."""
    tenant = id_text(await tenant_of(request, query.customer_id))
    return _present(stand_in_of(request).faults.states(tenant))


@operation("GET", "/faults/{rule_id}", summary="Describe a fault rule with its hits")
async def read_fault(request: Request, rule_id: str) -> FaultAnswer:
    """Return one rule."""
    return _present_one(stand_in_of(request).faults.state(rule_id))


@operation("PUT", "/faults", summary="Replace the fault rules")
async def replace_faults(request: Request, query: TenantQuery, body: FaultsBody) -> FaultsAnswer:
    """Replace all rules, or those of one tenant."""
    tenant = id_text(await tenant_of(request, query.customer_id))
    rules = await _read(request, body, tenant)
    written = stand_in_of(request).faults.replace(rules, seed=body.seed, customer_id=tenant)
    return _present(written)


@operation("POST", "/faults", summary="Append fault rules", status=201)
async def append_faults(request: Request, query: TenantQuery, body: FaultsBody) -> FaultsAnswer:
    """Add rules after the others."""
    tenant = id_text(await tenant_of(request, query.customer_id))
    rules = await _read(request, body, tenant)
    written = stand_in_of(request).faults.append(rules, seed=body.seed, customer_id=tenant)
    return _present(written)


@operation("DELETE", "/faults", summary="Remove the fault rules", status=204)
async def remove_faults(request: Request, query: TenantQuery) -> None:
    """Remove all rules, or those of one tenant."""
    stand_in_of(request).faults.clear(id_text(await tenant_of(request, query.customer_id)))


@operation("DELETE", "/faults/{rule_id}", summary="Remove a fault rule", status=204)
async def remove_fault(request: Request, rule_id: str) -> None:
    """Remove one rule."""
    stand_in_of(request).faults.remove(rule_id)


async def _read(request: Request, body: FaultsBody, customer_id: str | None) -> list[Rule]:
    if (body.rules is None) == (body.profile is None):
        raise InvalidRule("Give either rules, a list of rules, or profile, a name.", "rules")
    written = body.rules if body.profile is None else profile(body.profile, customer_id)
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
