"""Change the administrator's own password. The current password is required; other sessions end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec
from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.errors import AccessDenied, Forbidden, InvalidField, LockedOut
from portico.services.people.administrators import set_own_password
from portico.services.people.failed_sign_ins import FailedSignIn, SignInChannel, why_refused
from portico.services.people.passwords import hash_in_turn
from portico.services.people.sign_in import prove_password
from portico.web.console.frame.forms import FieldError, Form, make_form, place_error
from portico.web.console.frame.page import Answer, Console
from portico.web.shared.cookies import CONSOLE_DEVICE
from portico.web.shared.sessions import browser_of

LABELS: Mapping[str, str] = {
    "present": "Present password",
    "password": "New password",
    "again": "New password again",
}


class OwnPasswordView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of the own password; `name` tells password managers the account."""

    name: str
    form: Form


@get("/password")
async def show_own_password(console: NamedDependency[Console]) -> Answer:
    """Show the form."""
    return await _page(console, make_form(LABELS))


@post("/password", status_code=303)
async def change_own_password(console: NamedDependency[Console]) -> Answer:
    """Store the new password."""
    form = replace(await console.form(), labels=LABELS)
    _require_password(console)
    if form.value("password") != form.value("again"):
        error = FieldError(text="It is not the same as the new password.")
        return await _page(console, form.failed({"again": error}), status=422)
    runtime, signed_in = console.site.runtime, console.signed_in
    person, browser = (
        signed_in.administrator,
        browser_of(console.site, console.request, CONSOLE_DEVICE),
    )
    try:
        await prove_password(runtime, person, form.value("present"), browser)
        hashed = await hash_in_turn(runtime, person.id, form.value("password"))
    except AccessDenied as refused:
        console.site.failed_sign_ins.note(
            FailedSignIn(
                channel=SignInChannel.CONSOLE, why=why_refused(refused), address=browser.address
            )
        )
        locked = isinstance(refused, LockedOut)
        error = FieldError(text=refused.reason if locked else "It is not your present password.")
        failed = form.failed({"present": error})
        return await _page(console, failed, status=429 if locked else 422)
    except InvalidField as refused:
        failed = place_error(form, refused, {"password": "password"})
        return await _page(console, failed, status=422)
    async with console.writing() as work:
        await set_own_password(work, hashed, exempt_session=signed_in.session.digest)
    return console.go("", message="own-password")


async def _page(console: Console, form: Form, *, status: int = 200) -> Answer:
    _require_password(console)
    # A page never contains a password.
    empty = form.with_values(present=[], password=[], again=[])
    view = OwnPasswordView(name=console.signed_in.administrator.name, form=empty)
    async with console.reading() as work:
        return await console.page("own_password.html", work, view, nav="", status=status)


def _require_password(console: Console) -> None:
    if not console.signed_in.administrator.password_hash:
        raise Forbidden("This account has no password: a provider signs it in.")


ROUTES = [show_own_password, change_own_password]
