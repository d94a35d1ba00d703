"""The pages and actions of the console that its search finds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import msgspec

from portico.domain.finding import Texts
from portico.domain.records import DEFAULT_MICROTENANT_ID
from portico.domain.tenancy.identity import Role
from portico.services.work import UnitOfWork
from portico.web.console.frame.page import Console
from portico.web.shared.languages import Language
from portico.web.shared.texts import gettext as _


class Place(msgspec.Struct, frozen=True):
    """A page or an action: its name, its address below the microtenant's, and its icon."""

    name: str
    path: str
    sign: str
    keywords: str = ""
    is_action: bool = False
    for_whole_tenant: bool = False
    only_in_default: bool = False
    opens_in_default: bool = False

    def address(self, console: Console) -> str:
        """Return where the page or action is."""
        base = console.base
        if self.opens_in_default:
            base = f"/console/{console.customer_id}/{DEFAULT_MICROTENANT_ID}"
        return f"{base}/{self.path}".rstrip("/")

    def texts(self, language: Language) -> Texts:
        """Return what a search looks at, in a language."""
        return str(language.read(self.name)), str(language.read(self.keywords)), "", ""


_action = partial(Place, is_action=True)
_FACTOR_WORDS = _("2FA, MFA, TOTP, authenticator app, passkey, recovery codes")
_PAGES = (
    Place(_("Dashboard"), "", "layout-dashboard", _("home, overview")),
    Place(_("Links"), "links", "link"),
    Place(_("Portals"), "portals", "layout-grid"),
    Place(_("Requests"), "requests", "bell", _("asked for, does not work")),
    Place(_("Acceptable use"), "policies", "file-check", _("policies, AUP")),
    Place(_("Users and groups"), "users", "users", _("people"), for_whole_tenant=True),
    Place(_("Groups"), "groups", "users-group", for_whole_tenant=True),
    Place(
        _("Administrators"),
        "administrators",
        "user-shield",
        _("people, roles"),
        for_whole_tenant=True,
    ),
    Place(
        _("Second factor of administrators"),
        "second-factor-rule",
        "user-shield",
        _FACTOR_WORDS,
        for_whole_tenant=True,
    ),
    Place(_("Microtenants"), "microtenants", "building"),
    Place(
        _("API clients"), "clients", "key", _("secrets, tokens, Terraform"), for_whole_tenant=True
    ),
    Place(_("Audit log"), "audit", "history", _("changes, who changed what")),
    Place(
        _("Links of all microtenants"),
        "everywhere/links",
        "link",
        _("everywhere"),
        for_whole_tenant=True,
        opens_in_default=True,
    ),
    Place(
        _("Portals of all microtenants"),
        "everywhere/portals",
        "layout-grid",
        _("everywhere"),
        for_whole_tenant=True,
        opens_in_default=True,
    ),
    Place(
        _("Audit log of all microtenants"),
        "everywhere/audit",
        "history",
        _("everywhere"),
        for_whole_tenant=True,
        opens_in_default=True,
    ),
    Place(_("Disabled links"), "links?state=off", "eye-off"),
    Place(_("Links on no portal"), "links?portal=none", "link", _("orphans")),
    Place(_("Keyboard shortcuts"), "keys", "help-circle", _("help")),
    Place(_("Download the audit log"), "audit.csv", "download", _("CSV, export")),
)
_ACTIONS = (
    _action(_("New link"), "links/new", "plus", _("add, create")),
    _action(_("Add many"), "links/add-many", "list-check", _("import links, paste, CSV, bulk")),
    _action(_("New portal"), "portals/new", "plus", _("add, create")),
    _action(_("New policy"), "policies/new", "plus", _("add, create, acceptable use")),
    _action(_("New user"), "users/new", "plus", _("add, create, invite"), for_whole_tenant=True),
    _action(
        _("New administrator"),
        "administrators/new",
        "plus",
        _("add, create"),
        for_whole_tenant=True,
    ),
    _action(_("New API client"), "clients/new", "plus", _("add, create"), for_whole_tenant=True),
    _action(
        _("New microtenant"),
        "microtenants/new",
        "plus",
        _("add, create"),
        for_whole_tenant=True,
        only_in_default=True,
    ),
)


def places_of(console: Console, work: UnitOfWork) -> Iterator[Place]:
    """Yield the pages that the administrator can open, then the actions."""
    principal, is_default = work.principal, work.scope.microtenant_id == DEFAULT_MICROTENANT_ID
    for place in _PAGES + (_ACTIONS if principal.role is Role.ADMIN else ()):
        may_open = principal.microtenant_id is None or not place.for_whole_tenant
        if may_open and (is_default or not place.only_in_default):
            yield place
    for further in console.site.further_pages:
        yield Place(further.title, further.path, further.icon)
    if console.signed_in.administrator.password_hash:
        yield _action(_("Change password"), "password", "lock")
        yield _action(_("Second factor"), "second-factor", "key", _FACTOR_WORDS)
