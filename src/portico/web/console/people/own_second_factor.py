"""The administrator's own second factors and recovery codes. Changes require the password."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
from starlette.responses import Response

from portico.domain.errors import AccessDenied, Forbidden, InvalidField, InvalidInput
from portico.domain.people.second_factors import FactorMethod, NewFactor
from portico.services.people.passkeys import registration_options
from portico.services.people.password_proofs import (
    PROOF_SECONDS,
    Prover,
    find_prover,
    open_password_proof,
    renew_challenge,
)
from portico.services.people.second_factors import (
    add_factor,
    list_own_factors,
    remove_factor,
    renew_recovery_codes,
)
from portico.services.work import UnitOfWork
from portico.web.console.frame.forms import FieldError, Form, SentForm, make_form, place_error
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get, post
from portico.web.console.people.proving import prove_own_password
from portico.web.shared.cookies import PASSWORD_PROOF
from portico.web.shared.pages import redirect
from portico.web.shared.second_factors import (
    AppSetUp,
    app_set_up,
    options_text,
    proven_app,
    proven_passkey,
    relying_party,
)
from portico.web.shared.texts import gettext as _

LABELS: Mapping[str, str] = {
    "password": _("Password"),
    "app_name": _("Name of the app"),
    "code": _("Code"),
    "passkey_name": _("Name of the passkey"),
    "passkey": _("Passkey"),
}
PLACE = "second-factor"


class FactorRow(msgspec.Struct, frozen=True, kw_only=True):
    """One factor in the list. `host` is set for a passkey that works only elsewhere."""

    id: int
    name: str
    method: str
    host: str
    added: int
    used: int | None


class OwnFactorsView(msgspec.Struct, frozen=True, kw_only=True):
    """The page. `app` and `passkey_options` are set while the password is proven."""

    name: str
    rows: list[FactorRow]
    codes_left: int
    required_by: str
    is_open: bool
    form: Form
    app: AppSetUp | None = None
    passkey_options: str = ""


class RecoveryCodesView(msgspec.Struct, frozen=True, kw_only=True):
    """New recovery codes, which are shown once."""

    codes: Sequence[str]
    added: str


@get(f"/{PLACE}")
async def show_own_factors(console: Console) -> Response:
    """Show the list, with what can be added while the password is proven."""
    return await _page(console, make_form(LABELS))


@post(f"/{PLACE}/password")
async def open_changes(console: Console) -> Response:
    """Prove the password, which allows changes for ten minutes in this session."""
    form = replace(await console.form(), labels=LABELS)
    _require_password(console)
    refusal = await prove_own_password(
        console, form.value("password"), wrong=_("It is not your password.")
    )
    if refusal is not None:
        failed = form.with_values(password=[]).failed({"password": refusal.error})
        return await _page(console, failed, status=refusal.status)
    runtime, person = console.site.runtime, console.signed_in.administrator
    session = console.signed_in.session.digest
    async with runtime.database.transaction() as connection:
        proof = await open_password_proof(runtime, connection, person, session)
    cookie = console.site.cookies.make(PASSWORD_PROOF, proof.token, seconds=PROOF_SECONDS)
    return redirect(f"{console.base}/{PLACE}", cookies=[cookie])


@post(f"/{PLACE}/app")
async def add_app(console: Console) -> Response:
    """Store an authenticator app that shows the code of this moment."""
    form = replace(await console.form(), labels=LABELS)
    if await _prover(console) is None:
        return console.go(PLACE, message="prove-password")
    now = console.site.runtime.now
    try:
        new = proven_app(form.value("secret"), form.value("code"), form.value("app_name"), now)
        if new is None:
            raise InvalidField(
                "code",
                _(
                    "It is not the code of this moment. Check the clock of your phone, then enter "
                    "the code that it shows now."
                ),
            )
        return await _add(console, new)
    except InvalidInput as refused:
        fields = {"name": "app_name", "code": "code"}
        failed = place_error(form.with_values(code=[]), refused, fields)
        return await _page(console, failed, status=422)


@post(f"/{PLACE}/passkeys")
async def add_passkey(console: Console) -> Response:
    """Store a passkey that the browser has created."""
    form = replace(await console.form(), labels=LABELS)
    prover, party = await _prover(console), relying_party(console.site, console.request)
    if prover is None or party is None:
        return console.go(PLACE, message="prove-password")
    answer, name = form.value("passkey"), form.value("passkey_name")
    try:
        return await _add(
            console, await proven_passkey(party, prover.proof.challenge, answer, name)
        )
    except AccessDenied as refused:
        failed = form.failed({"passkey": FieldError(text=refused.reason)})
    except InvalidInput as refused:
        failed = place_error(form, refused, {"name": "passkey_name", "passkey": "passkey"})
    return await _page(console, failed, status=422)


@post(f"/{PLACE}/{{id}}/remove")
async def remove(console: Console) -> Response:
    """Delete a factor."""
    form = replace(await console.form(), labels=LABELS)
    if await _prover(console) is None:
        return console.go(PLACE, message="prove-password")
    try:
        async with console.writing() as work:
            await remove_factor(work, console.site.runtime.cipher, console.record_id)
    except InvalidInput as refused:
        return await _page(console, place_error(form, refused, {}), status=422)
    return console.go(PLACE, work)


@post(f"/{PLACE}/recovery-codes")
async def renew_codes(console: Console) -> Response:
    """Replace the recovery codes, and show the new ones once."""
    form = replace(await console.form(), labels=LABELS)
    if await _prover(console) is None:
        return console.go(PLACE, message="prove-password")
    try:
        async with console.writing() as work:
            codes = await renew_recovery_codes(work, console.site.runtime.cipher)
    except InvalidInput as refused:
        return await _page(console, place_error(form, refused, {}), status=422)
    return await _show_codes(console, codes, "")


async def _add(console: Console, new: NewFactor) -> Response:
    """Store a proven factor. Shows the recovery codes that come with the first one."""
    async with console.writing() as work:
        added = await add_factor(
            work,
            console.site.runtime.cipher,
            new,
            session=console.signed_in.session.digest,
        )
    if added.recovery_codes:
        return await _show_codes(console, added.recovery_codes, added.factor.name)
    return console.go(PLACE, work)


async def _show_codes(console: Console, codes: Sequence[str], added: str) -> Response:
    view = RecoveryCodesView(codes=codes, added=added)
    async with console.reading() as work:
        return await console.page("recovery_codes.html", work, view, nav="")


async def _prover(console: Console) -> Prover | None:
    """Return who has proven the password in this session, or None. Raises Forbidden."""
    _require_password(console)
    token = console.site.cookies.read(console.request, PASSWORD_PROOF)
    runtime, session = console.site.runtime, console.signed_in.session
    async with runtime.database.read() as connection:
        prover = await find_prover(runtime, connection, token, session.digest)
    is_same = prover is not None and prover.administrator.id == session.administrator_id
    return prover if is_same else None


async def _page(console: Console, form: Form, *, status: int = 200) -> Response:
    prover = await _prover(console)
    async with console.reading() as work:
        view = await _view(console, work, prover, form)
        return await console.page("own_second_factor.html", work, view, nav="", status=status)


async def _view(
    console: Console, work: UnitOfWork, prover: Prover | None, form: Form
) -> OwnFactorsView:
    runtime, person = console.site.runtime, console.signed_in.administrator
    own = await list_own_factors(work, runtime.cipher, person.id)
    party = relying_party(console.site, console.request)
    host = party.host if party is not None else ""
    options = ""
    if prover is not None and party is not None:
        challenge = await renew_challenge(runtime, prover.proof)
        passkeys = [each for each in own.factors if each.method is FactorMethod.PASSKEY]
        options = options_text(await registration_options(party, person, passkeys, challenge))
    return OwnFactorsView(
        name=person.name,
        rows=[
            FactorRow(
                id=each.id,
                name=each.name,
                method=each.method.value.capitalize(),
                host=each.host if each.host != host else "",
                added=each.creation_time,
                used=each.last_used,
            )
            for each in own.factors
        ],
        codes_left=own.codes_left,
        required_by=" and ".join(own.required_by),
        is_open=prover is not None,
        form=form,
        app=app_set_up(person, _kept_secret(form)) if prover is not None else None,
        passkey_options=options,
    )


def _kept_secret(form: Form) -> str:
    """Return the secret of a form that failed, because an app has it already."""
    return form.value("secret") if isinstance(form, SentForm) and "code" in form.errors else ""


def _require_password(console: Console) -> None:
    if not console.signed_in.administrator.password_hash:
        raise Forbidden(
            _(
                "This account has no password: a provider signs it in, and decides about a second "
                "factor."
            )
        )


ROUTES = [show_own_factors, open_changes, add_app, add_passkey, remove, renew_codes]
