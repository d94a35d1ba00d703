"""Adding many links: read a paste into rows, check each row, then store all or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

import msgspec
from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.errors import InvalidField, InvalidInput, LinkLimitExceeded, NameTaken
from portico.domain.links.links import BULK_LIMIT, LinkSpec
from portico.domain.links.presentation import LinkPresentation, split_keywords
from portico.domain.portals.portals import UserPortal
from portico.domain.records import fold
from portico.domain.search import ListQuery
from portico.services.links.checks import check_new_links
from portico.services.links.links import create_links
from portico.services.links.sections import list_sections
from portico.services.portals.portals import list_portals
from portico.services.work import UnitOfWork
from portico.web.console.frame.forms import FieldError, Form, SentForm, is_id
from portico.web.console.frame.lists import Choice
from portico.web.console.frame.page import Answer, Console
from portico.web.console.frame.tiles import address_of
from portico.web.console.frame.words import counted
from portico.web.console.links.addresses import repaired_address, split_address
from portico.web.console.links.list import CHOICES_LIMIT
from portico.web.console.links.pasting import COLUMNS, PastedRow, read_rows, write_rows
from portico.web.shared.arch import Arch, make_arch
from portico.web.shared.csrf import FIELD_LIMIT
from portico.web.shared.received_forms import FORM_FIELDS, UPLOAD_BYTES

COLUMN_OF: Mapping[str, str] = {
    "name": "name",
    "description": "description",
    "protocol": "url",
    "link": "url",
    "linkPath": "url",
    "userPortals": "portals",
    "portico.section": "section",
    "portico.keywords": "keywords",
}
"""The column of the paste for each field of the API."""

CHECK_FIELDS = (len(COLUMNS) + 1) * BULK_LIMIT + FORM_FIELDS
"""The most fields of the form of checked rows: the cells of each row, and a checkbox to skip it."""


SUGGESTIONS, SUGGESTION_LENGTH = 5, 60
"""How many unknown portals get a suggestion, and how many characters are compared."""


class PasteView(msgspec.Struct, frozen=True, kw_only=True):
    """The page to paste links."""

    form: Form
    portals: list[Choice]
    sections: list[str]


@dataclass(frozen=True, kw_only=True)
class CheckedRow:
    """A row as it was read, the link it would store, and its errors by column."""

    number: int
    pasted: PastedRow
    spec: LinkSpec
    presentation: LinkPresentation
    portals: list[str]
    errors: dict[str, FieldError] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name to store."""
        return self.spec.name

    @property
    def address(self) -> str:
        """Host and path for display."""
        return address_of(self.spec)

    @property
    def description(self) -> str:
        """The description to store."""
        return self.spec.description

    @property
    def section(self) -> str:
        """The section of the row, or the default section."""
        return self.presentation.section

    @property
    def keywords(self) -> str:
        """The keywords, for display."""
        return ", ".join(self.presentation.keywords)

    @property
    def tile(self) -> Arch:
        """The icon of the link."""
        return make_arch(self.name)

    def raw(self, column: str) -> str:
        """Return the text of a column as it was read."""
        return str(getattr(self.pasted, column))


@dataclass(frozen=True, kw_only=True)
class CheckView:
    """The page that shows the checked rows before anything is stored."""

    rows: list[CheckedRow]
    lines: str
    default_portal: Choice | None
    default_section: str
    problem: str = ""

    @property
    def faulty(self) -> int:
        """The number of rows with an error."""
        return sum(1 for row in self.rows if row.errors)

    @property
    def ready(self) -> int:
        """The number of rows without an error."""
        return len(self.rows) - self.faulty


@get("/links/add-many")
async def show_paste(console: NamedDependency[Console]) -> Answer:
    """Show the page to paste links."""
    async with console.preparing() as work:
        form = Form(sent={"default_portal": (console.query.get("portal", ""),)})
        return await _paste_page(console, work, form)


@post("/links/add-many", status_code=200, request_max_body_size=UPLOAD_BYTES)
async def read_paste(console: NamedDependency[Console]) -> Answer:
    """Read a paste or a file, and show the checked rows."""
    form = await console.form()
    uploaded = form.file("file")
    text = uploaded.decode("utf-8-sig", "replace") if uploaded else form.value("lines")
    rows = await console.site.threads.run(lambda: read_rows(text), size=len(text))
    async with console.reading() as work:
        if not 1 <= len(rows) <= BULK_LIMIT:
            words = (
                f"It has {counted(len(rows), 'row', 'rows')}; 1 to {BULK_LIMIT} are taken at once."
            )
            failed = form.with_values(lines=text).failed({"lines": FieldError(text=words)})
            return await _paste_page(console, work, failed, status=422)
        return await _check_page(console, work, form, rows)


@post(
    "/links/add-many/check",
    status_code=200,
    request_max_body_size=UPLOAD_BYTES,
    opt={FIELD_LIMIT: CHECK_FIELDS},
)
async def check_paste(console: NamedDependency[Console]) -> Answer:
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
) -> Answer:
    problem = ""
    try:
        async with console.writing() as work:
            view = await _checked(console, work, form, rows)
            chosen = [row for row in view.rows if not row.errors]
            if chosen and (only_ready or not view.faulty):
                specs = [row.spec for row in chosen]
                await create_links(work, specs, [row.presentation for row in chosen])
                return console.go("links", work)
    except InvalidInput as error:
        problem = error.reason
    async with console.reading() as work:
        return await _check_page(console, work, form, rows, problem=problem, status=422)


def _corrected_rows(form: Form) -> list[PastedRow]:
    """Return the rows of the form without skipped ones, with the chosen correction applied."""
    count = form.value("count")
    fix_field, _, fix_value = form.value("fix").partition("=")
    rows = []
    for number in range(1, min(int(count) if is_id(count) else 0, BULK_LIMIT) + 1):
        if form.has("leave", str(number)):
            continue
        values = {each: form.value(f"rows.{number}.{each}") for each in COLUMNS}
        fixed, _, column = fix_field.partition(".")
        if fixed == str(number) and column in values:
            values[column] = fix_value
        rows.append(PastedRow(**values))
    return rows


async def _checked(
    console: Console, work: UnitOfWork, form: Form, rows: Sequence[PastedRow]
) -> CheckView:
    portals = (await list_portals(work, ListQuery(page_size=CHOICES_LIMIT))).items
    known = KnownPortals(portals)
    default = next((each for each in portals if str(each.id) == form.value("default_portal")), None)
    section = form.value("default_section").strip()
    read = await console.site.threads.run(
        lambda: [
            _read_row(number, row, known, default, section) for number, row in enumerate(rows, 1)
        ]
    )
    errors = await check_new_links(
        work, [row.spec for row in read], [row.presentation for row in read]
    )
    return CheckView(
        rows=[_with_error(row, error) for row, error in zip(read, errors, strict=True)],
        lines=write_rows(rows),
        default_portal=Choice(str(default.id), default.name) if default else None,
        default_section=section,
    )


def _read_row(
    number: int,
    row: PastedRow,
    portals: KnownPortals,
    default: UserPortal | None,
    section: str,
) -> CheckedRow:
    address = split_address(row.url)
    names = row.portal_names or ([default.name] if default else [])
    known = [portal for name in names if (portal := portals.find(name))]
    missing = [name for name in names if portals.find(name) is None]
    return CheckedRow(
        number=number,
        pasted=row,
        spec=LinkSpec(
            name=row.name.strip(),
            description=row.description,
            enabled=True,
            link=address.host,
            link_path=address.path,
            protocol="" if address.protocol == "https://" else address.protocol,
            portal_ids=tuple(portal.id for portal in known),
        ),
        presentation=LinkPresentation(
            section=row.section.strip() or section, keywords=split_keywords(row.keywords)
        ),
        portals=names,
        errors={"portals": _unknown_portal(missing[0], row, portals)} if missing else {},
    )


class KnownPortals:
    """The portals of the microtenant by name, and suggestions for unknown names.

    A suggestion among 500 portals takes a tenth of a second, so only a few names get one.
    """

    def __init__(self, portals: Sequence[UserPortal]) -> None:
        self._by_name = {fold(portal.name): portal for portal in portals}
        self._nearest: dict[str, str] = {}

    def find(self, name: str) -> UserPortal | None:
        """Return the portal with that name, ignoring case, or None."""
        return self._by_name.get(fold(name))

    def nearest(self, name: str) -> str:
        """Return the most similar name of a portal, or an empty text."""
        folded = fold(name)
        if folded not in self._nearest and len(self._nearest) < SUGGESTIONS:
            close = get_close_matches(folded[:SUGGESTION_LENGTH], self._by_name, n=1, cutoff=0.5)
            self._nearest[folded] = self._by_name[close[0]].name if close else ""
        return self._nearest.get(folded, "")


def _unknown_portal(name: str, row: PastedRow, portals: KnownPortals) -> FieldError:
    """Return the error for an unknown portal. A paste has names, where the API has ids."""
    better = portals.nearest(name)
    names = "; ".join(better if each == name else each for each in row.portal_names)
    return FieldError(
        text=f"No portal has the name {name}.", fix=names if better else "", fix_label=better
    )


def _with_error(row: CheckedRow, error: InvalidInput | None) -> CheckedRow:
    """Return the row with an error of the services in its column."""
    if row.pasted.problem:
        return replace(row, errors={"name": FieldError(text=row.pasted.problem)})
    if error is None:
        return row
    if isinstance(error, InvalidField):
        column = COLUMN_OF.get(error.field, "name")
        failed = FieldError(text=error.why)
        if column == "url":
            fix = repaired_address(row.pasted.url)
            label = "https" if error.field == "protocol" else fix
            failed = replace(failed, fix=fix, fix_label=label)
        return replace(row, errors={**row.errors, column: failed})
    column = "portals" if isinstance(error, LinkLimitExceeded) else "name"
    failed = FieldError(text=error.reason)
    if isinstance(error, NameTaken):
        failed = replace(failed, fix=f"{row.name} 2", fix_label=f"{row.name} 2")
    return replace(row, errors={**row.errors, column: failed})


async def _check_page(
    console: Console,
    work: UnitOfWork,
    form: Form,
    rows: Sequence[PastedRow],
    *,
    problem: str = "",
    status: int = 200,
) -> Answer:
    view = replace(await _checked(console, work, form, rows), problem=problem)
    return await console.page("links_check.html", work, view, nav="links", status=status)


async def _paste_page(
    console: Console, work: UnitOfWork, form: Form, *, status: int = 200
) -> Answer:
    portals = (await list_portals(work, ListQuery(page_size=CHOICES_LIMIT))).items
    view = PasteView(
        form=replace(form, labels={"lines": "The list"}),
        portals=[Choice(str(each.id), each.name) for each in portals],
        sections=[each.name for each in (await list_sections(work)).sections],
    )
    return await console.page("links_paste.html", work, view, nav="links", status=status)


ROUTES = [show_paste, read_paste, check_paste]
