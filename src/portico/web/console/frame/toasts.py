"""The message after a change: what changed, from the audit trail, and how long undo is possible."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from portico.domain.audit import AuditEntry, AuditFilter
from portico.services.audit.log import list_audit
from portico.services.threads import are_large, run_on_thread
from portico.services.undo.undo import UNDO_SECONDS, can_undo
from portico.services.work import UnitOfWork
from portico.web.console.audit.entries import KINDS, verb_of
from portico.web.console.frame.words import counted

ENTRIES_READ = 500
MESSAGES: Mapping[str, str] = {
    "nothing": "Nothing had to change.",
    "undone": "It is as it was before.",
    "saved": "Saved.",
    "password": "Saved, with the new password.",
    "own-password": "Your password is changed. Your other sessions have ended.",
    "order": "The order is saved.",
    "late": "This change cannot be undone any more.",
}
"""The messages that an address can ask for by name."""


class Toast(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence. `seconds` is the time left for undo, 0 if it is not possible."""

    text: str
    transaction_id: str = ""
    seconds: int = 0


async def find_toast(work: UnitOfWork, transaction_id: str, message: str) -> Toast | None:
    """Return the message that an address asks for. Changes of others are not reported."""
    if not transaction_id:
        return Toast(text=MESSAGES[message]) if message in MESSAGES else None
    own_changes = AuditFilter(
        transaction_id=transaction_id,
        actor_id=work.principal.actor_id,
        since=work.now - UNDO_SECONDS,
    )
    entries = (await list_audit(work, own_changes, limit=ENTRIES_READ)).entries
    if not entries:
        return Toast(text=MESSAGES[message]) if message in MESSAGES else None
    left = UNDO_SECONDS - (work.now - entries[0].time)
    undoable = left > 0 and message != "undone" and await can_undo(work, transaction_id)
    text = MESSAGES.get(message, "")
    if not text:
        text = await run_on_thread(lambda: summary_of(entries), when=are_large(entries))
    return Toast(
        text=text,
        transaction_id=transaction_id if undoable else "",
        seconds=left if undoable else 0,
    )


def summary_of(entries: Sequence[AuditEntry]) -> str:
    """Return the entries of one change in a sentence, such as "Deleted 3 links."."""
    kinds = [entry.object_type for entry in entries]
    main = "userPortalLink" if "userPortalLink" in kinds else kinds[-1]
    about = [entry for entry in entries if entry.object_type == main]
    verbs = {verb_of(entry) for entry in about}
    verb = verbs.pop() if len(verbs) == 1 else "Changed"
    if len(about) == 1:
        return f"{verb} {about[0].object_name or 'it'}."
    one, many = KINDS.get(main, ("object", "objects"))
    return f"{verb} {counted(len(about), one, many)}."
