"""Change the administrator's own password. The current password is required; other sessions end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec
from starlette.responses import Response

from portico.domain.errors import Forbidden, InvalidField
from portico.services.people.administrators import set_own_password
from portico.services.people.passwords import hash_in_turn
from portico.web.console.frame.forms import FieldError, Form, make_form, place_error
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get, post
from portico.web.console.people.proving import prove_own_password
from portico.web.shared.texts import gettext as _

LABELS: Mapping[str, str] = {
    "present": _("Present password"),
    "password": _("New password"),
    "again": _("New password again"),
}


class OwnPasswordView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of the own password; `name` tells password managers the account."""

    name: str
    form: Form


@get("/password")
async def show_own_password(console: Console) -> Response:
    """Show the form."""
    return await _page(console, make_form(LABELS))


@post("/password")
async def change_own_password(console: Console) -> Response:
    """Store the new password."""
    form = replace(await console.form(), labels=LABELS)
    _require_password(console)
    if form.value("password") != form.value("again"):
        error = FieldError(text=_("It is not the same as the new password."))
        return await _page(console, form.failed({"again": error}), status=422)
    refusal = await prove_own_password(
        console, form.value("present"), wrong=_("It is not your present password.")
    )
    if refusal is not None:
        return await _page(console, form.failed({"present": refusal.error}), status=refusal.status)
    signed_in = console.signed_in
    try:
        hashed = await hash_in_turn(
            console.site.runtime, signed_in.administrator.id, form.value("password")
        )
    except InvalidField as error:
        failed = place_error(form, error, {"password": "password"})
        return await _page(console, failed, status=422)
    async with console.writing() as work:
        await set_own_password(work, hashed, exempt_session=signed_in.session.digest)
    return console.go("", message="own-password")


async def _page(console: Console, form: Form, *, status: int = 200) -> Response:
    _require_password(console)
    # A page never contains a password.
    empty = form.with_values(present=[], password=[], again=[])
    view = OwnPasswordView(name=console.signed_in.administrator.name, form=empty)
    async with console.reading() as work:
        return await console.page("own_password.html", work, view, nav="", status=status)


def _require_password(console: Console) -> None:
    if not console.signed_in.administrator.password_hash:
        raise Forbidden(_("This account has no password: a provider signs it in."))


ROUTES = [show_own_password, change_own_password]
