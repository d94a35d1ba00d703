"""The console's words for errors of the services. The API keeps those of the vendor."""

from __future__ import annotations

from portico.domain.errors import (
    ConcurrentChange,
    InvalidField,
    LinkLimitExceeded,
    MissingValue,
    NameTaken,
    NotFound,
    PorticoError,
    SearchTooExpensive,
    StillReferenced,
    UnknownReference,
)
from portico.web.console.audit.entries import KINDS


def error_words(error: PorticoError, label: str = "") -> str:
    """Return what is wrong and what to do, with names instead of ids.

    `label` is that of the field that the error is shown beside.
    """
    match error:
        case MissingValue():
            return f"{label or 'This field'} cannot be empty."
        case InvalidField():
            return error.why
        case NameTaken():
            return f'The name "{error.name}" is already taken. Choose another name.'
        case LinkLimitExceeded():
            portal = f'"{error.portal_name}"' if error.portal_name else "This portal"
            return f"{portal} would have more than {error.limit} links, which is the limit."
        case StillReferenced():
            kind = KINDS.get(error.kind, ("object", ""))[0]
            return f'The {kind} "{error.name}" still uses it. Change or delete that first.'
        case _:
            return _words_of_the_moment(error)


def _words_of_the_moment(error: PorticoError) -> str:
    """Return the words for errors that another request, or a later one, would not meet."""
    match error:
        case NotFound() | UnknownReference():
            return "Something on this page no longer exists. Load the page again."
        case SearchTooExpensive():
            return "The search took too long and was stopped. Look for longer words."
        case ConcurrentChange():
            return error.why or "Somebody else changed this at the same time. Try again."
        case _:
            return error.reason
