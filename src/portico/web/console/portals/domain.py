"""The note on a portal's own domain: whether it opens the portal, and what to do if not."""

from __future__ import annotations

import msgspec

from portico.domain.portals.domains import DomainState, DomainStatus
from portico.services.work import UnitOfWork
from portico.web.shared.texts import gettext as _

UNUSED = _("An address such as links.example.com. The operator of this server has to allow it.")


class DomainNote(msgspec.Struct, frozen=True, kw_only=True):
    """The text beside the field, and a command for the operator or a CNAME target to copy."""

    text: str
    command: str = ""
    target: str = ""


def domain_note(work: UnitOfWork, status: DomainStatus | None, canonical: str = "") -> DomainNote:
    """Return the note on a domain; None stands for a portal without one.

    `canonical` is the CNAME target of the portal, if it has one.
    """
    if status is None:
        return DomainNote(text=UNUSED)
    host = status.host
    match status.state:
        case DomainState.ROUTES:
            text = _("%(host)s opens this portal. Its DNS must lead to this server.", host=host)
            if canonical:
                text = _(
                    "%(host)s opens this portal. Its DNS must lead to this server. Its CNAME "
                    "target is "
                    "below.",
                    host=host,
                )
            return DomainNote(text=text, target=canonical)
        case DomainState.NOT_ALLOWED:
            return DomainNote(
                text=_(
                    "%(host)s does not open this portal: the operator of this server has not "
                    "allowed it for this tenant. Ask the operator to run this command on the "
                    "server.",
                    host=host,
                ),
                command=f"portico domain allow {host} --customer {work.scope.customer_id}",
            )
        case DomainState.TAKEN:
            return DomainNote(
                text=_(
                    "%(host)s opens %(portal)s, which had it first. Remove it there, or use "
                    "another "
                    "domain here.",
                    host=host,
                    portal=_holder(work, status),
                )
            )
        case DomainState.PUBLIC_HOST:
            return DomainNote(
                text=_(
                    "%(host)s is the address of this server itself, so it never opens a portal. "
                    "Use another domain.",
                    host=host,
                )
            )
        case DomainState.WITHOUT_DOT:
            return DomainNote(
                text=_("A name without a dot opens no portal. API clients read it back unchanged.")
            )


def _holder(work: UnitOfWork, status: DomainStatus) -> str:
    """Return the portal that has the domain, by name if the caller can see its microtenant."""
    holder = status.holder
    visible = {None, holder.microtenant_id if holder else None}
    if holder is None or work.principal.microtenant_id not in visible:
        return _("another portal of this tenant")
    return _("the portal %(name)s", name=holder.portal_name)
