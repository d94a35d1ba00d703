"""Writing audit entries in the transaction of the change, and reading records back from them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar, get_type_hints

import msgspec

from portico.domain.audit import Action, AuditEntry, RemovedEntries
from portico.domain.links.application_segments import Application
from portico.domain.links.presentation import PresentedLink
from portico.domain.links.sections import Section
from portico.domain.people.administrators import Administrator
from portico.domain.people.groups import Group
from portico.domain.people.providers import IdentityProvider
from portico.domain.people.second_factors import RecoveryCodes, SecondFactor, SecondFactorRule
from portico.domain.people.users import PortalUser
from portico.domain.policies import Aup
from portico.domain.portals.certificates import Certificate
from portico.domain.portals.domains import KIND as DOMAIN_KIND
from portico.domain.portals.domains import AllowedDomain
from portico.domain.portals.pages import PresentedPortal
from portico.domain.portals.requests import PortalRequest
from portico.domain.records import DEFAULT_MICROTENANT_ID, Scope
from portico.domain.tenancy.identity import CLIENT_KIND, ApiClient
from portico.domain.tenancy.microtenants import Microtenant
from portico.services.threads import FEW, run_on_thread
from portico.services.work import UnitOfWork

Person = PortalUser | Administrator | IdentityProvider | ApiClient
Neighbour = Certificate | Application | AllowedDomain | PortalRequest | RemovedEntries
Proof = SecondFactor | RecoveryCodes | SecondFactorRule
Audited = (
    PresentedLink
    | PresentedPortal
    | Aup
    | Microtenant
    | Section
    | Group
    | Neighbour
    | Person
    | Proof
)

R = TypeVar("R", bound=Hashable)

SECRETS = {"password_hash", "secret_hash"}
"""Fields that are never written to the audit trail."""


async def record_creation(work: UnitOfWork, kind: str, *created: Audited) -> None:
    """Record that objects were created."""
    await _append(work, Action.CREATE, kind, [(None, each) for each in created])


async def record_update(work: UnitOfWork, kind: str, before: Audited, after: Audited) -> None:
    """Record the state of an object before and after a change."""
    await record_updates(work, kind, [(before, after)])


async def record_updates(
    work: UnitOfWork, kind: str, changes: Iterable[tuple[Audited, Audited]]
) -> None:
    """Record the states of objects before and after their changes, in the order given."""
    await _append(work, Action.UPDATE, kind, list(changes))


async def record_deletion(work: UnitOfWork, kind: str, *deleted: Audited) -> None:
    """Record that objects were deleted, with their last state."""
    await _append(work, Action.DELETE, kind, [(each, None) for each in deleted])


async def record_client(
    work: UnitOfWork, action: Action, before: ApiClient | None, after: ApiClient
) -> None:
    """Record that an API client was created or revoked, in the microtenant it belongs to."""
    scope = replace(work.scope, microtenant_id=after.microtenant_id or DEFAULT_MICROTENANT_ID)
    await _append(replace(work, scope=scope), action, CLIENT_KIND, [(before, after)])


async def record_domain(
    work: UnitOfWork, action: Action, before: AllowedDomain | None, after: AllowedDomain | None
) -> None:
    """Record that a domain was allowed or revoked, in the tenant that owns it."""
    domain = after or before
    assert domain is not None
    # Allowing a domain for one tenant can take it from another, which needs an entry too.
    scope = Scope(customer_id=domain.customer_id)
    await _append(replace(work, scope=scope), action, DOMAIN_KIND, [(before, after)])


async def _append(
    work: UnitOfWork,
    action: Action,
    kind: str,
    changes: Sequence[tuple[Audited | None, Audited | None]],
) -> None:
    texts = await run_on_thread(
        lambda: [(_json(before), _json(after)) for before, after in changes],
        when=len(changes) > FEW,
    )
    entries = [
        _entry(work, action, kind, after or before, *sides)
        for (before, after), sides in zip(changes, texts, strict=True)
    ]
    await work.audit_trail.append(*entries)


def _entry(
    work: UnitOfWork, action: Action, kind: str, subject: Audited | None, before: str, after: str
) -> AuditEntry:
    assert subject is not None
    return AuditEntry(
        customer_id=work.scope.customer_id,
        id=work.new_id(),
        microtenant_id=work.scope.microtenant_id,
        time=work.now,
        actor_id=work.principal.actor_id,
        action=action,
        object_type=kind,
        object_id=subject.id,
        object_name=subject.name,
        before=before,
        after=after,
        transaction_id=work.transaction_id,
        client_transaction_id=work.client_transaction_id,
    )


def read_record(kind: type[R], values: Mapping[str, Any], base: R | None = None) -> R:
    """Return the record that an audit entry describes, with its other fields from `base`.

    Entries of earlier versions of Portico lack the fields that are new since then.
    """
    hints = _type_hints(kind)
    known = {
        name: _value(hints[name], value, getattr(base, name, None))
        for name, value in values.items()
        if name in hints
    }
    return kind(**known if base is None else vars(base) | known)


@lru_cache
def _type_hints(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(hint: Any, value: Any, base: Any) -> Any:  # noqa: ANN401  # fields of any type
    if isinstance(value, dict):
        return read_record(hint, value, base)
    if isinstance(value, list):
        return tuple(value)
    return hint(value) if isinstance(hint, type) and issubclass(hint, Enum) else value


def _json(record: Audited | None) -> str:
    if record is None:
        return ""
    values = {name: value for name, value in vars(record).items() if name not in SECRETS}
    return msgspec.json.encode(values).decode()
