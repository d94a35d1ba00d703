"""Fingerprints of records, by which a form detects that somebody changed its record.

The API has ETags of responses for the same purpose.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from portico.domain.records import Record
from portico.domain.tenancy.identity import fingerprint


def version_of(record: Record) -> str:
    """Return a fingerprint of a record, which any change of the record changes."""
    values: dict[str, Any] = asdict(record)
    return fingerprint(json.dumps(values, sort_keys=True, ensure_ascii=False).encode())
