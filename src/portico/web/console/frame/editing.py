"""`Editing` describes one noun of the console; `edit_routes` makes its pages from that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

import msgspec
from starlette.responses import Response

from portico.domain.errors import Forbidden, InvalidInput, PorticoError, StalePrecondition
from portico.domain.people.administrators import Administrator
from portico.domain.records import Record
from portico.services.access import require_admin
from portico.services.versions import require_version, version_of
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation
from portico.web.console.frame.conflicts import Conflict, compare_with_stored
from portico.web.console.frame.forms import Form, FormValue, SentForm, make_form, place_error
from portico.web.console.frame.page import Console
from portico.web.shared.pictures import StoredPicture
from portico.web.shared.received_forms import FORM_BYTES
from portico.web.shared.texts import Text
from portico.web.shared.texts import gettext as _

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound=Record | Administrator)
R_co = TypeVar("R_co", bound=Record | Administrator, covariant=True)
R_contra = TypeVar("R_contra", bound=Record | Administrator, contravariant=True)
Spec = TypeVar("Spec", bound="DataclassInstance")


class Identified(Protocol):
    """A record with an id."""

    @property
    def id(self) -> int: ...


class Find(Protocol[R_co]):
    """Returns a stored record, locked until the transaction ends if asked. Raises NotFound."""

    async def __call__(
        self, work: UnitOfWork, record_id: int, /, *, lock: bool = False
    ) -> R_co: ...


class Remove(Protocol[R_contra]):
    """Deletes a stored record, which the caller may have locked."""

    async def __call__(
        self, work: UnitOfWork, record_id: int, /, *, locked: R_contra | None = None
    ) -> None: ...


@dataclass(frozen=True)
class Edit(Generic[R]):
    """A form with its values and errors, and the stored record unless it is a new one."""

    form: Form
    stored: R | None = None
    conflict: Conflict | None = None
    status: int = 200


class Change(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """A change that may be stored: the record before, the record as requested, and the form."""

    before: R
    requested: R
    form: SentForm


class EditView(msgspec.Struct, frozen=True, kw_only=True):
    """What the page of a record shows. A new one has no `href`; `details` are the noun's own."""

    title: str
    id: int
    href: str
    form: Form
    conflict: Conflict | None
    details: object


async def _no_details(console: Console, work: UnitOfWork, edit: Edit[Any]) -> None:
    return None


class NounWords(msgspec.Struct, frozen=True, kw_only=True):
    """What pages call a noun: "New link", "this link", "Delete link", "Delete" and its name."""

    new: Text
    this: Text
    delete: Text
    delete_named: Callable[[str], Text] = lambda name: _("Delete %(name)s", name=name)


class Editing(msgspec.Struct, Generic[R], frozen=True, kw_only=True):
    """How one noun is edited.

    `words` name it. Addresses begin with `path`; `nav` is an entry of the navigation. `inline`
    nouns are edited in a list and have no page of their own. `fields` has the form's name for each
    field of the API, `error_fields` for errors that name no field. `values` are those of a stored
    record's form, `blank` those of a new one's; `requested` is the record with the values of a
    form. `pictures` reads uploads, and `repair` adds to the errors of a form. `created` can answer
    with a page of its own for what is new. `after` returns the address that follows a change, by
    default `list_path`. A noun has the pages whose functions are given.
    """

    words: NounWords
    path: str
    nav: str
    labels: Mapping[str, str]
    fields: Mapping[str, str]
    find: Find[R]
    name_of: Callable[[R], str]
    heading: str = ""
    list_path: str = ""
    suffix: str = ""
    inline: bool = False
    template: str = ""
    page: Callable[[Console, UnitOfWork, Edit[R]], Awaitable[Response]] | None = None
    details: Callable[[Console, UnitOfWork, Edit[R]], Awaitable[object]] = _no_details
    blank: Mapping[str, FormValue] | None = None
    values: Callable[[R], Mapping[str, FormValue]] = lambda _: {}
    requested: Callable[[SentForm, R], R] = lambda _, stored: stored
    create: Callable[[Console, UnitOfWork, SentForm], Awaitable[Identified]] | None = None
    store: Callable[[Console, UnitOfWork, Change[R]], Awaitable[object]] | None = None
    switch: Callable[[Console, UnitOfWork, int, bool], Awaitable[object]] | None = None
    confirm: Callable[[Console, UnitOfWork, R], Awaitable[Confirmation]] | None = None
    remove: Remove[R] | None = None
    created: Callable[[Console, int, SentForm], Awaitable[Response | None]] | None = None
    after: Callable[[int, Form], str] | None = None
    version: Callable[[R], str] = version_of
    error_fields: Mapping[type[PorticoError], str] = msgspec.field(default_factory=dict)
    pictures: Mapping[str, Callable[[str, bytes], StoredPicture]] = msgspec.field(
        default_factory=dict
    )
    repair: Callable[[Form], Form] = lambda form: form
    refusals: tuple[type[PorticoError], ...] = (InvalidInput,)
    form_bytes: int = FORM_BYTES

    async def show(self, console: Console, work: UnitOfWork, edit: Edit[R]) -> Response:
        """Return the page with a form in any state."""
        if self.page:
            return await self.page(console, work, edit)
        stored = edit.stored
        view = EditView(
            title=self.name_of(stored) if stored else self.words.new,
            id=stored.id if stored else 0,
            href=f"{console.base}/{self.path}/{stored.id}" if stored else "",
            form=edit.form,
            conflict=edit.conflict,
            details=await self.details(console, work, edit),
        )
        return await console.page(self.template, work, view, nav=self.nav, status=edit.status)

    def form_of(self, stored: R) -> Form:
        """Return the form of a stored record."""
        form = make_form(self.labels, **self.values(stored))
        return form.with_values(revision=self.version(stored))

    async def prepare(self, console: Console, form: SentForm) -> SentForm:
        """Return the form with its pictures read and its password hashed.

        Both take long, so they are done before a transaction begins.
        """
        for name, read in self.pictures.items():
            form = form.with_picture(name, await console.picture(form, name, read))
        if "password" in self.labels:
            form = replace(form, password_hash=await console.hashed(form))
        return form

    def refused(self, form: Form, error: PorticoError) -> Edit[R]:
        """Return the form with an error beside its field."""
        otherwise = self.error_fields.get(type(error), "")
        failed = self.repair(place_error(form, error, self.fields, otherwise=otherwise))
        # A page never contains a password.
        return Edit(failed.with_values(password=[]), status=status_of(error))

    async def find_unchanged(self, console: Console, work: UnitOfWork, form: Form) -> R:
        """Return the stored record, locked. Raises StalePrecondition when the form is older."""
        require_admin(work)
        stored = await self.find(work, console.record_id, lock=True)
        require_version(self.words.this, form.value("revision"), self.version(stored))
        return stored

    def following(self, record_id: int, form: Form) -> str:
        """Return the address of the page that follows a change."""
        return self.after(record_id, form) if self.after else self.list_path or self.path

    async def show_again(self, console: Console, form: SentForm, error: PorticoError) -> Response:
        """Return the page of a change that was refused."""
        async with console.reading() as work:
            stored = await self.find(work, console.record_id)
            edit = replace(self.refused(form, error), stored=stored)
            if isinstance(error, StalePrecondition):
                requested = self.requested(form, stored)
                conflict = await compare_with_stored(work, self.words.this, stored, requested)
                newer = form.with_values(revision=self.version(stored), password=[])
                edit = replace(edit, form=newer, conflict=conflict)
            return await self.show(console, work, edit)


def spec_of(record: object, spec: type[Spec]) -> Spec:
    """Return the part of a record that `spec` holds."""
    return spec(**{each.name: getattr(record, each.name) for each in fields(spec)})


def status_of(error: PorticoError) -> int:
    """Return the status of a page that shows an error."""
    if isinstance(error, StalePrecondition):
        return 409
    return 403 if isinstance(error, Forbidden) else 422
