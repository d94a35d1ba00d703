"""Compares rows of a paste with the stored links: what is new, what changes, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches

from portico.domain.characters import without_hidden
from portico.domain.errors import InvalidField, InvalidInput, LinkLimitExceeded, NameTaken
from portico.domain.links.links import LinkSpec, target_url
from portico.domain.links.presentation import (
    PLAIN,
    LinkPresentation,
    PresentedLink,
    present,
    split_keywords,
)
from portico.domain.portals.portals import UserPortal
from portico.domain.records import fold
from portico.services.links.checks import check_rows
from portico.services.links.imports import ImportedLink, KnownLinks, find_known_links
from portico.services.portals.portals import name_portals
from portico.services.versions import version_of
from portico.services.work import UnitOfWork
from portico.web.console.audit.entries import Change, differences, record_values
from portico.web.console.frame.editing import spec_of
from portico.web.console.frame.error_words import error_words
from portico.web.console.frame.forms import FieldError, is_id
from portico.web.console.frame.moments import NO_TIME, moment_of
from portico.web.console.frame.page import Console
from portico.web.console.frame.tiles import address_of
from portico.web.console.links.addresses import repaired_address, split_address
from portico.web.console.links.list import CHOICES_LIMIT
from portico.web.console.links.pasting import PastedRow, link_id_of, write_list
from portico.web.shared.arch import Arch, make_arch
from portico.web.shared.texts import Text
from portico.web.shared.texts import gettext as _

COLUMN_OF: Mapping[str, str] = {
    "name": "name",
    "description": "description",
    "protocol": "url",
    "link": "url",
    "linkPath": "url",
    "userPortals": "portals",
    "portico.section": "section",
    "portico.keywords": "keywords",
    "portico.groups": "groups",
    "portico.order": "position",
    "portico.starts": "starts",
    "portico.ends": "ends",
}
"""The column of the paste for each field of the API."""
COLUMN_LABELS: Mapping[str, Text] = {
    "name": _("Name"),
    "url": _("The address"),
    "description": _("Description"),
    "portals": _("Portals"),
    "section": _("Section"),
    "keywords": _("Keywords"),
    "groups": _("Groups"),
    "position": _("Position"),
    "starts": _("Shown from"),
    "ends": _("Shown until"),
}
YES = frozenset(("yes", "y", "true", "1", "on", "enabled"))
NO = frozenset(("no", "n", "false", "0", "off", "disabled"))
SUGGESTIONS, SUGGESTION_LENGTH = 5, 60
"""How many unknown portals get a suggestion, and how many characters are compared."""


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """The portal and the section of new links whose rows name none."""

    portal: UserPortal | None
    section: str


@dataclass(frozen=True, kw_only=True)
class CheckedRow:
    """A row as it was read, the link it would store, and its errors by column.

    `before` is the stored link with its name or id, which it changes if `differs`. `changes` are
    the fields that differ, in words. It has a `new_section` and `new_groups` if storing it creates
    these.
    """

    number: int
    pasted: PastedRow
    spec: LinkSpec
    presentation: LinkPresentation
    portals: list[str]
    before: PresentedLink | None = None
    version: str = ""
    differs: bool = True
    changes: list[Change] = field(default_factory=list)
    new_section: bool = False
    new_groups: frozenset[str] = frozenset()
    errors: dict[str, FieldError] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What adding would do with the row: nothing while it is "bad", or as it is the "same"."""
        if self.errors:
            return "bad"
        if self.before is None:
            return "new"
        return "changed" if self.differs else "same"

    @property
    def is_stale(self) -> bool:
        """Whether the stored link is another than on the page that sent the row."""
        return self.kind in {"new", "changed"} and self.pasted.seen != self.version

    @property
    def name(self) -> str:
        """The name to store."""
        return self.spec.name

    @property
    def address(self) -> str:
        """Host and path for display."""
        return address_of(self.spec)

    @property
    def tile(self) -> Arch:
        """The icon of the link."""
        return make_arch(self.name)

    @property
    def link(self) -> ImportedLink:
        """The link to store."""
        return ImportedLink(spec=self.spec, presentation=self.presentation, before=self.before)


class KnownPortals:
    """The portals of the microtenant by name, and suggestions for unknown names.

    A suggestion among 500 portals takes a tenth of a second, so only a few names get one.
    """

    def __init__(self, names: Mapping[int, str]) -> None:
        self.names = names
        """The names of portals by id."""
        self._ids = {fold(name): portal_id for portal_id, name in names.items()}
        self._nearest: dict[str, str] = {}

    def find(self, name: str) -> int | None:
        """Return the id of the portal with that name, ignoring case, or None."""
        return self._ids.get(fold(name))

    def nearest(self, name: str) -> str:
        """Return the most similar name of a portal, or an empty text."""
        folded = fold(name)
        if folded not in self._nearest and len(self._nearest) < SUGGESTIONS:
            close = get_close_matches(folded[:SUGGESTION_LENGTH], self._ids, n=1, cutoff=0.5)
            self._nearest[folded] = self.names[self._ids[close[0]]] if close else ""
        return self._nearest.get(folded, "")


async def compare_rows(
    console: Console,
    work: UnitOfWork,
    rows: Sequence[PastedRow],
    defaults: Defaults,
    *,
    lock: bool = False,
) -> list[CheckedRow]:
    """Return the rows with what they would do, and what is wrong with them.

    The links that they change are locked until the transaction ends if asked.
    """
    links = await find_known_links(
        work,
        [each for row in rows if (each := link_id_of(row))],
        [row.name.strip() for row in rows],
        lock=lock,
    )
    portals = KnownPortals(await _portal_names(work, rows, links))
    run = console.site.threads.run
    read = await run(
        lambda: [
            _read_row(number, row, portals, links, defaults) for number, row in enumerate(rows, 1)
        ]
    )
    checked = [row for row in read if row.differs]
    errors: Sequence[InvalidInput | None] = ()
    if checked:
        errors = await check_rows(
            work,
            [row.spec for row in checked],
            [row.presentation for row in checked],
            [row.before for row in checked],
        )
    found = dict(zip((row.number for row in checked), errors, strict=True))
    named = await _with_new_names(work, read)
    return [_with_error(row, found.get(row.number)) for row in named]


async def _with_new_names(work: UnitOfWork, rows: Sequence[CheckedRow]) -> list[CheckedRow]:
    """Return the rows with the sections and groups that storing them would create."""
    shown = [row.presentation for row in rows]
    sections = {fold(each.section) for each in shown if each.section}
    groups = {fold(name) for each in shown for name in each.groups}
    if sections:
        sections -= set(await work.sections.ids_by_name(sections))
    if groups:
        groups -= set(await work.groups.ids_by_name(groups))
    return [
        replace(
            row,
            new_section=fold(row.presentation.section) in sections,
            new_groups=frozenset(name for name in row.presentation.groups if fold(name) in groups),
        )
        for row in rows
    ]


async def _portal_names(
    work: UnitOfWork, rows: Sequence[PastedRow], links: KnownLinks
) -> dict[int, str]:
    """Return portals to suggest, those that the rows name, and those of the stored links."""
    names = await name_portals(work, CHOICES_LIMIT)
    unlisted = {fold(name) for row in rows for name in row.portal_names}
    unlisted -= {fold(name) for name in names.values()}
    ids = set((await work.portals.ids_by_name(unlisted)).values()) if unlisted else set()
    ids |= {each for link in links.by_id.values() for each in link.portal_ids}
    others = await work.portals.find_all(ids - names.keys())
    return names | {portal.id: portal.name for portal in others.values()}


def _read_row(
    number: int, row: PastedRow, portals: KnownPortals, links: KnownLinks, defaults: Defaults
) -> CheckedRow:
    named = row.portal_names or ([defaults.portal.name] if defaults.portal else [])
    ids = {found for name in named if (found := portals.find(name))}
    before = _stored_link(row, named, ids, links)
    if before and not row.portal_names:
        # The defaults are for new links.
        ids = set() if row.portals is not None else set(before.portal_ids)
        named = [portals.names.get(each, "") for each in sorted(ids)]
    missing = [name for name in named if portals.find(name) is None]
    spec = _spec(row, before, tuple(sorted(ids)))
    presentation = _presentation(row, before, defaults)
    differs, changes = True, list[Change]()
    if before:
        after = replace(present(before, presentation), **vars(spec))
        differs = after != before
        changes = differences(
            record_values(asdict(before)), record_values(asdict(after)), portals.names
        )
    return CheckedRow(
        number=number,
        pasted=row,
        spec=spec,
        presentation=presentation,
        portals=named,
        before=before,
        version=version_of(before) if before else "",
        differs=differs,
        changes=changes,
        errors=_unreadable_cells(row)
        | ({"portals": _unknown_portal(missing[0], row, portals)} if missing else {}),
    )


def _stored_link(
    row: PastedRow, named: Sequence[str], portal_ids: set[int], links: KnownLinks
) -> PresentedLink | None:
    """Return the stored link that a row means (docs/decisions/0028).

    That is the link with its id. Without one, or if there is none, it is the link with its name,
    unless the row names portals and the link is on none of them.
    """
    if (link_id := link_id_of(row)) in links.by_id and link_id:
        return links.by_id[link_id]
    link = links.by_name.get(fold(row.name.strip()))
    if link is None or (named and not portal_ids & set(link.portal_ids)):
        return None
    return link


def _spec(row: PastedRow, before: PresentedLink | None, portal_ids: tuple[int, ...]) -> LinkSpec:
    """Return the link of a row. What means the same as before stays as it is stored."""
    address = split_address(row.url)
    stored = spec_of(before, LinkSpec) if before else LinkSpec(name="", enabled=True)
    spec = replace(
        stored,
        name=row.name.strip(),
        enabled=_flag(row.enabled, otherwise=stored.enabled),
        link=address.host,
        link_path=address.path,
        protocol="" if address.protocol == "https://" else address.protocol,
        portal_ids=portal_ids,
    )
    if before and target_url(spec) == target_url(stored):
        spec = replace(spec, link=stored.link, link_path=stored.link_path, protocol=stored.protocol)
    if row.description is not None and _lines(row.description) != _lines(stored.description):
        spec = replace(spec, description=row.description)
    return spec


def _presentation(
    row: PastedRow, before: PresentedLink | None, defaults: Defaults
) -> LinkPresentation:
    """Return how the link of a row is shown. A link that changes its section has no place there."""
    stored = before.presentation if before else PLAIN
    section, groups = stored.section, stored.groups
    if before is None:
        section = (row.section or "").strip() or defaults.section
    elif row.section is not None and fold(row.section.strip()) != fold(section):
        section = row.section.strip()
    if row.groups is not None and set(map(fold, row.group_names)) != set(map(fold, groups)):
        groups = tuple(row.group_names)
    order = _number(row.position, otherwise=stored.order)
    if order == stored.order and fold(section) != fold(stored.section):
        order = 0 if before else order
    keywords = stored.keywords if row.keywords is None else split_keywords(row.keywords)
    return replace(
        stored,
        section=section,
        groups=groups,
        order=order,
        keywords=keywords,
        starts=_time(row.starts, otherwise=stored.starts),
        ends=_time(row.ends, otherwise=stored.ends),
    )


def _lines(text: str) -> str:
    """Return a text as a form sends it back: each line break is one character."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _flag(text: str | None, *, otherwise: bool) -> bool:
    word = (text or "").strip().lower()
    return otherwise if word not in YES | NO else word in YES


def _number(text: str | None, *, otherwise: int) -> int:
    if text is None:
        return otherwise
    return int(text) if is_id(text.strip()) else 0


def _time(text: str | None, *, otherwise: int) -> int:
    return otherwise if text is None else max(moment_of(text), 0)


def _unreadable_cells(row: PastedRow) -> dict[str, FieldError]:
    """Return the errors of cells that are no text for people."""
    errors = {}
    if (row.enabled or "").strip().lower() not in YES | NO | {""}:
        errors["enabled"] = FieldError(text=_("It must be yes or no."), fix="yes")
    if (position := (row.position or "").strip()) and not is_id(position):
        errors["position"] = FieldError(text=_("It must be a number, or empty."))
    for column in ("starts", "ends"):
        if moment_of(getattr(row, column) or "") == NO_TIME:
            example = _("Write a date in UTC as 2026-12-01T08:00, or leave it empty.")
            errors[column] = FieldError(text=example)
    return errors


def _unknown_portal(name: str, row: PastedRow, portals: KnownPortals) -> FieldError:
    """Return the error for an unknown portal. A paste has names, where the API has ids."""
    better = portals.nearest(name)
    names = [better if each == name else each for each in row.portal_names]
    return FieldError(
        text=_("No portal has the name %(name)s.", name=name),
        fix=write_list(names) if better else "",
        fix_label=_("Use %(fix)s", fix=better) if better else "",
    )


def _with_error(row: CheckedRow, error: InvalidInput | None) -> CheckedRow:
    """Return the row with an error of the services in its column."""
    if row.pasted.problem:
        return replace(row, errors={"name": FieldError(text=row.pasted.problem)})
    if error is None:
        return row
    column, failed = _place(row, error)
    return replace(row, errors={column: failed} | row.errors)


def _place(row: CheckedRow, error: InvalidInput) -> tuple[str, FieldError]:
    """Return the column of an error, and the error with a correction where that is plain."""
    if isinstance(error, NameTaken):
        words = _(
            'The name "%(name)s" is already taken. Rename this link, or name a portal of that one '
            "to change it.",
            name=error.name,
        )
        return "name", FieldError(text=words, fix=f"{row.name} 2")
    if not isinstance(error, InvalidField):
        column = "portals" if isinstance(error, LinkLimitExceeded) else "name"
        return column, FieldError(text=error_words(error))
    column = COLUMN_OF.get(error.field, "name")
    words_of_field = error_words(error, COLUMN_LABELS.get(column, ""))
    text = row.pasted.columns.get(column, "")
    if column == "url":
        fix = repaired_address(text)
        label = _("Use %(fix)s", fix="https") if error.field == "protocol" else ""
        return column, FieldError(text=words_of_field, fix=fix, fix_label=label)
    visible = without_hidden(text)
    fix = visible if visible != text and visible.strip() else ""
    return column, FieldError(text=words_of_field, fix=fix)
