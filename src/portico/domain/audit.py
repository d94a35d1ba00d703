"""The audit trail: one entry for every change, never altered afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What happened to the object of an entry."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REVOKE = "revoke"


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """Who changed what, when, and how it looked before and after (JSON text, empty for nothing).

    `actor_id` is the id of an API client or an administrator, or 0 for the operator at the command
    line. `transaction_id` is made by the server; undoing takes all entries of one together.
    `client_transaction_id` is what the client sent as `x-transaction-id`, None for nothing.
    """

    customer_id: int
    id: int
    microtenant_id: int
    time: int
    actor_id: int
    action: Action
    object_type: str
    object_id: int
    object_name: str
    before: str
    after: str
    transaction_id: str
    client_transaction_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Which entries are wanted; what is None or empty narrows nothing.

    From `since` on and before `until`, in epoch seconds.
    """

    since: int | None = None
    until: int | None = None
    actor_id: int | None = None
    object_type: str = ""
    object_id: int | None = None
    action: Action | None = None
    transaction_id: str = ""
