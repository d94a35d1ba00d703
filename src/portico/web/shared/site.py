"""The services that pages use. The assembly makes one `Site`, and handlers get it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request

from portico.asgi.threads import Threads
from portico.domain.errors import PorticoError
from portico.services.backups.watch import BackupWatch
from portico.services.people.failed_sign_ins import FailedSignIns
from portico.services.people.first_steps import CommandLine
from portico.services.runtime import Runtime
from portico.services.tenancy.signing_keys import SigningKeys
from portico.storage.engine.connections import Database
from portico.web.portal.content import PortalContents
from portico.web.shared.addresses import OriginResolver
from portico.web.shared.cookies import Cookies
from portico.web.shared.rendering import Renderer
from portico.web.shared.static_files import StaticFiles
from portico.web.sign_in.oidc import OpenIdClients


@dataclass(frozen=True, kw_only=True)
class FurtherPage:
    """A page of the console that the assembly adds to the navigation. `icon` names its picture."""

    path: str
    title: str
    icon: str


@dataclass(frozen=True, kw_only=True)
class Site:
    """The services that the pages of the console and of portals use.

    `status_of` comes from a layer that this one does not import. `backups` is None without
    scheduled backups.
    """

    runtime: Runtime
    signing_keys: SigningKeys
    failed_sign_ins: FailedSignIns
    renderer: Renderer
    static: StaticFiles
    cookies: Cookies
    origins: OriginResolver
    openid: OpenIdClients
    threads: Threads
    portal_contents: PortalContents
    managed_suffix: str
    command_line: CommandLine
    status_of: Callable[[PorticoError], int]
    further_pages: Sequence[FurtherPage] = ()
    backups: BackupWatch | None = None

    @property
    def database(self) -> Database:
        """The open database."""
        return self.runtime.database


def site_of(request: Request) -> Site:
    """Return the site that serves a request."""
    site: Site = request.app.state.site
    return site
