"""A short name for how a record looks now, by which a form knows whether somebody changed it.

The API's ETag names the answer in the same way; a form names the record behind it.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from portico.domain.records import Record
from portico.domain.tenancy.identity import fingerprint


def version_of(record: Record) -> str:
    """The same text for the same record, another one after any change of it."""
    values: dict[str, Any] = asdict(record)
    return fingerprint(json.dumps(values, sort_keys=True, ensure_ascii=False).encode())
