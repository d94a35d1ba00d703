"""A request to the console, and the frame around each of its pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from portico.domain.errors import InvalidInput
from portico.domain.tenancy.identity import Role
from portico.services.access import require_admin
from portico.services.people.console_access import list_accessible_microtenants
from portico.services.people.passwords import hash_in_turn
from portico.services.people.sessions import SignedInAdministrator
from portico.services.portals.portals import count_portals
from portico.services.tenancy.clients import count_clients
from portico.services.tenancy.microtenants import summarise_microtenants
from portico.services.work import UnitOfWork
from portico.web.console.frame.forms import Form, SentForm, read_id
from portico.web.console.frame.toasts import Toast, find_reminder, find_toast, undo_cookie
from portico.web.console.frame.words import initials, role_words
from portico.web.shared.cookies import Cookie, chosen_theme, language_of
from portico.web.shared.csrf import checked_form
from portico.web.shared.languages import Language
from portico.web.shared.pages import page_answer, redirect, safe_next
from portico.web.shared.pictures import StoredPicture
from portico.web.shared.sessions import administrator_of, console_reading, console_writing
from portico.web.shared.site import FurtherPage, Site
from portico.web.shared.texts import gettext as _

CHOICES_LIMIT = 100
ALL_MICROTENANTS = _("All microtenants")
EVERYWHERE = "everywhere"
"""The path of the pages that list all microtenants; they belong to Default."""


class MicrotenantChoice(msgspec.Struct, frozen=True):
    """A microtenant that the administrator can switch to."""

    tenant: str
    microtenant: str
    href: str
    current: bool


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """The counts in the navigation."""

    links: int
    portals: int
    microtenants: int
    clients: int


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """The frame of a page: the bar, the navigation and the toast."""

    base: str
    nav: str
    address: str
    tenant: str
    microtenant: str
    everywhere: bool
    scopes: list[MicrotenantChoice]
    counts: Counts
    further_pages: Sequence[FurtherPage]
    person: str
    initials: str
    role: str
    has_password: bool
    can_write: bool
    tenant_wide: bool
    csrf: str
    theme: str
    now: int
    toast: Toast | None


class Console(msgspec.Struct, frozen=True, kw_only=True):
    """A request of a signed-in administrator for one microtenant."""

    site: Site
    request: Request
    signed_in: SignedInAdministrator
    customer_id: int
    microtenant_id: int

    @property
    def base(self) -> str:
        """The path that all pages of the microtenant begin with."""
        return f"/console/{self.customer_id}/{self.microtenant_id}"

    @property
    def language(self) -> Language:
        """The reader's language: the chosen one, else the browser's."""
        return self.site.renderer.language(language_of(self.request))

    @property
    def csrf(self) -> str:
        """The CSRF token of the session."""
        return self.signed_in.session.csrf_token

    @property
    def query(self) -> dict[str, str]:
        """The query parameters; the last one counts when a name repeats."""
        pairs = parse_qsl(self.request.scope["query_string"].decode("latin-1"), errors="replace")
        return dict(pairs)

    @property
    def address(self) -> str:
        """The address of this page, without the message about the last change."""
        query = {k: v for k, v in self.query.items() if k not in {"done", "message"}}
        path: str = self.request.scope["path"]
        return f"{path}?{urlencode(query)}" if query else path

    @property
    def record_id(self) -> int:
        """The id in the path. Raises NotFound for a text that is no id."""
        return read_id(self.request.path_params["id"])

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work that reads. Raises NotFound where the administrator has no grant."""
        async with console_reading(
            self.site, self.request, self.signed_in, self.customer_id, self.microtenant_id
        ) as work:
            yield work

    @asynccontextmanager
    async def preparing(self) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work that reads for a new form. Raises Forbidden for viewers."""
        async with self.reading() as work:
            require_admin(work)
            yield work

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[UnitOfWork]:
        """Open a unit of work that is committed when the block ends. Call `form` before."""
        async with console_writing(
            self.site, self.request, self.signed_in, self.customer_id, self.microtenant_id
        ) as work:
            yield work

    async def hashed(self, form: Form) -> str:
        """Return the hash of the form's password, or nothing when there is no password.

        Raises InvalidField or TooManySignIns.
        """
        password = form.value("password")
        if not password:
            return ""
        return await hash_in_turn(self.site.runtime, self.signed_in.administrator.id, password)

    async def form(self) -> SentForm:
        """Return the form of the request.

        Raises Forbidden for a form of another site, BodyTooLarge for one over the limits of its
        page, and InvalidInput for one that is malformed or has a NUL.
        """
        received = await checked_form(self.site.threads, self.request, self.csrf)
        # Browsers send each line break as CR LF.
        values = {
            name: tuple(value.replace("\r\n", "\n") for value in each)
            for name, each in received.values_by_name.items()
        }
        _refuse_nul("form", *values, *(text for each in values.values() for text in each))
        return SentForm(sent=values, files=received.files)

    async def picture(
        self, form: SentForm, name: str, read: Callable[[str, bytes], StoredPicture]
    ) -> StoredPicture | None:
        """Return the picture that a form uploads, or None.

        Call it before a transaction begins, because a large picture takes a second. Raises
        InvalidField, or Forbidden for viewers.
        """
        content = form.file(name)
        if not content:
            return None
        async with self.preparing():
            pass
        return await self.site.threads.run(lambda: read(name, content))

    async def page(
        self, template: str, work: UnitOfWork, view: object, *, nav: str, status: int = 200
    ) -> Response:
        """Render a page in the console's frame."""
        frame = await self._frame(work, nav)
        render, language = self.site.renderer.render, self.language.code
        html = await self.site.threads.run(
            lambda: render(f"console/{template}", language, page=frame, view=view)
        )
        return page_answer(html, status=status, cookies=self._undo_cookies(frame.toast))

    def go(self, path: str, work: UnitOfWork | None = None, *, message: str = "") -> Response:
        """Redirect to a page of the microtenant, which reports the change that `work` made."""
        address = path if path.startswith("/") else f"{self.base}/{path}".rstrip("/")
        path, _, query = safe_next(address, self.base).partition("?")
        parameters = [each for each in parse_qsl(query) if each[0] not in {"done", "message"}]
        if work is not None:
            parameters.append(("done", work.transaction_id))
        if message:
            parameters.append(("message", message))
        return redirect(f"{path}?{urlencode(parameters)}" if parameters else path)

    def back(self, form: Form, otherwise: str) -> str:
        """Return the address in the form's field `back`, or `otherwise` if it is elsewhere."""
        address = safe_next(form.value("back"), "")
        inside = urlsplit(address).path.startswith(f"{self.base}/")
        return address if inside else f"{self.base}/{otherwise}".rstrip("/")

    async def _toast(self, work: UnitOfWork) -> Toast | None:
        """Return the message about the change before this page, or a reminder of an earlier one."""
        query = self.query
        toast = await find_toast(work, query.get("done", ""), query.get("message", ""))
        if toast is None and self._remembered_change:
            toast = await find_reminder(work, self._remembered_change)
        return toast

    @property
    def _remembered_change(self) -> str:
        name = undo_cookie(self.customer_id, self.microtenant_id)
        return self.site.cookies.read(self.request, name)

    def _undo_cookies(self, toast: Toast | None) -> list[Cookie]:
        """Return the cookie that lets later pages offer to undo a change, if it has to change."""
        if toast and toast.seconds and not toast.quiet:
            name = undo_cookie(self.customer_id, self.microtenant_id)
            return [self.site.cookies.make(name, toast.transaction_id, seconds=toast.seconds)]
        return []

    def forget_change(self) -> Cookie:
        """Return the cookie after which later pages no longer offer to undo the last change."""
        return self.site.cookies.forget(undo_cookie(self.customer_id, self.microtenant_id))

    async def _frame(self, work: UnitOfWork, nav: str) -> Frame:
        principal, person = work.principal, self.signed_in.administrator
        name = person.display_name or person.name
        theme = chosen_theme(self.request)
        everywhere = nav.startswith(EVERYWHERE)
        tenant_wide = principal.microtenant_id is None
        return Frame(
            base=self.base,
            nav=nav,
            address=self.address,
            tenant=work.tenant.name,
            microtenant=ALL_MICROTENANTS if everywhere else work.microtenant_name,
            everywhere=everywhere,
            scopes=[each async for each in self._microtenant_choices(everywhere=everywhere)],
            counts=Counts(
                links=work.links_in_scope,
                portals=await count_portals(work),
                microtenants=len(await summarise_microtenants(work)),
                clients=await count_clients(work) if tenant_wide else 0,
            ),
            further_pages=self.site.further_pages,
            person=name,
            initials=initials(name),
            role=role_words(principal.role, None if tenant_wide else work.microtenant_name),
            has_password=bool(person.password_hash),
            can_write=principal.role is Role.ADMIN,
            tenant_wide=tenant_wide,
            csrf=self.csrf,
            theme="" if theme == "system" else theme,
            now=work.now,
            toast=await self._toast(work),
        )

    async def _microtenant_choices(self, *, everywhere: bool) -> AsyncIterator[MicrotenantChoice]:
        """Yield the options of the switcher; this tenant's come first, within the limit."""
        allowed = await list_accessible_microtenants(
            self.site.runtime, self.signed_in, first=self.customer_id
        )
        allowed.sort(key=lambda each: each.tenant.id != self.customer_id)
        count = 0
        for tenant in allowed:
            if tenant.sees_everything:
                yield MicrotenantChoice(
                    tenant=tenant.tenant.name,
                    microtenant=ALL_MICROTENANTS,
                    href=f"/console/{tenant.tenant.id}/0/{EVERYWHERE}/links",
                    current=everywhere and tenant.tenant.id == self.customer_id,
                )
            for microtenant in tenant.microtenants:
                count += 1
                if count > CHOICES_LIMIT:
                    return
                yield MicrotenantChoice(
                    tenant=tenant.tenant.name,
                    microtenant=microtenant.name,
                    href=f"/console/{tenant.tenant.id}/{microtenant.id}",
                    current=not everywhere
                    and (tenant.tenant.id, microtenant.id)
                    == (self.customer_id, self.microtenant_id),
                )


async def open_console(site: Site, request: Request) -> Console:
    """Return the console for the cookie and the address of a request.

    Raises SignInNeeded, NotFound, or InvalidInput for an address with a NUL.
    """
    signed_in = await administrator_of(site, request)
    console = Console(
        site=site,
        request=request,
        signed_in=signed_in,
        customer_id=read_id(request.path_params["customer"]),
        microtenant_id=read_id(request.path_params["microtenant"]),
    )
    _refuse_nul("address", request.scope["path"], *console.query, *console.query.values())
    return console


def _refuse_nul(source: str, *texts: str) -> None:
    """Raise InvalidInput for a NUL, which PostgreSQL cannot store or compare."""
    if any("\0" in text for text in texts):
        raise InvalidInput(
            _(
                "The %(source)s holds the character U+0000. Remove it, then try again.",
                source=source,
            )
        )
