"""The console's words for errors of the services. The API keeps those of the vendor."""

from __future__ import annotations

from portico.domain.errors import (
    ConcurrentChange,
    InvalidField,
    LinkLimitExceeded,
    LockedOut,
    MissingValue,
    NameTaken,
    NotFound,
    PorticoError,
    SearchTooExpensive,
    StillReferenced,
    UnknownReference,
)
from portico.web.console.audit.entries import KINDS
from portico.web.shared.reasons import translatable
from portico.web.shared.texts import gettext as _
from portico.web.shared.texts import ngettext


def error_words(error: PorticoError, label: str = "") -> str:
    """Return what is wrong and what to do, with names instead of ids.

    `label` is that of the field that the error is shown beside.
    """
    match error:
        case MissingValue():
            return _("%(field)s cannot be empty.", field=label or _("This field"))
        case InvalidField():
            return translatable(error.why)
        case NameTaken():
            return _('The name "%(name)s" is already taken. Choose another name.', name=error.name)
        case LinkLimitExceeded():
            portal = f'"{error.portal_name}"' if error.portal_name else _("This portal")
            return _(
                "%(portal)s would have more than %(limit)s links, which is the limit.",
                portal=portal,
                limit=error.limit,
            )
        case StillReferenced():
            kind = KINDS[error.kind].one if error.kind in KINDS else _("object")
            return _(
                'The %(kind)s "%(name)s" still uses it. Change or delete that first.',
                kind=kind,
                name=error.name,
            )
        case _:
            return _words_of_the_moment(error)


def _words_of_the_moment(error: PorticoError) -> str:
    """Return the words for errors that another request, or a later one, would not meet."""
    match error:
        case NotFound() | UnknownReference():
            return _("Something on this page no longer exists. Load the page again.")
        case SearchTooExpensive():
            return _("The search took too long and was stopped. Look for longer words.")
        case LockedOut():
            return ngettext(
                "Too many sign-ins failed. Wait a minute, then try again.",
                "Too many sign-ins failed. Wait %(num)d minutes, then try again.",
                -(-error.seconds // 60),
            )
        case ConcurrentChange():
            return translatable(error.why) or _(
                "Somebody else changed this at the same time. Try again."
            )
        case _:
            return translatable(error.reason)
