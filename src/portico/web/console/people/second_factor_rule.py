"""Whether the tenant's administrators must have a second factor, and who has one."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from starlette.responses import Response

from portico.domain.errors import InvalidInput
from portico.domain.people.second_factors import FactorMethod, SecondFactor
from portico.domain.people.sessions import ProvenBy
from portico.services.people.administrators import GrantedAdministrator
from portico.services.people.second_factors import (
    is_second_factor_required,
    list_factors_of_administrators,
    require_second_factor,
)
from portico.web.console.frame.error_words import error_words
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get, post
from portico.web.console.frame.words import initials
from portico.web.shared.texts import gettext as _
from portico.web.shared.texts import listed, ngettext

PLACE = "second-factor-rule"


class FactorsRow(msgspec.Struct, frozen=True, kw_only=True):
    """One administrator, and the second factors in words."""

    display_name: str
    sign_in: str
    initials: str
    has_factor: bool
    words: str


class SecondFactorRuleView(msgspec.Struct, frozen=True, kw_only=True):
    """The page of the rule. `refused` says why it was not changed."""

    required: bool
    missing: int
    must_set_up_first: bool
    rows: list[FactorsRow]
    refused: str


@get(f"/{PLACE}")
async def show_rule(console: Console) -> Response:
    """Show the rule and the administrators."""
    return await _page(console)


@post(f"/{PLACE}")
async def change_rule(console: Console) -> Response:
    """Require a second factor, or no longer."""
    form = await console.form()
    try:
        async with console.writing() as work:
            required = form.value("required") == "on"
            await require_second_factor(work, console.signed_in, required=required)
    except InvalidInput as refused:
        return await _page(console, refused=error_words(refused), status=422)
    return console.go(PLACE, message="rule-on" if required else "rule-off")


async def _page(console: Console, *, refused: str = "", status: int = 200) -> Response:
    async with console.reading() as work:
        required = await is_second_factor_required(work)
        listed = await list_factors_of_administrators(work, console.site.runtime.cipher)
        rows = [_row(each, factors) for each, factors in listed]
        by_password = console.signed_in.session.proven_by is ProvenBy.PASSWORD
        view = SecondFactorRuleView(
            required=required,
            missing=sum(not each.has_factor for each in rows),
            must_set_up_first=by_password and not required,
            rows=rows,
            refused=refused,
        )
        return await console.page(
            "second_factor_rule.html", work, view, nav="administrators", status=status
        )


def _row(administrator: GrantedAdministrator, factors: Sequence[SecondFactor]) -> FactorsRow:
    name = administrator.display_name or administrator.name
    words = _words(factors)
    if not administrator.password_hash:
        words = _("Their provider decides")
    return FactorsRow(
        display_name=name,
        sign_in=administrator.name,
        initials=initials(name),
        has_factor=bool(factors) or not administrator.password_hash,
        words=words,
    )


def _words(factors: Sequence[SecondFactor]) -> str:
    apps = sum(each.method is FactorMethod.APP for each in factors)
    passkeys = len(factors) - apps
    parts = []
    if apps:
        parts.append(ngettext("%(num)s authenticator app", "%(num)s authenticator apps", apps))
    if passkeys:
        parts.append(ngettext("%(num)s passkey", "%(num)s passkeys", passkeys))
    return listed(parts) or _("None yet")


ROUTES = [show_rule, change_rule]
