"""The message after a change: what changed, from the audit trail, and how long undo is possible."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from portico.domain.audit import AuditFilter
from portico.services.audit.requests import list_requests
from portico.services.undo.undo import UNDO_SECONDS, can_undo
from portico.services.work import UnitOfWork
from portico.web.console.audit.requests import Summary, summarise

MESSAGES: Mapping[str, str] = {
    "nothing": "Nothing had to change.",
    "undone": "It is as it was before.",
    "saved": "Saved.",
    "password": "Saved, with the new password.",
    "own-password": "Your password is changed. Your other sessions have ended.",
    "prove-password": "Enter your password again. It is needed for changes after ten minutes.",
    "rule-on": "A second factor is now required.",
    "rule-off": "A second factor is no longer required.",
    "order": "The order is saved.",
    "late": "This change cannot be undone any more.",
}
"""The messages that an address can ask for by name."""


class Toast(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence. `seconds` is the time left for undo, 0 if it is not possible.

    A quiet one repeats on later pages that a change can still be undone.
    """

    text: str
    transaction_id: str = ""
    seconds: int = 0
    quiet: bool = False


async def find_toast(work: UnitOfWork, transaction_id: str, message: str) -> Toast | None:
    """Return the message that an address asks for. Changes of others are not reported."""
    said = Toast(text=MESSAGES[message]) if message in MESSAGES else None
    if not transaction_id:
        return said
    own_changes = AuditFilter(
        transaction_id=transaction_id,
        actor_id=work.principal.actor_id,
        since=work.now - UNDO_SECONDS,
    )
    found = (await list_requests(work, own_changes, limit=1)).requests
    if not found:
        return said
    (request,) = found
    text = said.text if said else _sentence(summarise(request))
    left = UNDO_SECONDS - (work.now - request.newest.time)
    if left <= 0 or message == "undone" or not await can_undo(work, transaction_id):
        return Toast(text=text)
    return Toast(text=text, transaction_id=transaction_id, seconds=left)


async def find_reminder(work: UnitOfWork, transaction_id: str) -> Toast | None:
    """Return the quiet message about a change that can still be undone, or None."""
    toast = await find_toast(work, transaction_id, "")
    return replace(toast, quiet=True) if toast and toast.seconds else None


def undo_cookie(customer_id: int, microtenant_id: int) -> str:
    """Return the name of the cookie with the last change in a microtenant that can be undone."""
    return f"undo_{customer_id}_{microtenant_id}"


def _sentence(summary: Summary) -> str:
    return f"{summary.verb} {summary.name}."
