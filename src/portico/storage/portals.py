"""Stored user portals."""

from __future__ import annotations

from typing import ClassVar

from portico.domain.portals import UserPortal
from portico.storage.repositories import Repository
from portico.storage.tables import user_portal


class UserPortalRepository(Repository[UserPortal]):
    """The user portals of one scope."""

    table: ClassVar = user_portal
    record: ClassVar = UserPortal
