"""Stored acceptable use policies."""

from __future__ import annotations

from typing import ClassVar

from portico.domain.policies import Aup
from portico.storage.repositories import Repository
from portico.storage.schema.tables import user_portal_aup


class AupRepository(Repository[Aup]):
    """The acceptable use policies of one scope."""

    table: ClassVar = user_portal_aup
    record: ClassVar = Aup
