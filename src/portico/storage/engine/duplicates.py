"""Parses PostgreSQL's messages about duplicate keys: the constraint and the values.

PostgreSQL names the constraint in a field of the error. Citus leaves the field empty: there the
name stands in the message, with the number of the shard behind it. Messages are in the language
of the server and quotes differ with it, so nothing here reads words or quotes.
"""

from __future__ import annotations

import re

_CONSTRAINT = re.compile(r"(?<!\w)((?:uq|pk)_[a-z_]*[a-z]|[a-z_]*[a-z]_pkey)(?:_[0-9]+)?(?!\w)")
_KEY = re.compile(r"\((?P<columns>[^()]*)\)=\((?P<values>.*)\)", re.DOTALL)


def violated_constraint(message: str) -> str:
    """Return the constraint that an error message names, without its shard; empty for none."""
    match = _CONSTRAINT.search(message)
    return match[1] if match else ""


def last_value(detail: str) -> str | None:
    """Return the value of the last column of the key that an error's detail tells, or None.

    Values are not quoted, so one with commas can only be told apart in the last column.
    """
    key = _KEY.search(detail)
    if key is None:
        return None
    columns = key["columns"].count(", ")
    return key["values"].split(", ", columns)[-1]
