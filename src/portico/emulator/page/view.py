"""What the stand-in's page shows of one tenant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec import UNSET

from portico.emulator.faults.fault_set import RuleState
from portico.emulator.faults.limits import READS, SECONDS, WRITES
from portico.emulator.faults.profiles import PROFILES
from portico.emulator.journal.entries import Body, Entry, EntryFilter, Header
from portico.emulator.snapshots import Snapshot
from portico.emulator.stand_in import StandIn

NEWEST_REQUESTS = 100
BODY_CHARACTERS = 4_000
_TENANT_PATH = re.compile(r"\A(/zpa)?/mgmtconfig/v\d/admin/customers/\d+(?=/)")
DONE = {
    "reset": "Everything of this tenant is as it was at the start.",
    "reset-all": "Every tenant is as it was at the start.",
    "clock": "The clock shows the new time.",
    "faults": "The faults are in force from the next request on.",
    "limits": "The vendor's rate limits are switched.",
    "saved": "The snapshot is saved.",
    "restored": "The tenant is as it was when the snapshot was saved.",
    "deleted": "The snapshot is deleted.",
    "cleared": "The list of requests is empty.",
}
"""The messages that an address can ask for by name."""


@dataclass(frozen=True, kw_only=True)
class ClockView:
    """The tenant's time. `local` is in the form of an input of date and time."""

    words: str
    local: str
    frozen: bool
    offset: str


@dataclass(frozen=True, kw_only=True)
class FaultRow:
    """A rule in force. `for_all` is true of one that strikes every tenant."""

    id: str
    effect: str
    matches: str
    limits: str
    hits: int
    active: bool
    for_all: bool


@dataclass(frozen=True, kw_only=True)
class SnapshotRow:
    """A snapshot that the tenant can be restored from."""

    name: str
    saved: str
    for_all: bool


@dataclass(frozen=True, kw_only=True)
class Message:
    """A request or an answer in full: its headers, and the beginning of its body."""

    title: str
    headers: list[tuple[str, str]]
    body: str
    cut: bool


@dataclass(frozen=True, kw_only=True)
class RequestRow:
    """A request in the list.

    `short_path` leaves out what all paths of a tenant begin with. `tone` is "good", "bad", or ""
    for a refusal that is as it should be. `notes` say what is remarkable: a fault that struck, no
    such operation, or unread fields.
    """

    id: str
    time: str
    method: str
    path: str
    short_path: str
    status: str
    tone: str
    operation: str
    milliseconds: str
    notes: list[str]
    messages: list[Message]


@dataclass(frozen=True, kw_only=True)
class StandInView:
    """The whole page."""

    customer_id: str
    tenant: str
    clock: ClockView
    faults: list[FaultRow]
    profiles: list[str]
    limited: bool
    limit_words: str
    snapshots: list[SnapshotRow]
    requests: list[RequestRow]
    requests_in_all: int
    done: str
    problem: str


def show_stand_in(
    stand_in: StandIn, customer_id: int, tenant: str, *, done: str = "", problem: str = ""
) -> StandInView:
    """Return the page of a tenant. `done` names a message, and `problem` is a sentence."""
    customer = str(customer_id)
    entries = stand_in.journal.entries(EntryFilter(customer_id=customer))
    return StandInView(
        customer_id=customer,
        tenant=tenant,
        clock=_clock(stand_in, customer_id),
        faults=[_fault(each) for each in stand_in.faults.states() if _concerns(each, customer)],
        profiles=list(PROFILES),
        limited=stand_in.limits.apply_to(customer),
        limit_words=f"{READS} reads and {WRITES} writes in {SECONDS} seconds for each address",
        snapshots=[_snapshot(each) for each in stand_in.snapshots.list(customer_id)],
        requests=[_request(each) for each in reversed(entries[-NEWEST_REQUESTS:])],
        requests_in_all=len(entries),
        done=DONE.get(done, ""),
        problem=problem,
    )


def _clock(stand_in: StandIn, customer_id: int) -> ClockView:
    now = stand_in.clock.time_in(customer_id)
    moment = datetime.fromtimestamp(now, UTC)
    return ClockView(
        words=f"{moment:%a} {moment.day} {moment:%b %Y, %H:%M:%S} UTC",
        local=f"{moment:%Y-%m-%dT%H:%M:%S}",
        frozen=stand_in.clock.hand(customer_id).frozen_at is not None,
        offset=_offset_words(now - stand_in.clock.wall()),
    )


def _offset_words(seconds: float) -> str:
    if abs(seconds) < 1:
        return "the real time"
    whole = round(abs(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    words = " ".join(f"{value} {unit}" for value, unit in parts if value)
    return f"{words} {'ahead of' if seconds > 0 else 'behind'} the real time"


def _concerns(state: RuleState, customer_id: str) -> bool:
    return state.rule.customer_id in (None, customer_id)


def _fault(state: RuleState) -> FaultRow:
    rule = state.rule
    effect = rule.effect.replace("_", " ")
    if rule.status is not UNSET:
        effect = f"status {rule.status}"
    elif rule.latency:
        effect = f"{rule.latency:g} ms later"
    conditions = [rule.operation, rule.method, rule.path]
    conditions.append(f"client {rule.client_id}" if rule.client_id else None)
    bounds = [
        f"skips {rule.skip}" if rule.skip else "",
        f"at most {rule.times}" if rule.times is not None else "",
        f"{rule.probability:.0%}" if rule.probability < 1 else "",
        f"for {rule.ttl:g} s" if rule.ttl is not None else "",
    ]
    return FaultRow(
        id=rule.id,
        effect=effect,
        matches=" ".join(each for each in conditions if each) or "every request",
        limits=", ".join(each for each in bounds if each),
        hits=state.hits,
        active=state.active,
        for_all=rule.customer_id is None,
    )


def _snapshot(snapshot: Snapshot) -> SnapshotRow:
    moment = datetime.fromtimestamp(snapshot.time, UTC)
    return SnapshotRow(
        name=snapshot.name,
        saved=f"{moment.day} {moment:%b %H:%M:%S}",
        for_all=snapshot.customer_id is None,
    )


def _request(entry: Entry) -> RequestRow:
    query = f"?{entry.query}" if entry.query else ""
    return RequestRow(
        id=entry.id,
        time=f"{datetime.fromtimestamp(entry.time, UTC):%H:%M:%S}",
        method=entry.method,
        path=f"{entry.path}{query}",
        short_path=f"{_TENANT_PATH.sub('…', entry.path)}{query}",
        status="none" if entry.status is None else str(entry.status),
        tone=_tone(entry.status),
        operation=entry.operation or "",
        milliseconds=f"{entry.milliseconds:,.0f} ms",
        notes=list(_notes(entry)),
        messages=list(_messages(entry)),
    )


def _tone(status: int | None) -> str:
    if status is None or status >= 500 or status == 429:
        return "bad"
    return "good" if status < 400 else ""


def _notes(entry: Entry) -> Iterable[str]:
    if entry.fault is not None:
        yield f"Fault {entry.fault.rule}: {entry.fault.effect.replace('_', ' ')}"
    if entry.operation is None:
        yield "No such operation"
    if entry.unread_fields:
        yield f"Not read: {', '.join(entry.unread_fields)}"
    if entry.retry_after_seconds is not None:
        waited = entry.retried_seconds
        told = f"Told to wait {entry.retry_after_seconds:g} s"
        yield told if waited is None else f"{told}, tried again after {waited:g} s"


def _messages(entry: Entry) -> Iterable[Message]:
    yield _message("Request", entry.request.headers, entry.request.body)
    if entry.answer is not None:
        yield _message("Answer", entry.answer.headers, entry.answer.body)


def _message(title: str, headers: Iterable[Header], body: Body) -> Message:
    pairs = [(each.name, each.value) for each in headers]
    text = body.text[:BODY_CHARACTERS]
    return Message(
        title=title, headers=pairs, body=text, cut=body.cut or len(body.text) > len(text)
    )
