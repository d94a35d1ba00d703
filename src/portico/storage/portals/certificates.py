"""Stored certificates."""

from __future__ import annotations

from typing import ClassVar

from portico.domain.portals.certificates import Certificate
from portico.storage.repositories import Repository
from portico.storage.schema.tables import certificate


class CertificateRepository(Repository[Certificate]):
    """The certificates of one scope."""

    table: ClassVar = certificate
    record: ClassVar = Certificate
