"""Stored certificates."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import and_, select

from portico.domain.portals.certificates import Certificate
from portico.storage.engine.connections import Connection
from portico.storage.repositories import Repository
from portico.storage.schema.tables import certificate, user_portal


class CertificateRepository(Repository[Certificate]):
    """The certificates of one scope."""

    table: ClassVar = certificate
    record: ClassVar = Certificate


async def expired_certificates(
    connection: Connection, customer_id: int, now: int, limit: int
) -> list[tuple[str, str]]:
    """Return the names of a tenant's portals and of their certificates that have expired."""
    own = and_(
        user_portal.c.customer_id == certificate.c.customer_id,
        user_portal.c.certificate_id == certificate.c.id,
    )
    statement = (
        select(user_portal.c.name.label("portal"), certificate.c.name.label("certificate"))
        .join(certificate, own)
        .where(
            user_portal.c.customer_id == customer_id,
            user_portal.c.enabled,
            certificate.c.valid_to_in_epoch_sec < now,
        )
        .order_by(user_portal.c.id)
        .limit(limit)
    )
    return [(row.portal, row.certificate) for row in await connection.rows(statement)]
