"""Views of audit entries: a verb, and the fields that differ, with labels and readable values."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import msgspec

from portico.domain.audit import Action, AuditEntry
from portico.domain.links.display_hosts import display_host
from portico.domain.tenancy.identity import Role
from portico.services.audit.log import PICTURES, AuditPage
from portico.services.threads import are_large, run_on_thread
from portico.services.work import UnitOfWork
from portico.web.console.frame import words

KINDS: Mapping[str, tuple[str, str]] = {
    "userPortalLink": ("link", "links"),
    "userPortal": ("portal", "portals"),
    "allowedDomain": ("domain", "domains"),
    "userPortalAup": ("policy", "policies"),
    "certificate": ("certificate", "certificates"),
    "application": ("application segment", "application segments"),
    "microtenant": ("microtenant", "microtenants"),
    "portalSection": ("section", "sections"),
    "portalGroup": ("group", "groups"),
    "apiClient": ("API client", "API clients"),
    "administrator": ("administrator", "administrators"),
    "portalUser": ("user", "users"),
    "identityProvider": ("identity provider", "identity providers"),
    "portalRequest": ("request", "requests"),
    "secondFactor": ("second factor", "second factors"),
    "recoveryCodes": ("recovery codes", "recovery codes"),
    "secondFactorRule": ("rule", "rules"),
    "auditEntries": ("part of the audit log", "parts of the audit log"),
}
LABELS: Mapping[str, str] = {
    "name": "Name",
    "description": "Description",
    "enabled": "Enabled",
    "icon_text": "Icon",
    "link": "Host",
    "link_path": "Path",
    "protocol": "Protocol",
    "application_id": "Application",
    "portal_ids": "Portals",
    "presentation.section": "Section",
    "presentation.order": "Position",
    "presentation.groups": "Groups",
    "presentation.keywords": "Keywords",
    "presentation.starts": "Shown from",
    "presentation.ends": "Shown until",
    "domain": "Domain",
    "ext_domain": "Managed below",
    "ext_label": "Label",
    "user_notification": "Notice",
    "user_notification_enabled": "Notice shown",
    "image_data": "Logo",
    "page.slug": "Short address",
    "page.audience": "Who may see it",
    "page.title": "Title",
    "page.accent": "Accent colour",
    "page.favicon": "Favicon",
    "page.accepts_requests": "Takes requests",
    "page.notice_starts": "Notice from",
    "page.notice_ends": "Notice until",
    "aup": "Text",
    "text_version": "Version",
    "email": "E-mail",
    "phone_num": "Phone",
    "criteria_attribute_values": "Sign-in domains",
    "position": "Position",
    "display_name": "Display name",
    "role": "Role",
    "microtenant_id": "Microtenant",
    "group_ids": "Groups",
    "grants": "Grants",
    "disabled_time": "Disabled",
    "password_link_end_time": "Password link ends",
    "revoked_time": "Revoked",
    "closed_time": "Closed",
    "certificate_name": "Certificate",
    "c_name": "Common name",
    "san": "Alternative names",
    "issued_to": "Issued to",
    "issued_by": "Issued by",
    "serial_no": "Serial number",
    "valid_from_in_epoch_sec": "Valid from",
    "valid_to_in_epoch_sec": "Valid to",
    "domain_names": "Domains",
    "method": "Method",
    "host": "Works at",
    "left": "Codes left",
    "renewed_time": "Renewed",
    "second_factor_required": "Required",
}
"""The fields that the audit log shows, in this order. Others are redundant or internal."""
HOSTS = frozenset(("link", "domain", "ext_domain", "criteria_attribute_values"))
"""The fields that contain host names."""
VERBS: Mapping[Action, str] = {
    Action.CREATE: "Added",
    Action.UPDATE: "Changed",
    Action.DELETE: "Deleted",
    Action.REVOKE: "Revoked",
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
        return "Enabled" if after["enabled"] else "Disabled"
    if differing and differing <= {"presentation.section", "presentation.order", "position"}:
        return "Moved"
    return "Changed"


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
    return actors.get(entry.actor_id, f"Unknown actor ({entry.actor_id})")


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
        kind=KINDS.get(entry.object_type, (entry.object_type, ""))[0],
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
        return "Yes" if value else "No"
    if name == "role":
        return words.ROLES[Role(str(value))]
    if name.endswith(("_time", "_epoch_sec", "starts", "ends")):
        return words.iso(int(str(value)))
    if name.rpartition(".")[2] in PICTURES and str(value).startswith("data:"):
        return f"a picture ({len(str(value)) * 3 // 4096 + 1} kB)"
    if isinstance(value, Iterable) and not isinstance(value, str):
        return _list_words(name, list(value), portals)
    text = display_host(str(value)) if name in HOSTS else str(value)
    return text if len(text) <= LONG_VALUE else f"{text[:LONG_VALUE]}\N{HORIZONTAL ELLIPSIS}"


def _grant_words(grant: Mapping[str, Any]) -> str:
    place = grant.get("microtenant_id")
    return words.role_words(Role(grant["role"]), None if place is None else str(place or "Default"))


def _list_words(name: str, values: list[Any], portals: Mapping[int, str]) -> str:
    if name in {"portal_ids", "group_ids"}:
        return ", ".join(portals.get(each, str(each)) for each in values)
    if name == "grants":
        return ", ".join(_grant_words(each) for each in values)
    if name in HOSTS:
        return ", ".join(display_host(str(each)) for each in values)
    return ", ".join(map(str, values))
