"""The audit trail: one entry for every change, which never changes afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """The kinds of change that an entry records."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REVOKE = "revoke"


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """A change: its author, object and time, and the object before and after as JSON.

    `before` or `after` is empty if the object did not exist. `actor_id` is the id of an API client
    or an administrator, or 0 for the operator on the command line. The server creates
    `transaction_id`; undo reverts all entries with the same one. `client_transaction_id` is the
    `x-transaction-id` of the client, or None.
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
    """Criteria for audit entries. None or an empty text matches every entry.

    `since` is inclusive and `until` exclusive, in epoch seconds.
    """

    since: int | None = None
    until: int | None = None
    actor_id: int | None = None
    object_type: str = ""
    object_id: int | None = None
    action: Action | None = None
    transaction_id: str = ""
