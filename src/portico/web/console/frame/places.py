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

    @property
    def texts(self) -> Texts:
        """What a search looks at."""
        return self.name, self.keywords, "", ""


_action = partial(Place, is_action=True)
_FACTOR_WORDS = "2FA, MFA, TOTP, authenticator app, passkey, recovery codes"
_PAGES = (
    Place("Dashboard", "", "layout-dashboard", "home, overview"),
    Place("Links", "links", "link"),
    Place("Portals", "portals", "layout-grid"),
    Place("Requests", "requests", "bell", "asked for, does not work"),
    Place("Acceptable use", "policies", "file-check", "policies, AUP"),
    Place("Users and groups", "users", "users", "people", for_whole_tenant=True),
    Place("Groups", "groups", "users-group", for_whole_tenant=True),
    Place(
        "Administrators",
        "administrators",
        "user-shield",
        "people, roles",
        for_whole_tenant=True,
    ),
    Place(
        "Second factor of administrators",
        "second-factor-rule",
        "user-shield",
        _FACTOR_WORDS,
        for_whole_tenant=True,
    ),
    Place("Microtenants", "microtenants", "building"),
    Place("API clients", "clients", "key", "secrets, tokens, Terraform", for_whole_tenant=True),
    Place("Audit log", "audit", "history", "changes, who changed what"),
    Place(
        "Links of all microtenants",
        "everywhere/links",
        "link",
        "everywhere",
        for_whole_tenant=True,
        opens_in_default=True,
    ),
    Place(
        "Portals of all microtenants",
        "everywhere/portals",
        "layout-grid",
        "everywhere",
        for_whole_tenant=True,
        opens_in_default=True,
    ),
    Place(
        "Audit log of all microtenants",
        "everywhere/audit",
        "history",
        "everywhere",
        for_whole_tenant=True,
        opens_in_default=True,
    ),
    Place("Disabled links", "links?state=off", "eye-off"),
    Place("Links on no portal", "links?portal=none", "link", "orphans"),
    Place("Keyboard shortcuts", "keys", "help-circle", "help"),
    Place("Download the audit log", "audit.csv", "download", "CSV, export"),
)
_ACTIONS = (
    _action("New link", "links/new", "plus", "add, create"),
    _action("Add many", "links/add-many", "list-check", "import links, paste, CSV, bulk"),
    _action("New portal", "portals/new", "plus", "add, create"),
    _action("New policy", "policies/new", "plus", "add, create, acceptable use"),
    _action("New user", "users/new", "plus", "add, create, invite", for_whole_tenant=True),
    _action(
        "New administrator", "administrators/new", "plus", "add, create", for_whole_tenant=True
    ),
    _action("New API client", "clients/new", "plus", "add, create", for_whole_tenant=True),
    _action(
        "New microtenant",
        "microtenants/new",
        "plus",
        "add, create",
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
        yield _action("Change password", "password", "lock")
        yield _action("Second factor", "second-factor", "key", _FACTOR_WORDS)
