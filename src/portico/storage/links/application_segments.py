"""Stored application segments."""

from __future__ import annotations

from typing import ClassVar

from portico.domain.links.application_segments import Application
from portico.storage.repositories import Repository
from portico.storage.schema.tables import application_segment


class ApplicationRepository(Repository[Application]):
    """The application segments of one scope."""

    table: ClassVar = application_segment
    record: ClassVar = Application
