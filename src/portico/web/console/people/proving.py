"""Asking administrators for their own password again, before they change what it protects."""

from __future__ import annotations

import msgspec

from portico.domain.errors import AccessDenied, LockedOut
from portico.services.people.failed_sign_ins import FailedSignIn, SignInChannel, why_refused
from portico.services.people.sign_in import prove_password
from portico.web.console.frame.error_words import error_words
from portico.web.console.frame.forms import FieldError
from portico.web.console.frame.page import Console
from portico.web.shared.cookies import CONSOLE_DEVICE
from portico.web.shared.sessions import browser_of


class Refusal(msgspec.Struct, frozen=True):
    """The error beside the password, and the HTTP status of the page with it."""

    error: FieldError
    status: int


async def prove_own_password(console: Console, password: str, *, wrong: str) -> Refusal | None:
    """Return None for the right password, else a refusal with the words `wrong`; log it.

    Guesses count as they do at the sign-in, so the refusal can also be a lock-out.
    """
    browser = browser_of(console.site, console.request, CONSOLE_DEVICE)
    try:
        await prove_password(
            console.site.runtime, console.signed_in.administrator, password, browser
        )
    except AccessDenied as refused:
        console.site.failed_sign_ins.note(
            FailedSignIn(
                channel=SignInChannel.CONSOLE, why=why_refused(refused), address=browser.address
            )
        )
        if isinstance(refused, LockedOut):
            return Refusal(FieldError(text=error_words(refused)), 429)
        return Refusal(FieldError(text=wrong), 422)
    return None
