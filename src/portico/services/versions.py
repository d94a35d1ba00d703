"""Fingerprints of records, by which a form detects that somebody changed its record.

The API has ETags of responses for the same purpose.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from portico.domain.errors import StalePrecondition
from portico.domain.people.administrators import Administrator
from portico.domain.records import Record
from portico.domain.tenancy.identity import ApiClient, fingerprint


def version_of(record: Record | Administrator | ApiClient) -> str:
    """Return a fingerprint of a record, which any change of the record changes."""
    values: dict[str, Any] = asdict(record)
    return fingerprint(json.dumps(values, sort_keys=True, ensure_ascii=False).encode())


def require_version(kind: str, expected: str, current: str) -> None:
    """Raise StalePrecondition when a record has changed since its version was read."""
    if expected != current:
        raise StalePrecondition(kind)
