"""The edit cycle that every noun of the console shares.

A form comes back with 422 and the errors beside their fields, or with 409 and a comparison when
somebody else changed the record since it was opened. Otherwise the change is stored, and the next
page reports it. Deletions follow the same steps; a switch changes one field and needs no version.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from portico.domain.errors import Forbidden, InvalidInput, PorticoError, StalePrecondition
from portico.domain.people.administrators import Administrator
from portico.domain.records import Record
from portico.services.access import require_admin
from portico.services.versions import require_version, version_of
from portico.services.work import UnitOfWork
from portico.web.console.frame.confirming import Confirmation, ask
from portico.web.console.frame.conflicts import Conflict, compare_with_stored, describe_last_change
from portico.web.console.frame.forms import Form, FormValue, SentForm, make_form, place_error
from portico.web.console.frame.page import Answer, Console
from portico.web.shared.pictures import StoredPicture

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound=Record | Administrator)
R_co = TypeVar("R_co", bound=Record | Administrator, covariant=True)
Spec = TypeVar("Spec", bound="DataclassInstance")


class Identified(Protocol):
    """A record with an id."""

    @property
    def id(self) -> int: ...


@dataclass(frozen=True)
class Edit(Generic[R]):
    """The state of a form: its values and errors, and the stored record unless it is a new one."""

    form: Form
    stored: R | None = None
    conflict: Conflict | None = None
    status: int = 200


@dataclass(frozen=True, kw_only=True)
class Change(Generic[R]):
    """A change that may be stored: the record before, the record as requested, and the form."""

    before: R
    requested: R
    form: SentForm


class Find(Protocol[R_co]):
    """Returns a stored record, locked until the transaction ends if asked. Raises NotFound."""

    async def __call__(
        self, work: UnitOfWork, record_id: int, /, *, lock: bool = False
    ) -> R_co: ...


Confirm = Callable[[Console, UnitOfWork, R], Awaitable[Confirmation]]


@dataclass(frozen=True, kw_only=True)
class Editing(Generic[R]):
    """How one noun is edited.

    `path` is the address of its list and `nav` its entry in the navigation. `fields` has the
    form's name for each field of the API, `error_fields` for errors that name no field. `find`
    returns a stored record or raises NotFound, `values` are those of its form, `requested` is the
    record with the values of a form, and `page` shows a form. `after` returns the address that
    follows a change. `pictures` reads the uploads of the form; `repair` may add to its errors.
    """

    noun: str
    path: str
    nav: str
    labels: Mapping[str, str]
    fields: Mapping[str, str]
    find: Find[R]
    values: Callable[[R], Mapping[str, FormValue]] = lambda _: {}
    requested: Callable[[SentForm, R], R]
    page: Callable[[Console, UnitOfWork, Edit[R]], Awaitable[Answer]]
    after: Callable[[int, Form], str] | None = None
    version: Callable[[R], str] = version_of
    error_fields: Mapping[type[PorticoError], str] = field(default_factory=dict)
    pictures: Mapping[str, Callable[[str, bytes], StoredPicture]] = field(default_factory=dict)
    repair: Callable[[Form], Form] = lambda form: form
    refusals: tuple[type[PorticoError], ...] = (InvalidInput,)

    async def show_new(self, console: Console, **values: FormValue) -> Answer:
        """Show the form of a new record. Raises Forbidden for administrators who only read."""
        async with console.preparing() as work:
            return await self.page(console, work, Edit(make_form(self.labels, **values)))

    async def add(
        self, console: Console, create: Callable[[UnitOfWork, SentForm], Awaitable[Identified]]
    ) -> Answer:
        """Store a new record."""
        form = await self._form(console)
        try:
            form = await self._prepared(console, form)
            async with console.writing() as work:
                created = await create(work, form)
        except self.refusals as error:
            async with console.reading() as work:
                return await self.page(console, work, self._refused(form, error))
        return console.go(self._after(created.id, form), work)

    async def show(self, console: Console) -> Answer:
        """Show the form of a stored record."""
        async with console.reading() as work:
            stored = await self.find(work, console.record_id)
            return await self.page(console, work, Edit(self._form_of(stored), stored))

    async def change(
        self,
        console: Console,
        store: Callable[[UnitOfWork, Change[R]], Awaitable[object]],
        form: SentForm | None = None,
    ) -> Answer:
        """Store a changed record if it is still the one that the form was made from."""
        form = form or await self._form(console)
        form = replace(form, labels=self.labels)
        try:
            form = await self._prepared(console, form)
            async with console.writing() as work:
                before = await self._find_unchanged(console, work, form)
                requested = self.requested(form, before)
                await store(work, Change(before=before, requested=requested, form=form))
        except self._caught as error:
            return await self._show_again(console, form, error)
        said = "password" if form.password_hash else ""
        return console.go(self._after(before.id, form), work, said=said)

    async def switch(
        self, console: Console, store: Callable[[UnitOfWork, int, bool], Awaitable[object]]
    ) -> Answer:
        """Enable or disable a record, as the end of the address says."""
        form = await console.form()
        enabled = console.request.scope["path"].endswith("/enable")
        try:
            async with console.writing() as work:
                await store(work, console.record_id, enabled)
        except self.refusals as error:
            async with console.reading() as work:
                stored = await self.find(work, console.record_id)
                edit = self._refused(self._form_of(stored), error)
                return await self.page(console, work, replace(edit, stored=stored))
        return console.go(console.back(form, self.path), work)

    async def ask_to_delete(self, console: Console, confirm: Confirm[R]) -> Answer:
        """Show what a deletion affects, and ask."""
        async with console.reading() as work:
            return await self._ask(console, work, confirm)

    async def delete(
        self,
        console: Console,
        confirm: Confirm[R],
        remove: Callable[[UnitOfWork, int], Awaitable[object]],
    ) -> Answer:
        """Delete a record if it is still the one that the question was about, else ask again."""
        form = await console.form()
        try:
            async with console.writing() as work:
                await self._find_unchanged(console, work, form)
                await remove(work, console.record_id)
        except self._caught as error:
            async with console.reading() as work:
                return await self._ask(console, work, confirm, error)
        return console.go(self.path, work)

    @property
    def _caught(self) -> tuple[type[PorticoError], ...]:
        return StalePrecondition, *self.refusals

    async def _form(self, console: Console) -> SentForm:
        return replace(await console.form(), labels=self.labels)

    def _form_of(self, stored: R) -> Form:
        form = make_form(self.labels, **self.values(stored))
        return form.with_values(revision=self.version(stored))

    def _after(self, record_id: int, form: Form) -> str:
        return self.after(record_id, form) if self.after else self.path

    async def _prepared(self, console: Console, form: SentForm) -> SentForm:
        """Return the form with its pictures read and its password hashed.

        Both take long, so they are done before a transaction begins.
        """
        for name, read in self.pictures.items():
            form = form.with_picture(name, await console.picture(form, name, read))
        if "password" in self.labels:
            form = replace(form, password_hash=await console.hashed(form))
        return form

    async def _find_unchanged(self, console: Console, work: UnitOfWork, form: Form) -> R:
        require_admin(work)
        stored = await self.find(work, console.record_id, lock=True)
        require_version(self.noun, form.value("revision"), self.version(stored))
        return stored

    def _refused(self, form: Form, error: PorticoError) -> Edit[R]:
        otherwise = self.error_fields.get(type(error), "")
        failed = self.repair(place_error(form, error, self.fields, otherwise=otherwise))
        # A password never comes back in a page.
        return Edit(failed.with_values(password=[]), status=_status(error))

    async def _show_again(self, console: Console, form: SentForm, error: PorticoError) -> Answer:
        async with console.reading() as work:
            stored = await self.find(work, console.record_id)
            edit = replace(self._refused(form, error), stored=stored)
            if isinstance(error, StalePrecondition):
                requested = self.requested(form, stored)
                conflict = await compare_with_stored(work, self.noun, stored, requested)
                newer = form.with_values(revision=self.version(stored), password=[])
                edit = replace(edit, form=newer, conflict=conflict)
            return await self.page(console, work, edit)

    async def _ask(
        self,
        console: Console,
        work: UnitOfWork,
        confirm: Confirm[R],
        error: PorticoError | None = None,
    ) -> Answer:
        stored = await self.find(work, console.record_id)
        question = replace(
            await confirm(console, work, stored), noun=self.noun, revision=self.version(stored)
        )
        if isinstance(error, StalePrecondition):
            conflict = await describe_last_change(work, self.noun, stored)
            question = replace(question, conflict=conflict)
        elif error is not None:
            question = replace(question, refused=error.reason)
        status = _status(error) if error else 200
        return await ask(console, work, question, nav=self.nav, status=status)


def spec_of(record: object, spec: type[Spec]) -> Spec:
    """Return the part of a record that `spec` holds."""
    return spec(**{each.name: getattr(record, each.name) for each in fields(spec)})


def _status(error: PorticoError) -> int:
    if isinstance(error, StalePrecondition):
        return 409
    return 403 if isinstance(error, Forbidden) else 422
