"""Writing the audit trail, in the transaction of the change that it tells of."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace

from portico.domain.administrators import Administrator
from portico.domain.applications import Application
from portico.domain.audit import Action, AuditEntry
from portico.domain.aups import Aup
from portico.domain.base import DEFAULT_MICROTENANT_ID, Scope
from portico.domain.certificates import Certificate
from portico.domain.domains import KIND as DOMAIN_KIND
from portico.domain.domains import AllowedDomain
from portico.domain.groups import Group
from portico.domain.identity import CLIENT_KIND, ApiClient
from portico.domain.links import Link
from portico.domain.microtenants import Microtenant
from portico.domain.portals import UserPortal
from portico.domain.providers import IdentityProvider
from portico.domain.sections import Section
from portico.domain.users import PortalUser
from portico.services.unit_of_work import UnitOfWork

Person = PortalUser | Administrator | IdentityProvider | ApiClient
Neighbour = Certificate | Application | AllowedDomain
Audited = Link | UserPortal | Aup | Microtenant | Section | Group | Neighbour | Person

SECRETS = {"password_hash", "client_secret", "secret_hash"}
"""Fields that no audit entry holds."""


async def record_creation(work: UnitOfWork, kind: str, *created: Audited) -> None:
    """Notes that records now exist."""
    entries = [_entry(work, Action.CREATE, kind, None, each) for each in created]
    await work.audit_trail.append(*entries)


async def record_update(work: UnitOfWork, kind: str, before: Audited, after: Audited) -> None:
    """Notes how a record looked and looks."""
    await record_updates(work, kind, [(before, after)])


async def record_updates(
    work: UnitOfWork, kind: str, changes: Iterable[tuple[Audited, Audited]]
) -> None:
    """Notes how records looked and look, in the order of the changes."""
    entries = [_entry(work, Action.UPDATE, kind, before, after) for before, after in changes]
    await work.audit_trail.append(*entries)


async def record_deletion(work: UnitOfWork, kind: str, *deleted: Audited) -> None:
    """Notes that records are gone, and how they looked."""
    entries = [_entry(work, Action.DELETE, kind, each, None) for each in deleted]
    await work.audit_trail.append(*entries)


async def record_client(
    work: UnitOfWork, action: Action, before: ApiClient | None, after: ApiClient
) -> None:
    """Notes that an API client was made or revoked, where those who look after it look."""
    scope = replace(work.scope, microtenant_id=after.microtenant_id or DEFAULT_MICROTENANT_ID)
    entry = _entry(replace(work, scope=scope), action, CLIENT_KIND, before, after)
    await work.audit_trail.append(entry)


async def record_domain(
    work: UnitOfWork, action: Action, before: AllowedDomain | None, after: AllowedDomain | None
) -> None:
    """Note that a domain was allowed or revoked, in the tenant whose portals it concerns."""
    domain = after or before
    assert domain is not None
    # An operator's decision for one tenant can take a name from another, which has to learn of it.
    scope = Scope(customer_id=domain.customer_id)
    concerned = replace(work, scope=scope)
    await concerned.audit_trail.append(_entry(concerned, action, DOMAIN_KIND, before, after))


def _entry(
    work: UnitOfWork, action: Action, kind: str, before: Audited | None, after: Audited | None
) -> AuditEntry:
    subject = after or before
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
        before=_json(before),
        after=_json(after),
        transaction_id=work.transaction_id,
        client_transaction_id=work.client_transaction_id,
    )


def _json(record: Audited | None) -> str:
    if record is None:
        return ""
    shown = {name: value for name, value in vars(record).items() if name not in SECRETS}
    return json.dumps(shown, ensure_ascii=False, default=vars)
