"""Adding many links: read a paste into rows, check each row, then store all or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
from starlette.responses import Response

from portico.domain.errors import InvalidInput
from portico.domain.links.links import BULK_LIMIT
from portico.services.links.imports import import_links
from portico.services.links.sections import list_sections
from portico.services.portals.portals import name_portals
from portico.services.work import UnitOfWork
from portico.web.console.frame.error_words import error_words
from portico.web.console.frame.forms import FieldError, Form, SentForm, is_id
from portico.web.console.frame.lists import Choice
from portico.web.console.frame.page import Console
from portico.web.console.frame.routes import get, post
from portico.web.console.links.checking import CheckedRow, Defaults, compare_rows
from portico.web.console.links.list import CHOICES_LIMIT
from portico.web.console.links.pasting import COLUMNS, PastedRow, read_rows, write_list, write_rows
from portico.web.shared.received_forms import FORM_FIELDS, UPLOAD_BYTES
from portico.web.shared.texts import gettext as _
from portico.web.shared.texts import ngettext

CHECK_FIELDS = (len(COLUMNS) + 2) * BULK_LIMIT + FORM_FIELDS
"""The most fields of the form of checked rows: the cells of each row, its version, and a
button to skip it."""


class PasteView(msgspec.Struct, frozen=True, kw_only=True):
    """The page to paste links."""

    form: Form
    portals: list[Choice]
    sections: list[Choice]

    @property
    def examples(self) -> list[str]:
        """Rows of each form, which can be pasted: they name portals and a section that exist."""
        names = write_list([portal.label for portal in self.portals[:2]])
        section = next((each.value for each in self.sections), "Travel")
        row = PastedRow(
            name="Travel desk",
            url="travel.example",
            description="Trains, flights, hotels",
            portals=names,
            section=section,
            keywords="trips; flights",
        )
        return [
            "https://rota.example/today",
            "Parking permits https://parking.example",
            write_rows([row]).strip(),
        ]


@dataclass(frozen=True, kw_only=True)
class CheckView:
    """The page that shows the checked rows before anything is stored."""

    rows: list[CheckedRow]
    default_portal: Choice | None
    default_section: str
    problem: str = ""

    def count(self, *kinds: str) -> int:
        """Return the number of rows of some kinds."""
        return sum(row.kind in kinds for row in self.rows)

    @property
    def new_sections(self) -> list[str]:
        """The sections that storing the rows creates."""
        return sorted({row.presentation.section for row in self.rows if row.new_section})

    @property
    def new_groups(self) -> list[str]:
        """The groups that storing the rows creates."""
        return sorted({name for row in self.rows for name in row.new_groups})

    @property
    def faulty(self) -> int:
        """The number of rows with an error."""
        return self.count("bad")

    @property
    def ready(self) -> int:
        """The number of rows that add or change a link."""
        return self.count("new", "changed")

    @property
    def adding(self) -> int:
        """The number of links that are added once all rows are ready."""
        return sum(row.before is None for row in self.rows)

    @property
    def changing(self) -> int:
        """The number of links that change once all rows are ready."""
        return sum(row.before is not None and row.kind != "same" for row in self.rows)


@get("/links/add-many")
async def show_paste(console: Console) -> Response:
    """Show the page to paste links."""
    async with console.preparing() as work:
        form = Form(sent={"default_portal": (console.query.get("portal", ""),)})
        return await _paste_page(console, work, form)


@post("/links/add-many", body_limit=UPLOAD_BYTES)
async def read_paste(console: Console) -> Response:
    """Read a paste or a file, and show the checked rows."""
    form = await console.form()
    uploaded = form.file("file")
    text = uploaded.decode("utf-8-sig", "replace") if uploaded else form.value("lines")
    rows = await console.site.threads.run(lambda: read_rows(text), size=len(text))
    async with console.reading() as work:
        if not 1 <= len(rows) <= BULK_LIMIT:
            words = ngettext(
                "It has %(num)s row; 1 to %(limit)s are taken at once.",
                "It has %(num)s rows; 1 to %(limit)s are taken at once.",
                len(rows),
                limit=BULK_LIMIT,
            )
            failed = form.with_values(lines=text).failed({"lines": FieldError(text=words)})
            return await _paste_page(console, work, failed, status=422)
        return await _check_page(console, work, form, rows)


@post("/links/add-many/check", body_limit=UPLOAD_BYTES, form_fields=CHECK_FIELDS)
async def check_paste(console: Console) -> Response:
    """Check corrected rows again, store them, or return to the paste."""
    form = await console.form()
    rows = _corrected_rows(form)
    if form.value("go") == "back" or not rows:
        async with console.reading() as work:
            return await _paste_page(console, work, form.with_values(lines=write_rows(rows)))
    if form.value("go") not in {"add", "add-ready"}:
        async with console.reading() as work:
            return await _check_page(console, work, form, rows)
    return await _add(console, form, rows, only_ready=form.value("go") == "add-ready")


async def _add(
    console: Console, form: SentForm, rows: Sequence[PastedRow], *, only_ready: bool
) -> Response:
    problem, status = "", 422
    try:
        async with console.writing() as work:
            view = await _checked(console, work, form, rows, lock=True)
            chosen = [row for row in view.rows if row.kind in {"new", "changed"}]
            stale = next((row for row in chosen if row.is_stale), None)
            if stale is None and chosen and (only_ready or not view.faulty):
                await import_links(work, [row.link for row in chosen])
                return console.go("links", work)
    except InvalidInput as error:
        problem = error_words(error)
    else:
        if stale:
            status = 409
            problem = _(
                "Somebody changed %(name)s after these rows were checked. Nothing is stored yet. "
                "Look at what changes now, then add the rows again.",
                name=stale.name,
            )
    async with console.reading() as work:
        return await _check_page(console, work, form, rows, problem=problem, status=status)


def _corrected_rows(form: Form) -> list[PastedRow]:
    """Return the rows of the form without skipped ones, with the chosen correction applied."""
    count = form.value("count")
    fix_field, _, fix_value = form.value("fix").partition("=")
    rows = []
    for number in range(1, min(int(count) if is_id(count) else 0, BULK_LIMIT) + 1):
        if form.has("leave", str(number)):
            continue
        sent = {each: form.values(f"rows.{number}.{each}") for each in (*COLUMNS, "seen")}
        values = {name: texts[-1] for name, texts in sent.items() if texts}
        fixed, _, column = fix_field.partition(".")
        if fixed == str(number) and column in COLUMNS:
            values[column] = fix_value
        rows.append(PastedRow(**values))
    return rows


async def _checked(
    console: Console,
    work: UnitOfWork,
    form: Form,
    rows: Sequence[PastedRow],
    *,
    lock: bool = False,
) -> CheckView:
    portal_id = form.value("default_portal")
    known = await work.portals.find_all([int(portal_id)]) if is_id(portal_id) else {}
    default = next(iter(known.values()), None)
    section = form.value("new_default_section").strip() or form.value("default_section").strip()
    defaults = Defaults(portal=default, section=section)
    return CheckView(
        rows=await compare_rows(console, work, rows, defaults, lock=lock),
        default_portal=Choice(str(default.id), default.name) if default else None,
        default_section=section,
    )


async def _check_page(
    console: Console,
    work: UnitOfWork,
    form: Form,
    rows: Sequence[PastedRow],
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    view = replace(await _checked(console, work, form, rows), problem=problem)
    return await console.page("links_check.html", work, view, nav="links", status=status)


async def _paste_page(
    console: Console, work: UnitOfWork, form: Form, *, status: int = 200
) -> Response:
    portals = await name_portals(work, CHOICES_LIMIT)
    sections = [each.name for each in (await list_sections(work)).sections]
    if form.value("default_section") not in sections:
        new = form.value("new_default_section") or form.value("default_section")
        form = form.with_values(default_section="", new_default_section=new)
    view = PasteView(
        form=replace(form, labels={"lines": _("The list")}),
        portals=[Choice(str(each), name) for each, name in portals.items()],
        sections=[Choice(name, name) for name in sections],
    )
    return await console.page("links_paste.html", work, view, nav="links", status=status)


ROUTES = [show_paste, read_paste, check_paste]
