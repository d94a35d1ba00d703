"""The audit trail: one entry for every change, which never changes afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

REMOVED_KIND = "auditEntries"


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
class RemovedEntries:
    """Entries that were deleted because of their age. `name` says which."""

    id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class AuditFilter:
    """Criteria for audit entries. None or an empty text matches every entry.

    `since` is inclusive and `until` exclusive, in epoch seconds. `from_id` is the smallest id of an
    entry. `text` is part of the object's name, or of the actor's.
    """

    since: int | None = None
    until: int | None = None
    from_id: int | None = None
    actor_id: int | None = None
    object_type: str = ""
    object_id: int | None = None
    action: Action | None = None
    transaction_id: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestPart:
    """The entries of one request with the same action on objects of one kind.

    A request is the entries of one transaction at one time, because a command of the operator can
    take long. `object_name` is the name of one of the objects.
    """

    transaction_id: str
    time: int
    microtenant_id: int
    actor_id: int
    action: Action
    object_type: str
    count: int
    first_id: int
    object_name: str
