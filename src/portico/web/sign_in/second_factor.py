"""The second step of signing in to the console: a code, a passkey, or setting one of them up."""

from __future__ import annotations

from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from portico.asgi.exchange import exchange_of
from portico.domain.errors import AccessDenied, InvalidInput, LockedOut, PorticoError
from portico.domain.people.second_factors import FactorMethod
from portico.services.people.failed_sign_ins import FailedSignIn, SignInChannel, Why
from portico.services.people.passkeys import registration_options, request_options
from portico.services.people.password_proofs import (
    PROOF_SECONDS,
    NewPasswordProof,
    renew_challenge,
)
from portico.services.people.second_factor_sign_in import (
    Answer,
    PasswordProofExpired,
    PendingSignIn,
    find_pending_sign_in,
    finish_sign_in,
    set_up_and_sign_in,
)
from portico.services.people.sign_in import Browser
from portico.web.shared.cookies import (
    CONSOLE_DEVICE,
    FORM,
    PASSWORD_PROOF,
    Cookie,
    chosen_theme,
    language_of,
)
from portico.web.shared.pages import page_answer, redirect, safe_next
from portico.web.shared.reasons import translatable
from portico.web.shared.received_forms import ReceivedForm
from portico.web.shared.routes import get, post
from portico.web.shared.second_factors import (
    AppSetUp,
    app_set_up,
    options_text,
    proven_app,
    proven_passkey,
    relying_party,
)
from portico.web.shared.sessions import CONSOLE_HOME, begin_console_session, browser_of
from portico.web.shared.site import Site
from portico.web.shared.texts import gettext as _
from portico.web.shared.texts import listed, ngettext
from portico.web.sign_in.form import missing_fields, read_sign_in_form, requested_next

SECOND_FACTOR = f"{CONSOLE_HOME}/sign-in/second-factor"
SET_UP = f"{SECOND_FACTOR}/set-up"


class SecondFactorView(msgspec.Struct, frozen=True, kw_only=True):
    """The page that asks for a second factor.

    `missing` names the fields that were sent empty. `passkey_options` are for the script, empty if
    no passkey works here. `elsewhere` names the hosts of the passkeys that work only there.
    """

    next: str
    name: str
    missing: tuple[str, ...]
    fault: str
    has_app: bool
    has_codes: bool
    passkey_options: str
    elsewhere: str
    open_recovery: bool


class SetUpView(msgspec.Struct, frozen=True, kw_only=True):
    """The page on which an administrator sets up the first factor, because a tenant requires it."""

    next: str
    name: str
    missing: tuple[str, ...]
    fault: str
    required_by: str
    app: AppSetUp
    passkey_options: str


def ask_second_factor(site: Site, proof: NewPasswordProof, next_: str) -> Response:
    """Redirect a browser that has proven a password to the second step."""
    cookie = site.cookies.make(PASSWORD_PROOF, proof.token, seconds=PROOF_SECONDS)
    return redirect(f"{SECOND_FACTOR}?next={quote(next_, safe='')}", cookies=[cookie])


@get(SECOND_FACTOR)
async def show_second_factor(site: Site, request: Request) -> Response:
    """Show the second step, or the sign-in page to those who have not taken the first."""
    next_ = requested_next(request, CONSOLE_HOME)
    return await _show(site, request, _browser(site, request), next_)


@post(SECOND_FACTOR)
async def sign_in_by_second_factor(site: Site, request: Request) -> Response:
    """Sign an administrator in who has proven the password and answers with a second factor."""
    form = await read_sign_in_form(site, request)
    next_, browser = safe_next(form.get("next", ""), CONSOLE_HOME), _browser(site, request)
    if missing := _missing(form):
        return await _show(site, request, browser, next_, missing=missing)
    answer = Answer(
        code=form.get("code", ""),
        recovery_code=form.get("recovery", ""),
        passkey=form.get("passkey", ""),
        party=relying_party(site, request),
    )
    try:
        opened = await finish_sign_in(
            site.runtime,
            site.cookies.read(request, PASSWORD_PROOF),
            browser,
            answer,
            transaction_id=exchange_of(request).transaction_id,
        )
    except PasswordProofExpired:
        return _sign_in_again(site, next_)
    except AccessDenied as error:
        why = Why.LOCKED if isinstance(error, LockedOut) else Why.SECOND_FACTOR
        site.failed_sign_ins.note(
            FailedSignIn(channel=SignInChannel.CONSOLE, why=why, address=browser.address)
        )
        return await _show(site, request, browser, next_, error=error, form=form)
    cookies = await begin_console_session(site, request, opened)
    return redirect(next_, cookies=[*cookies, site.cookies.forget(PASSWORD_PROOF)])


@post(SET_UP)
async def set_up_second_factor(site: Site, request: Request) -> Response:
    """Store the first factor of an administrator, and show the recovery codes once."""
    form = await read_sign_in_form(site, request)
    next_, browser = safe_next(form.get("next", ""), CONSOLE_HOME), _browser(site, request)
    token, transaction_id = (
        site.cookies.read(request, PASSWORD_PROOF),
        exchange_of(request).transaction_id,
    )
    if missing := _missing(form):
        return await _show(site, request, browser, next_, form=form, missing=missing)
    try:
        pending = await find_pending_sign_in(
            site.runtime, token, browser, transaction_id=transaction_id
        )
        party = relying_party(site, request)
        if answer := form.get("passkey", ""):
            if party is None:
                raise InvalidInput(_("Passkeys do not work at this address."))
            challenge = pending.prover.proof.challenge
            new = await proven_passkey(party, challenge, answer, form.get("name", ""))
        else:
            secret, code = form.get("secret", ""), form.get("code", "")
            app = proven_app(secret, code, form.get("name", ""), site.runtime.now)
            if app is None:
                raise InvalidInput(
                    _(
                        "The code is not the one of this moment. Check the clock of your phone, "
                        "then "
                        "enter the code that it shows now."
                    )
                )
            new = app
        opened, added = await set_up_and_sign_in(
            site.runtime, token, browser, new, transaction_id=transaction_id
        )
    except PasswordProofExpired:
        return _sign_in_again(site, next_)
    except (InvalidInput, AccessDenied) as error:
        return await _show(site, request, browser, next_, error=error, form=form)
    cookies = await begin_console_session(site, request, opened)
    return _render(
        site,
        request,
        "console/second_factor_codes.html",
        cookies=[*cookies, site.cookies.forget(PASSWORD_PROOF)],
        codes=added.recovery_codes,
        next=next_,
    )


def _browser(site: Site, request: Request) -> Browser:
    return browser_of(site, request, CONSOLE_DEVICE)


def _sign_in_again(site: Site, next_: str) -> Response:
    address = f"{CONSOLE_HOME}/sign-in?next={quote(next_, safe='')}&fault=expired"
    return redirect(address, cookies=[site.cookies.forget(PASSWORD_PROOF)])


async def _show(
    site: Site,
    request: Request,
    browser: Browser,
    next_: str,
    *,
    error: PorticoError | None = None,
    form: ReceivedForm | None = None,
    missing: tuple[str, ...] = (),
) -> Response:
    try:
        pending = await find_pending_sign_in(
            site.runtime,
            site.cookies.read(request, PASSWORD_PROOF),
            browser,
            transaction_id=exchange_of(request).transaction_id,
        )
    except PasswordProofExpired:
        return _sign_in_again(site, next_)
    sent = form if form is not None else ReceivedForm({}, {})
    if pending.must_set_up:
        return await _show_set_up(site, request, pending, next_, error, sent, missing)
    own, party = pending.own, relying_party(site, request)
    passkeys = [each for each in own.factors if each.method is FactorMethod.PASSKEY]
    here = [each for each in passkeys if party is not None and each.host == party.host]
    options = ""
    if party is not None and here:
        challenge = await renew_challenge(site.runtime, pending.prover.proof)
        options = options_text(await request_options(party, here, challenge))
    view = SecondFactorView(
        next=next_,
        name=pending.prover.administrator.name,
        missing=missing,
        fault=_fault(error, sent),
        has_app=any(each.method is FactorMethod.APP for each in own.factors),
        has_codes=own.codes_left > 0,
        passkey_options=options,
        elsewhere="" if here else ", ".join(sorted({each.host for each in passkeys})),
        open_recovery=bool(sent.get("recovery", "")) or "recovery" in missing,
    )
    return _render(
        site,
        request,
        "console/second_factor_sign_in.html",
        error=error,
        view=view,
        invalid=bool(missing),
    )


async def _show_set_up(
    site: Site,
    request: Request,
    pending: PendingSignIn,
    next_: str,
    error: PorticoError | None,
    sent: ReceivedForm,
    missing: tuple[str, ...],
) -> Response:
    party, administrator = relying_party(site, request), pending.prover.administrator
    options = ""
    if party is not None:
        challenge = await renew_challenge(site.runtime, pending.prover.proof)
        options = options_text(await registration_options(party, administrator, (), challenge))
    view = SetUpView(
        next=next_,
        name=administrator.name,
        missing=missing,
        fault=translatable(getattr(error, "why", error.reason)) if error is not None else "",
        required_by=listed(pending.own.required_by),
        app=await site.threads.run(lambda: app_set_up(administrator, sent.get("secret", ""))),
        passkey_options=options,
    )
    return _render(
        site,
        request,
        "console/second_factor_set_up.html",
        error=error,
        view=view,
        invalid=bool(missing),
    )


def _missing(form: ReceivedForm) -> tuple[str, ...]:
    """Return the field of the sent form that is empty; the page has a form for each."""
    return missing_fields(form, *(form.values_by_name.keys() & {"code", "recovery"}))


def _fault(error: PorticoError | None, form: ReceivedForm) -> str:
    if isinstance(error, LockedOut):
        return ngettext(
            "Too many sign-ins failed. Wait a minute, then try again.",
            "Too many sign-ins failed. Wait %(num)d minutes, then try again.",
            -(-error.seconds // 60),
        )
    if error is None:
        return ""
    if form.get("passkey", ""):
        return _("The passkey was not accepted. Try again, or use another way.")
    if form.get("recovery", ""):
        return _("This is not one of your unused recovery codes.")
    return _("The code is wrong, or was used already. Enter the code that your app shows now.")


def _render(
    site: Site,
    request: Request,
    template: str,
    *,
    error: PorticoError | None = None,
    invalid: bool = False,
    cookies: list[Cookie] | None = None,
    **values: object,
) -> Response:
    token = site.cookies.form_token(request)
    language = language_of(request)
    html = site.renderer.render(
        template, language, theme=chosen_theme(request), csrf=token, **values
    )
    status = 200 if error is None else site.status_of(error)
    return page_answer(
        html,
        status=422 if invalid or isinstance(error, InvalidInput) else status,
        cookies=[site.cookies.make(FORM, token), *(cookies or [])],
    )


ROUTES = (show_second_factor, sign_in_by_second_factor, set_up_second_factor)
