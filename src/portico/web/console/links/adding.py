"""Adding many links: a paste becomes rows, every row is checked, then all are stored or none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from litestar import get, post
from litestar.di import NamedDependency

from portico.domain.errors import InvalidField, InvalidInput, LinkLimitExceeded, NameTaken
from portico.domain.links.links import BULK_LIMIT, LinkSpec
from portico.domain.links.presentation import LinkPresentation
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
}
"""The column of the paste for each field of the wire."""

CHECK_FIELDS = (len(COLUMNS) + 1) * BULK_LIMIT + FORM_FIELDS
"""How many fields the form of the checked rows has: a row's cells, and a box to leave it out."""


SUGGESTIONS, SUGGESTION_LENGTH = 5, 60
"""For how many unknown portals a page names a similar one, and how much of the name it compares."""


@dataclass(frozen=True, kw_only=True)
class PasteView:
    """The page where links are pasted."""

    form: Form
    portals: list[Choice]
    sections: list[str]


@dataclass(frozen=True, kw_only=True)
class CheckedRow:
    """A row as it was read, what it would store, and what is wrong with it by column."""

    number: int
    pasted: PastedRow
    spec: LinkSpec
    shown: LinkPresentation
    portals: list[str]
    errors: dict[str, FieldError] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name as it would be stored."""
        return self.spec.name

    @property
    def address(self) -> str:
        """Host and path as the tile shows them."""
        return address_of(self.spec)

    @property
    def description(self) -> str:
        """The description as it would be stored."""
        return self.spec.description

    @property
    def section(self) -> str:
        """The section, the row's own or the one for rows without."""
        return self.shown.section

    @property
    def tile(self) -> Arch:
        """The arch that the link will have."""
        return make_arch(self.name)

    def raw(self, column: str) -> str:
        """The text of a column as it was read."""
        return str(getattr(self.pasted, column))


@dataclass(frozen=True, kw_only=True)
class CheckView:
    """The page where rows are checked before anything is stored."""

    rows: list[CheckedRow]
    lines: str
    default_portal: Choice | None
    default_section: str
    problem: str = ""

    @property
    def faulty(self) -> int:
        """How many rows need a change."""
        return sum(1 for row in self.rows if row.errors)

    @property
    def ready(self) -> int:
        """How many rows could be stored."""
        return len(self.rows) - self.faulty


@get("/links/add-many")
async def show_paste(console: NamedDependency[Console]) -> Answer:
    """Where links are pasted."""
    async with console.preparing() as work:
        form = Form(sent={"default_portal": (console.query.get("portal", ""),)})
        return await _paste_page(console, work, form)


@post("/links/add-many", status_code=200, request_max_body_size=UPLOAD_BYTES)
async def read_paste(console: NamedDependency[Console]) -> Answer:
    """Reads a paste or a file, and shows every row checked."""
    form = await console.form()
    uploaded = form.file("file")
    text = uploaded.decode("utf-8-sig", "replace") if uploaded else form.value("lines")
    rows = await console.site.threads.run(lambda: read_rows(text), size=len(text))
    async with console.reading() as work:
        if not 1 <= len(rows) <= BULK_LIMIT:
            told = (
                f"It has {counted(len(rows), 'row', 'rows')}; 1 to {BULK_LIMIT} are taken at once."
            )
            failed = form.with_values(lines=text).failed({"lines": FieldError(text=told)})
            return await _paste_page(console, work, failed, status=422)
        return await _check_page(console, work, form, rows)


@post(
    "/links/add-many/check",
    status_code=200,
    request_max_body_size=UPLOAD_BYTES,
    opt={FIELD_LIMIT: CHECK_FIELDS},
)
async def check_paste(console: NamedDependency[Console]) -> Answer:
    """Checks rows that were mended, leaves some out, stores all, or leads back to the paste."""
    form = await console.form()
    rows = _mended(form)
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
                await create_links(work, specs, [row.shown for row in chosen])
                return console.go("links", work)
    except InvalidInput as error:
        problem = error.reason
    async with console.reading() as work:
        return await _check_page(console, work, form, rows, problem=problem, status=422)


def _mended(form: Form) -> list[PastedRow]:
    """The rows of the form, those that are left out taken away, a repair that was chosen done."""
    count = form.value("count")
    fix_place, _, fix_value = form.value("fix").partition("=")
    rows = []
    for number in range(1, min(int(count) if is_id(count) else 0, BULK_LIMIT) + 1):
        if form.has("leave", str(number)):
            continue
        values = {each: form.value(f"rows.{number}.{each}") for each in COLUMNS}
        wanted, _, column = fix_place.partition(".")
        if wanted == str(number) and column in values:
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
            _read_row(place, row, known, default, section) for place, row in enumerate(rows, 1)
        ]
    )
    found = await check_new_links(work, [row.spec for row in read], [row.shown for row in read])
    return CheckView(
        rows=[_with_error(row, error) for row, error in zip(read, found, strict=True)],
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
    found = [portal for name in names if (portal := portals.find(name))]
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
            portal_ids=tuple(portal.id for portal in found),
        ),
        shown=LinkPresentation(section=row.section.strip() or section),
        portals=names,
        errors={"portals": _unknown_portal(missing[0], row, portals)} if missing else {},
    )


class KnownPortals:
    """The portals of the microtenant by name, and the nearest one to a name that none has.

    Finding the nearest of 500 takes a tenth of a second, so it is done for a few names alone.
    """

    def __init__(self, portals: Sequence[UserPortal]) -> None:
        self._by_name = {fold(portal.name): portal for portal in portals}
        self._nearest: dict[str, str] = {}

    def find(self, name: str) -> UserPortal | None:
        """The portal of that name in any case."""
        return self._by_name.get(fold(name))

    def nearest(self, name: str) -> str:
        """The name of the portal that is most like it, or ""."""
        folded = fold(name)
        if folded not in self._nearest and len(self._nearest) < SUGGESTIONS:
            close = get_close_matches(folded[:SUGGESTION_LENGTH], self._by_name, n=1, cutoff=0.5)
            self._nearest[folded] = self._by_name[close[0]].name if close else ""
        return self._nearest.get(folded, "")


def _unknown_portal(name: str, row: PastedRow, portals: KnownPortals) -> FieldError:
    """Portals are named in a paste, by id on the wire: looking one up can fail here alone."""
    better = portals.nearest(name)
    names = "; ".join(better if each == name else each for each in row.portal_names)
    return FieldError(
        text=f"No portal has the name {name}.", fix=names if better else "", fix_label=better
    )


def _with_error(row: CheckedRow, error: InvalidInput | None) -> CheckedRow:
    """The row with the use-case's words in the column that they are about."""
    if row.pasted.problem:
        return replace(row, errors={"name": FieldError(text=row.pasted.problem)})
    if error is None:
        return row
    if isinstance(error, InvalidField):
        column = COLUMN_OF.get(error.field, "name")
        told = FieldError(text=error.why)
        if column == "url":
            fix = repaired_address(row.pasted.url)
            label = "https" if error.field == "protocol" else fix
            told = replace(told, fix=fix, fix_label=label)
        return replace(row, errors={**row.errors, column: told})
    column = "portals" if isinstance(error, LinkLimitExceeded) else "name"
    told = FieldError(text=error.reason)
    if isinstance(error, NameTaken):
        told = replace(told, fix=f"{row.name} 2", fix_label=f"{row.name} 2")
    return replace(row, errors={**row.errors, column: told})


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
