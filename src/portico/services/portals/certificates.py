"""Use-cases of certificates. A portal refers to one by its id, which need not exist."""

from __future__ import annotations

from dataclasses import replace

from portico.domain.errors import StillReferenced
from portico.domain.portals import portals
from portico.domain.portals.certificates import (
    KIND,
    Certificate,
    CertificateSpec,
    IssuedCertificate,
    check_certificate,
)
from portico.domain.records import Page
from portico.domain.search import ListQuery
from portico.services import recording
from portico.services.access import require_admin
from portico.services.naming import require_free_name
from portico.services.work import UnitOfWork


async def list_certificates(work: UnitOfWork, query: ListQuery) -> Page[Certificate]:
    """Return one page of the scope's certificates."""
    return await work.certificates.page(query)


async def get_certificate(
    work: UnitOfWork, certificate_id: int, *, lock: bool = False
) -> Certificate:
    """Return one certificate. Raises NotFound."""
    return await work.certificates.get(certificate_id, lock=lock)


async def create_certificate(
    work: UnitOfWork, spec: CertificateSpec, issued: IssuedCertificate
) -> Certificate:
    """Store a new certificate. Raises InvalidInput or Forbidden."""
    require_admin(work)
    spec = check_certificate(spec)
    await require_free_name(work.certificates, spec.name)
    certificate = Certificate(
        **vars(spec),
        **vars(issued),
        **work.new_stamps(),
        microtenant_id=work.scope.microtenant_id,
    )
    await work.certificates.insert(certificate)
    await recording.record_creation(work, KIND, certificate)
    return certificate


async def update_certificate(
    work: UnitOfWork,
    certificate_id: int,
    spec: CertificateSpec,
    issued: IssuedCertificate | None = None,
) -> None:
    """Replace name and description, and the certificate itself if `issued` is given.

    Portals that use the certificate get its new name. Raises NotFound, InvalidInput or Forbidden.
    """
    require_admin(work)
    before = await get_certificate(work, certificate_id, lock=True)
    spec = check_certificate(spec, stored_name=before.name)
    await require_free_name(work.certificates, spec.name, holder=certificate_id)
    replaced = vars(issued) if issued else {}
    after = replace(before, **vars(spec), **replaced, **work.changed_stamps(before))
    await work.certificates.replace(after)
    if after.name != before.name:
        await work.portals.rename_certificate(certificate_id, after.name)
    await recording.record_update(work, KIND, before, after)


async def delete_certificate(work: UnitOfWork, certificate_id: int) -> None:
    """Delete a certificate that no portal uses. Raises NotFound, StillReferenced or Forbidden."""
    require_admin(work)
    certificate = await get_certificate(work, certificate_id, lock=True)
    portal_name = await work.portals.first_with_certificate(certificate_id)
    if portal_name is not None:
        raise StillReferenced(portals.KIND, portal_name)
    await work.certificates.remove(certificate_id)
    await recording.record_deletion(work, KIND, certificate)
