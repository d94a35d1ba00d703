"""Views of audit entries: a verb, and the fields that differ, with labels and readable values."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from portico.domain.audit import Action, AuditEntry
from portico.domain.links.display_hosts import display_host
from portico.domain.tenancy.identity import Role
from portico.services.access import OPERATOR_ID
from portico.services.audit.log import PICTURES, AuditPage
from portico.services.threads import are_large, run_on_thread
from portico.services.work import UnitOfWork
from portico.web.console.frame import words
from portico.web.shared.texts import Text, joined, ngettext
from portico.web.shared.texts import gettext as _


class Kind(msgspec.Struct, frozen=True):
    """What pages call a kind of object: one of it, all of them, and a number of it."""

    one: Text
    all: Text
    counted: Callable[[int], Text]


KINDS: Mapping[str, Kind] = {
    "userPortalLink": Kind(
        _("link"), _("Links"), lambda n: ngettext("%(num)s link", "%(num)s links", n)
    ),
    "userPortal": Kind(
        _("portal"), _("Portals"), lambda n: ngettext("%(num)s portal", "%(num)s portals", n)
    ),
    "allowedDomain": Kind(
        _("domain"), _("Domains"), lambda n: ngettext("%(num)s domain", "%(num)s domains", n)
    ),
    "userPortalAup": Kind(
        _("policy"), _("Policies"), lambda n: ngettext("%(num)s policy", "%(num)s policies", n)
    ),
    "certificate": Kind(
        _("certificate"),
        _("Certificates"),
        lambda n: ngettext("%(num)s certificate", "%(num)s certificates", n),
    ),
    "application": Kind(
        _("application segment"),
        _("Application segments"),
        lambda n: ngettext("%(num)s application segment", "%(num)s application segments", n),
    ),
    "microtenant": Kind(
        _("microtenant"),
        _("Microtenants"),
        lambda n: ngettext("%(num)s microtenant", "%(num)s microtenants", n),
    ),
    "portalSection": Kind(
        _("section"), _("Sections"), lambda n: ngettext("%(num)s section", "%(num)s sections", n)
    ),
    "portalGroup": Kind(
        _("group"), _("Groups"), lambda n: ngettext("%(num)s group", "%(num)s groups", n)
    ),
    "apiClient": Kind(
        _("API client"),
        _("API clients"),
        lambda n: ngettext("%(num)s API client", "%(num)s API clients", n),
    ),
    "administrator": Kind(
        _("administrator"),
        _("Administrators"),
        lambda n: ngettext("%(num)s administrator", "%(num)s administrators", n),
    ),
    "portalUser": Kind(
        _("user"), _("Users"), lambda n: ngettext("%(num)s user", "%(num)s users", n)
    ),
    "identityProvider": Kind(
        _("identity provider"),
        _("Identity providers"),
        lambda n: ngettext("%(num)s identity provider", "%(num)s identity providers", n),
    ),
    "portalRequest": Kind(
        _("request"), _("Requests"), lambda n: ngettext("%(num)s request", "%(num)s requests", n)
    ),
    "secondFactor": Kind(
        _("second factor"),
        _("Second factors"),
        lambda n: ngettext("%(num)s second factor", "%(num)s second factors", n),
    ),
    "recoveryCodes": Kind(
        _("recovery codes"),
        _("Recovery codes"),
        lambda n: ngettext("%(num)s set of recovery codes", "%(num)s sets of recovery codes", n),
    ),
    "secondFactorRule": Kind(
        _("rule"), _("Rules"), lambda n: ngettext("%(num)s rule", "%(num)s rules", n)
    ),
    "auditEntries": Kind(
        _("part of the audit log"),
        _("Parts of the audit log"),
        lambda n: ngettext("%(num)s part of the audit log", "%(num)s parts of the audit log", n),
    ),
}
LABELS: Mapping[str, str] = {
    "name": _("Name"),
    "description": _("Description"),
    "enabled": _("Enabled"),
    "icon_text": _("Icon"),
    "link": _("Host"),
    "link_path": _("Path"),
    "protocol": _("Protocol"),
    "application_id": _("Application"),
    "portal_ids": _("Portals"),
    "presentation.section": _("Section"),
    "presentation.order": _("Position"),
    "presentation.groups": _("Groups"),
    "presentation.keywords": _("Keywords"),
    "presentation.starts": _("Shown from"),
    "presentation.ends": _("Shown until"),
    "domain": _("Domain"),
    "ext_domain": _("Managed below"),
    "ext_label": _("Label"),
    "user_notification": _("Notice"),
    "user_notification_enabled": _("Notice shown"),
    "image_data": _("Logo"),
    "page.slug": _("Short address"),
    "page.audience": _("Who may see it"),
    "page.title": _("Title"),
    "page.accent": _("Accent colour"),
    "page.favicon": _("Favicon"),
    "page.accepts_requests": _("Takes requests"),
    "page.notice_starts": _("Notice from"),
    "page.notice_ends": _("Notice until"),
    "aup": _("Text"),
    "text_version": _("Version"),
    "email": _("E-mail"),
    "phone_num": _("Phone"),
    "criteria_attribute_values": _("Sign-in domains"),
    "position": _("Position"),
    "display_name": _("Display name"),
    "role": _("Role"),
    "microtenant_id": _("Microtenant"),
    "group_ids": _("Groups"),
    "grants": _("Grants"),
    "disabled_time": _("Disabled"),
    "password_link_end_time": _("Password link ends"),
    "revoked_time": _("Revoked"),
    "closed_time": _("Closed"),
    "certificate_name": _("Certificate"),
    "c_name": _("Common name"),
    "san": _("Alternative names"),
    "issued_to": _("Issued to"),
    "issued_by": _("Issued by"),
    "serial_no": _("Serial number"),
    "valid_from_in_epoch_sec": _("Valid from"),
    "valid_to_in_epoch_sec": _("Valid to"),
    "domain_names": _("Domains"),
    "method": _("Method"),
    "host": _("Works at"),
    "left": _("Codes left"),
    "renewed_time": _("Renewed"),
    "second_factor_required": _("Required"),
}
"""The fields that the audit log shows, in this order. Others are redundant or internal."""
HOSTS = frozenset(("link", "domain", "ext_domain", "criteria_attribute_values"))
"""The fields that contain host names."""
VERBS: Mapping[Action, str] = {
    Action.CREATE: _("Added"),
    Action.UPDATE: _("Changed"),
    Action.DELETE: _("Deleted"),
    Action.REVOKE: _("Revoked"),
}
ZERO_IS_NONE = frozenset(
    (
        "presentation.order",
        "presentation.starts",
        "presentation.ends",
        "page.notice_starts",
        "page.notice_ends",
    )
)
"""The fields that are not set if they are 0: a link without a position is sorted by its name."""
LONG_VALUE = 400


class Change(msgspec.Struct, frozen=True):
    """One changed field, with readable values."""

    label: str
    before: str
    after: str


class EntryView(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of the audit log. `where` is its microtenant, if it is not the scope's."""

    id: int
    iso: str
    clock: str
    actor: str
    verb: str
    name: str
    kind: str
    where: str
    changes: list[Change]
    transaction_id: str
    client_transaction_id: str


class DayView(msgspec.Struct, frozen=True):
    """The entries of one day."""

    words: str
    entries: list[EntryView]


def verb_of(entry: AuditEntry) -> str:
    """Return the shortest exact verb for a change, such as "Disabled", "Moved" or "Changed"."""
    if entry.action is not Action.UPDATE:
        return VERBS[entry.action]
    before, after = entry_values(entry.before), entry_values(entry.after)
    differing = {name for name in LABELS if before.get(name) != after.get(name)}
    if differing == {"enabled"}:
        return _("Enabled") if after["enabled"] else _("Disabled")
    if differing and differing <= {"presentation.section", "presentation.order", "position"}:
        return _("Moved")
    return _("Changed")


async def describe_entries(work: UnitOfWork, page: AuditPage) -> list[DayView]:
    """Return entries grouped by day, with the names of the portals they refer to."""
    views = await view_entries(work, page.entries, page.actors, page.microtenants)
    timed = zip((each.time for each in page.entries), views, strict=True)
    return [
        DayView(day, [each for _, each in of_day])
        for day, of_day in groupby(timed, key=lambda each: words.day_words(each[0], work.now))
    ]


async def view_entries(
    work: UnitOfWork,
    entries: Sequence[AuditEntry],
    actors: Mapping[int, str],
    microtenants: Mapping[int, str],
) -> list[EntryView]:
    """Return the views of entries, with the names of the portals they refer to.

    The scope's own microtenant is named if `microtenants` has it.
    """
    where = {
        each.microtenant_id: microtenants.get(each.microtenant_id, str(each.microtenant_id))
        for each in entries
        if each.microtenant_id != work.scope.microtenant_id or each.microtenant_id in microtenants
    }
    large = are_large(entries)
    mentioned = await run_on_thread(lambda: _mentioned_portals(entries), when=large)
    portals = {p.id: p.name for p in (await work.portals.find_all(mentioned)).values()}
    return await run_on_thread(
        lambda: [_view(each, actors, where, portals) for each in entries], when=large
    )


def actor_words(entry: AuditEntry, actors: Mapping[int, str]) -> str:
    """Return the name of an entry's author, or the id of one who no longer exists."""
    if entry.actor_id == OPERATOR_ID:
        return _("Operator")
    return actors.get(entry.actor_id, _("Unknown actor (%(actor_id)s)", actor_id=entry.actor_id))


def _mentioned_portals(entries: Iterable[AuditEntry]) -> set[int]:
    return {
        portal_id
        for entry in entries
        for side in (entry.before, entry.after)
        for portal_id in entry_values(side).get("portal_ids", ())
    }


def _view(
    entry: AuditEntry,
    actors: Mapping[int, str],
    microtenants: Mapping[int, str],
    portals: Mapping[int, str],
) -> EntryView:
    return EntryView(
        id=entry.id,
        iso=words.iso(entry.time),
        clock=words.clock(entry.time),
        actor=actor_words(entry, actors),
        verb=verb_of(entry),
        name=entry.object_name or str(entry.object_id),
        kind=KINDS[entry.object_type].one if entry.object_type in KINDS else entry.object_type,
        where=microtenants.get(entry.microtenant_id, ""),
        changes=differences(entry_values(entry.before), entry_values(entry.after), portals),
        transaction_id=entry.transaction_id,
        client_transaction_id=entry.client_transaction_id or "",
    )


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], portals: Mapping[int, str]
) -> list[Change]:
    """Return the fields that differ between two records, given as `record_values`."""
    return [
        Change(
            label=label,
            before=_words(name, before.get(name), portals),
            after=_words(name, after.get(name), portals),
        )
        for name, label in LABELS.items()
        if before.get(name) != after.get(name)
        and _words(name, before.get(name), portals) != _words(name, after.get(name), portals)
    ]


def record_values(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a record by name; nested fields have names like "page.title"."""
    values: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            values.update({f"{name}.{inner}": each for inner, each in value.items()})
        else:
            values[name] = value
    return values


def entry_values(text: str) -> dict[str, Any]:
    """Return the fields of one side of an entry by name; none for a side that does not exist."""
    return record_values(json.loads(text)) if text else {}


def _words(name: str, value: object, portals: Mapping[int, str]) -> str:
    if value is None or value == "" or value == []:
        return ""
    if name in ZERO_IS_NONE and not value:
        return ""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name == "role":
        return words.ROLES[Role(str(value))]
    if name.endswith(("_time", "_epoch_sec", "starts", "ends")):
        return words.iso(int(str(value)))
    if name.rpartition(".")[2] in PICTURES and str(value).startswith("data:"):
        return _("a picture (%(size)s kB)", size=len(str(value)) * 3 // 4096 + 1)
    if isinstance(value, Iterable) and not isinstance(value, str):
        return _list_words(name, list(value), portals)
    text = display_host(str(value)) if name in HOSTS else str(value)
    return text if len(text) <= LONG_VALUE else f"{text[:LONG_VALUE]}\N{HORIZONTAL ELLIPSIS}"


def _grant_words(grant: Mapping[str, Any]) -> str:
    place = grant.get("microtenant_id")
    return words.role_words(
        Role(grant["role"]), None if place is None else str(place or _("Default"))
    )


def _list_words(name: str, values: list[Any], portals: Mapping[int, str]) -> str:
    if name in {"portal_ids", "group_ids"}:
        return ", ".join(portals.get(each, str(each)) for each in values)
    if name == "grants":
        return joined(_grant_words(each) for each in values)
    if name in HOSTS:
        return ", ".join(display_host(str(each)) for each in values)
    return ", ".join(map(str, values))
