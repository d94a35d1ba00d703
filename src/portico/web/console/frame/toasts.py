"""The message after a change: what changed, from the audit trail, and how long undo is possible."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from portico.domain.audit import AuditFilter
from portico.domain.links.links import KIND as LINK
from portico.domain.portals.pages import Audience
from portico.services.audit.requests import list_requests
from portico.services.portals.pages import present_portals
from portico.services.undo.undo import UNDO_SECONDS, can_undo
from portico.services.work import UnitOfWork
from portico.web.console.audit.requests import summarise
from portico.web.shared.texts import gettext as _

MESSAGES: Mapping[str, str] = {
    "nothing": _("Nothing had to change."),
    "undone": _("It is as it was before."),
    "saved": _("Saved."),
    "password": _("Saved, with the new password."),
    "own-password": _("Your password is changed. Your other sessions have ended."),
    "prove-password": _("Enter your password again. It is needed for changes after ten minutes."),
    "rule-on": _("A second factor is now required."),
    "rule-off": _("A second factor is no longer required."),
    "link-withdrawn": _("The link is withdrawn. Nobody can use it any more."),
    "order": _("The order is saved."),
    "late": _("This change cannot be undone any more."),
}
"""The messages that an address can ask for by name."""


class Toast(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence. `seconds` is the time left for undo, 0 if it is not possible.

    A new or changed link can be seen on a portal. A quiet one repeats on later pages that a change
    can still be undone.
    """

    text: str
    transaction_id: str = ""
    seconds: int = 0
    quiet: bool = False
    see_name: str = ""
    see_href: str = ""


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
    summary, newest = summarise(request), request.newest
    toast = Toast(text=said.text if said else summary.words)
    if said is None and summary.kind and newest.object_type == LINK:
        toast = await _with_portal(work, toast, newest.object_id)
    left = UNDO_SECONDS - (work.now - newest.time)
    if left <= 0 or message == "undone" or not await can_undo(work, transaction_id):
        return toast
    return replace(toast, transaction_id=transaction_id, seconds=left)


async def find_reminder(work: UnitOfWork, transaction_id: str) -> Toast | None:
    """Return the quiet message about a change that can still be undone, or None."""
    toast = await find_toast(work, transaction_id, "")
    return replace(toast, quiet=True, see_href="") if toast and toast.seconds else None


async def _with_portal(work: UnitOfWork, toast: Toast, link_id: int) -> Toast:
    """Return the message with the first enabled portal of a link, if the link is enabled.

    Everybody can open a public portal. Of the others the console shows a preview.
    """
    link = await work.links.find(link_id)
    if link is None or not link.enabled:
        return toast
    known = await work.portals.find_all(link.portal_ids)
    for portal in await present_portals(work, known.values()):
        if portal.enabled:
            scope = work.scope
            href = (
                f"/console/{scope.customer_id}/{scope.microtenant_id}/portals/{portal.id}/preview"
            )
            if portal.page.audience is Audience.PUBLIC:
                href = f"/p/{portal.page.slug or portal.id}"
            return replace(toast, see_name=portal.name, see_href=href)
    return toast


def undo_cookie(customer_id: int, microtenant_id: int) -> str:
    """Return the name of the cookie with the last change in a microtenant that can be undone."""
    return f"undo_{customer_id}_{microtenant_id}"
