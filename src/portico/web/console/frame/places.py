"""The pages and actions of the console that its search finds."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from portico.domain.finding import Texts
from portico.domain.records import DEFAULT_MICROTENANT_ID
from portico.domain.tenancy.identity import Role
from portico.services.work import UnitOfWork
from portico.web.console.frame.page import Console


class Place(msgspec.Struct, frozen=True, kw_only=True):
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


def _action(
    name: str,
    path: str,
    sign: str,
    keywords: str = "",
    *,
    for_whole_tenant: bool = False,
    only_in_default: bool = False,
) -> Place:
    return Place(
        name=name,
        path=path,
        sign=sign,
        keywords=keywords,
        is_action=True,
        for_whole_tenant=for_whole_tenant,
        only_in_default=only_in_default,
    )


_FACTOR_WORDS = "2FA, MFA, TOTP, authenticator app, passkey, recovery codes"
_PAGES = (
    Place(name="Dashboard", path="", sign="layout-dashboard", keywords="home, overview"),
    Place(name="Links", path="links", sign="link"),
    Place(name="Portals", path="portals", sign="layout-grid"),
    Place(name="Requests", path="requests", sign="bell", keywords="asked for, does not work"),
    Place(name="Acceptable use", path="policies", sign="file-check", keywords="policies, AUP"),
    Place(
        name="Users and groups",
        path="users",
        sign="users",
        keywords="people",
        for_whole_tenant=True,
    ),
    Place(name="Groups", path="groups", sign="users-group", for_whole_tenant=True),
    Place(
        name="Administrators",
        path="administrators",
        sign="user-shield",
        keywords="people, roles",
        for_whole_tenant=True,
    ),
    Place(
        name="Second factor of administrators",
        path="second-factor-rule",
        sign="user-shield",
        keywords=_FACTOR_WORDS,
        for_whole_tenant=True,
    ),
    Place(name="Microtenants", path="microtenants", sign="building"),
    Place(
        name="API clients",
        path="clients",
        sign="key",
        keywords="secrets, tokens, Terraform",
        for_whole_tenant=True,
    ),
    Place(name="Audit log", path="audit", sign="history", keywords="changes, who changed what"),
    Place(
        name="Links of all microtenants",
        path="everywhere/links",
        sign="link",
        keywords="everywhere",
        for_whole_tenant=True,
        opens_in_default=True,
    ),
    Place(
        name="Portals of all microtenants",
        path="everywhere/portals",
        sign="layout-grid",
        keywords="everywhere",
        for_whole_tenant=True,
        opens_in_default=True,
    ),
    Place(
        name="Audit log of all microtenants",
        path="everywhere/audit",
        sign="history",
        keywords="everywhere",
        for_whole_tenant=True,
        opens_in_default=True,
    ),
    Place(name="Disabled links", path="links?state=off", sign="eye-off"),
    Place(name="Links on no portal", path="links?portal=none", sign="link", keywords="orphans"),
    Place(name="Keyboard shortcuts", path="keys", sign="help-circle", keywords="help"),
    Place(name="Download the audit log", path="audit.csv", sign="download", keywords="CSV, export"),
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
        yield Place(name=further.title, path=further.path, sign=further.icon)
    if console.signed_in.administrator.password_hash:
        yield _action("Change password", "password", "lock")
        yield _action("Second factor", "second-factor", "key", _FACTOR_WORDS)
