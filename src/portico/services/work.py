"""The unit of work of a use-case: one caller, one scope, one transaction, one time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from portico.domain.records import IdSource, Record, Scope
from portico.domain.tenancy.identity import Principal, Tenant
from portico.storage.audit.trail import AuditTrail
from portico.storage.engine.connections import Connection
from portico.storage.links.application_segments import ApplicationRepository
from portico.storage.links.link_sets import LinkSetRepository
from portico.storage.links.links import LinkRepository
from portico.storage.links.presentation import PresentationRepository, PresentedLinkRepository
from portico.storage.links.sections import SectionRepository
from portico.storage.people.administrators import AdministratorRepository
from portico.storage.people.groups import GroupRepository
from portico.storage.people.users import PortalUserRepository
from portico.storage.policies import AupRepository
from portico.storage.portals.certificates import CertificateRepository
from portico.storage.portals.domains import PortalDomains
from portico.storage.portals.pages import PortalPageRepository
from portico.storage.portals.portals import UserPortalRepository
from portico.storage.portals.requests import PortalRequestRepository
from portico.storage.tenancy.idempotency import IdempotentAnswers
from portico.storage.tenancy.microtenants import MicrotenantRepository

T = TypeVar("T")


class _InScope(Generic[T]):
    """An attribute that is the repository of one noun in the scope of a unit of work."""

    def __init__(self, repository: Callable[[Connection, Scope], T]) -> None:
        self._repository = repository

    def __get__(self, work: UnitOfWork, owner: type[UnitOfWork]) -> T:
        return self._repository(work.connection, work.scope)


@dataclass(frozen=True, kw_only=True)
class UnitOfWork:
    """What a use-case works with. The code that opens it commits; a use-case never does.

    `now` is in epoch seconds. `client_transaction_id` is the client's `x-transaction-id`, if any.
    `links_in_scope` is the approximate number of links, for choosing how to search them.
    """

    connection: Connection
    principal: Principal
    tenant: Tenant
    scope: Scope
    microtenant_name: str
    now: int
    new_id: IdSource
    transaction_id: str
    links_in_scope: int = 0
    client_transaction_id: str | None = None

    presented_links = _InScope(PresentedLinkRepository)
    portals = _InScope(UserPortalRepository)
    sections = _InScope(SectionRepository)
    groups = _InScope(GroupRepository)
    presentation = _InScope(PresentationRepository)
    portal_pages = _InScope(PortalPageRepository)
    portal_requests = _InScope(PortalRequestRepository)
    aups = _InScope(AupRepository)
    certificates = _InScope(CertificateRepository)
    applications = _InScope(ApplicationRepository)
    microtenants = _InScope(MicrotenantRepository)
    users = _InScope(PortalUserRepository)

    def new_stamps(self) -> dict[str, Any]:
        """Return the fields that the service sets on a new record."""
        return {
            "customer_id": self.scope.customer_id,
            "id": self.new_id(),
            "creation_time": self.now,
            "modified_time": self.now,
            "modified_by": self.principal.actor_id,
        }

    def changed_stamps(self, before: Record) -> dict[str, Any]:
        """Return the fields that the service sets on a changed record."""
        return {
            "customer_id": before.customer_id,
            "id": before.id,
            "creation_time": before.creation_time,
            "modified_time": self.now,
            "modified_by": self.principal.actor_id,
        }

    def in_default(self) -> UnitOfWork:
        """Return the same work in Default, where the audit entries of people belong."""
        return replace(self, scope=Scope(customer_id=self.scope.customer_id))

    @property
    def links(self) -> LinkRepository:
        """The links of the scope."""
        return LinkRepository(self.connection, self.scope, links=self.links_in_scope)

    @property
    def link_sets(self) -> LinkSetRepository:
        """The links of the scope, many at a time."""
        return LinkSetRepository(self.connection, self.scope, links=self.links_in_scope)

    @property
    def portal_domains(self) -> PortalDomains:
        """The domains that the tenant's portals claim."""
        return PortalDomains(self.connection, self.scope.customer_id)

    @property
    def administrators(self) -> AdministratorRepository:
        """The administrators of the installation, which use-cases confine to the tenant."""
        return AdministratorRepository(self.connection)

    @property
    def audit_trail(self) -> AuditTrail:
        """The tenant's audit trail."""
        return AuditTrail(self.connection, self.scope.customer_id)

    @property
    def idempotent_answers(self) -> IdempotentAnswers:
        """The responses that are stored for retries of the tenant's requests."""
        return IdempotentAnswers(self.connection, self.scope.customer_id)
