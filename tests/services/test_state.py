"""Any sequence of operations on links and portals keeps the invariants of a plain model.

Two microtenants of one tenant; every step is also compared with the audit trail and the revision.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

import portico.domain.links.links as link_rules
from portico.domain.audit import Action, AuditEntry
from portico.domain.errors import (
    InvalidField,
    LinkLimitExceeded,
    MissingValue,
    NameTaken,
    NotFound,
    PorticoError,
    StillReferenced,
    UnknownReference,
)
from portico.domain.links.links import Link, LinkSpec
from portico.domain.links.presentation import PLAIN, PresentedLink, present
from portico.domain.portals.pages import PresentedPortal
from portico.domain.portals.portals import UserPortal, UserPortalSpec
from portico.domain.search import ListQuery
from portico.services.links import links
from portico.services.portals import portals
from portico.services.work import UnitOfWork
from tests.services.model import (
    EVERYTHING,
    FOREIGN_PICK,
    GOOD_HOSTS,
    HOSTS,
    NAMES,
    PARTS,
    PICKS,
    QUERIES,
    ROOM,
    SEVERAL_PICKS,
    UNKNOWN_ID,
    Part,
    broken_name,
    expected_list,
    key_of,
)
from tests.services.world import SUFFIX, World
from tests.storage.store import Store

T = TypeVar("T")

UNARRANGED = json.loads(json.dumps(asdict(PLAIN)))


class Operations(RuleBasedStateMachine):
    """The operations, each with what the model says of it."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.world = World(store)
        east = self.world.microtenant("East")
        self.callers = {
            "Default": self.world.admin,
            "East": self.world.caller(microtenant_id=east.id),
        }
        self.microtenants = {"Default": 0, "East": east.id}
        self.parts = {"Default": Part(), "East": Part()}
        self.audited = [self._seen(entry) for entry in self.world.audit_trail()]
        self.revision = self.world.revision() or 0

    @initialize()
    def fill(self) -> None:
        """Something to change in both parts, or most sequences would find nothing there."""
        for part in self.parts:
            for name in ("Staff", "Guests"):
                self.create_portal(part, name, True)
            for position, name in enumerate(("Intranet", "Payslips", "Helpdesk")):
                self.create_link(part, name, "wiki.example.com", [position])

    @rule(part=PARTS, name=NAMES, enabled=st.booleans())
    def create_portal(self, part: str, name: str, enabled: bool) -> None:
        spec = UserPortalSpec(name=name, enabled=enabled, ext_label="abc", ext_domain="a.example")
        made = self._change(
            part,
            self._refusals_of_portal(part, spec, None),
            lambda work: portals.create_portal(work, spec, managed_suffix=SUFFIX),
        )
        if made is not None:
            expected = self._portal(part, spec, made.id, int(self.world.now))
            assert made == PresentedPortal(**vars(expected), page=made.page)
            self.parts[part].portals[made.id] = expected
            self._audit(part, Action.CREATE, "userPortal", None, expected)

    @rule(part=PARTS, pick=PICKS, name=NAMES)
    def update_portal(self, part: str, pick: int, name: str) -> None:
        portal_id = self._picked_portal(part, pick)
        before = self.parts[part].portals.get(portal_id)
        spec = UserPortalSpec(name=name, description="changed")
        refusals = self._refusals_of_portal(part, spec, portal_id)
        changed = self._change(
            part,
            {NotFound} if before is None else refusals,
            lambda work: _true(portals.update_portal(work, portal_id, spec, managed_suffix=SUFFIX)),
        )
        if changed and before is not None:
            after = self._portal(part, spec, portal_id, before.creation_time)
            self.parts[part].portals[portal_id] = after
            self._audit(part, Action.UPDATE, "userPortal", before, after)

    @rule(part=PARTS, pick=PICKS)
    def delete_portal(self, part: str, pick: int) -> None:
        portal_id = self._picked_portal(part, pick)
        before = self.parts[part].portals.get(portal_id)
        refusals: set[type[PorticoError]] = set()
        if before is None:
            refusals = {NotFound}
        elif self.parts[part].on_portal(portal_id):
            refusals = {StillReferenced}
        deleted = self._change(
            part, refusals, lambda work: _true(portals.delete_portal(work, portal_id))
        )
        if deleted and before is not None:
            del self.parts[part].portals[portal_id]
            self._audit(part, Action.DELETE, "userPortal", before, None)

    @rule(part=PARTS, name=NAMES, host=HOSTS, picks=SEVERAL_PICKS)
    def create_link(self, part: str, name: str, host: str, picks: list[int]) -> None:
        spec = LinkSpec(name=name, link=host, portal_ids=self._picked_portals(part, picks))
        made = self._change(
            part,
            self._refusals_of_links(part, [spec]),
            lambda work: links.create_link(work, spec),
        )
        if made is not None:
            self._created(part, spec, made)

    @rule(
        part=PARTS,
        entries=st.lists(st.tuples(NAMES, HOSTS, SEVERAL_PICKS), min_size=1, max_size=3),
    )
    def create_links(self, part: str, entries: list[tuple[str, str, list[int]]]) -> None:
        specs = [
            LinkSpec(name=name, link=host, portal_ids=self._picked_portals(part, picks))
            for name, host, picks in entries
        ]
        refusals = self._refusals_of_links(part, specs)
        made = self._change(part, refusals, lambda work: links.create_links(work, specs))
        for spec, link in zip(specs, made or [], strict=made is not None):
            self._created(part, spec, link)

    @rule(part=PARTS, pick=PICKS, name=NAMES, enabled=st.booleans(), picks=SEVERAL_PICKS)
    def update_link(self, part: str, pick: int, name: str, enabled: bool, picks: list[int]) -> None:
        self._replace(
            part,
            self._picked_link(part, pick),
            LinkSpec(
                name=name,
                link="mail.example.com",
                enabled=enabled,
                portal_ids=self._picked_portals(part, picks),
            ),
        )

    @rule(part=PARTS, pick=PICKS, picks=SEVERAL_PICKS)
    def assign_link(self, part: str, pick: int, picks: list[int]) -> None:
        link_id = self._picked_link(part, pick)
        link = self.parts[part].links.get(link_id)
        if link is not None:
            spec = LinkSpec(
                name=link.name,
                link=link.link,
                enabled=link.enabled,
                portal_ids=self._picked_portals(part, picks),
            )
            self._replace(part, link_id, spec)

    @rule(part=PARTS, pick=PICKS)
    def delete_link(self, part: str, pick: int) -> None:
        link_id = self._picked_link(part, pick)
        before = self.parts[part].links.get(link_id)
        deleted = self._change(
            part,
            {NotFound} if before is None else set(),
            lambda work: _true(links.delete_link(work, link_id)),
        )
        if deleted and before is not None:
            del self.parts[part].links[link_id]
            self._audit(part, Action.DELETE, "userPortalLink", before, None)

    @rule(part=PARTS, query=QUERIES)
    def list_links(self, part: str, query: ListQuery) -> None:
        found = self.callers[part].look(lambda work: links.list_links(work, query))

        self._compare(found, part, list(self.parts[part].links.values()), query)

    @rule(part=PARTS, pick=PICKS, query=QUERIES)
    def list_links_of_portal(self, part: str, pick: int, query: ListQuery) -> None:
        portal_id = self._picked_portal(part, pick)
        caller = self.callers[part]
        if portal_id not in self.parts[part].portals:
            with pytest.raises(NotFound):
                caller.look(lambda work: links.list_links_of_portal(work, portal_id, query))
            return

        found = caller.look(lambda work: links.list_links_of_portal(work, portal_id, query))
        self._compare(found, part, self.parts[part].on_portal(portal_id), query)

    @invariant()
    def lists_are_the_model_s(self) -> None:
        for name, part in self.parts.items():
            caller = self.callers[name]
            page = caller.look(lambda work: links.list_links(work, EVERYTHING))
            self._compare(page, name, list(part.links.values()), EVERYTHING)
            stored = caller.look(lambda work: portals.list_portals(work, EVERYTHING))
            assert {portal.id: portal for portal in stored.items} == part.portals
            assert stored.total == len(part.portals)

    @invariant()
    def names_are_unique_and_portals_have_room(self) -> None:
        for part in self.parts.values():
            assert all(len(part.on_portal(each)) <= ROOM for each in part.portals)
            for records in (part.links.values(), part.portals.values()):
                names = {key_of(record.name) for record in records}
                assert len(names) == len(records)

    @invariant()
    def every_acknowledged_change_is_audited_once(self) -> None:
        assert [self._seen(entry) for entry in self.world.audit_trail()] == self.audited
        assert self.world.revision() == self.revision

    def _change(
        self,
        part: str,
        refusals: set[type[PorticoError]],
        use_case: Callable[[UnitOfWork], Awaitable[T]],
    ) -> T | None:
        """The result of an operation, or None when it is refused as the model says."""
        self.world.now += 1
        refused: type[PorticoError] | None = None
        try:
            result = self.callers[part].change(use_case)
        except PorticoError as error:
            # An empty field is one kind of a wrong field.
            refused = InvalidField if isinstance(error, MissingValue) else type(error)
        assert refused in refusals or (refused is None and not refusals)
        if refused is not None:
            return None
        self.revision += 1
        return result

    def _created(self, part: str, spec: LinkSpec, made: PresentedLink) -> None:
        expected = self._link(part, spec, made.id, int(self.world.now))
        assert made == present(expected, PLAIN)
        self.parts[part].links[made.id] = expected
        self._audit(part, Action.CREATE, "userPortalLink", None, expected)

    def _replace(self, part: str, link_id: int, spec: LinkSpec) -> None:
        before = self.parts[part].links.get(link_id)
        changed = self._change(
            part,
            {NotFound} if before is None else self._refusals_of_links(part, [spec], before),
            lambda work: _true(links.update_link(work, link_id, spec)),
        )
        if changed and before is not None:
            after = self._link(part, spec, link_id, before.creation_time)
            self.parts[part].links[link_id] = after
            self._audit(part, Action.UPDATE, "userPortalLink", before, after)

    def _refusals_of_portal(
        self, part: str, spec: UserPortalSpec, holder: int | None
    ) -> set[type[PorticoError]]:
        others = [each for each in self.parts[part].portals.values() if each.id != holder]
        refusals: set[type[PorticoError]] = set()
        if broken_name(spec.name):
            refusals.add(InvalidField)
        if any(key_of(spec.name) == key_of(other.name) for other in others):
            refusals.add(NameTaken)
        return refusals

    def _refusals_of_links(
        self, part: str, specs: list[LinkSpec], before: Link | None = None
    ) -> set[type[PorticoError]]:
        own = self.parts[part]
        names = [link.name for link in own.links.values() if link != before]
        rows = {portal_id: len(own.on_portal(portal_id)) for portal_id in own.portals}
        refusals: set[type[PorticoError]] = set()
        for spec in specs:
            if broken_name(spec.name) or spec.link not in GOOD_HOSTS:
                refusals.add(InvalidField)
            if any(key_of(spec.name) == key_of(other) for other in names):
                refusals.add(NameTaken)
            names.append(spec.name)
            for portal_id in set(spec.portal_ids) - set(before.portal_ids if before else ()):
                rows[portal_id] = rows.get(portal_id, 0) + 1
                if portal_id not in own.portals:
                    refusals.add(UnknownReference)
                elif rows[portal_id] > ROOM:
                    refusals.add(LinkLimitExceeded)
        return refusals

    def _picked_portal(self, part: str, pick: int) -> int:
        return _picked({name: list(each.portals) for name, each in self.parts.items()}, part, pick)

    def _picked_link(self, part: str, pick: int) -> int:
        return _picked({name: list(each.links) for name, each in self.parts.items()}, part, pick)

    def _picked_portals(self, part: str, picks: list[int]) -> tuple[int, ...]:
        return tuple(self._picked_portal(part, pick) for pick in picks)

    def _stamps(self, part: str, record_id: int, creation_time: int) -> dict[str, Any]:
        caller = self.callers[part]
        return {
            "customer_id": caller.customer_id,
            "microtenant_id": self.microtenants[part],
            "id": record_id,
            "creation_time": creation_time,
            "modified_time": int(self.world.now),
            "modified_by": caller.claims.client_id,
        }

    def _link(self, part: str, spec: LinkSpec, link_id: int, creation_time: int) -> Link:
        stored = {
            **asdict(spec),
            "name": spec.name.strip(),
            "portal_ids": tuple(sorted(set(spec.portal_ids))),
        }
        return Link(**stored, **self._stamps(part, link_id, creation_time))

    def _portal(
        self, part: str, spec: UserPortalSpec, portal_id: int, creation_time: int
    ) -> UserPortal:
        stored = {**asdict(spec), "name": spec.name.strip()}
        if spec.ext_domain:
            stored["ext_domain_name"] = f"a-example.{SUFFIX}"
            stored["domain"] = f"abc-a-example.{SUFFIX}"
            stored["ext_domain_translation"] = "a.example"
        return UserPortal(**stored, **self._stamps(part, portal_id, creation_time))

    def _compare(
        self, found: links.LinkPage, part: str, among: list[Link], query: ListQuery
    ) -> None:
        expected = expected_list(among, query)
        shown = {portal_id for link in found.page.items for portal_id in link.portal_ids}

        assert found.page.total == len(expected)
        assert found.page.items == expected[query.offset : query.offset + query.page_size]
        assert shown <= set(found.portals)
        assert all(self.parts[part].portals[each] == found.portals[each] for each in found.portals)

    def _audit(
        self,
        part: str,
        action: Action,
        kind: str,
        before: Link | UserPortal | None,
        after: Link | UserPortal | None,
    ) -> None:
        subject = after or before
        assert subject is not None
        self.audited.append(
            {
                "customer_id": subject.customer_id,
                "microtenant_id": self.microtenants[part],
                "time": int(self.world.now),
                "actor_id": self.callers[part].claims.client_id,
                "action": action,
                "object_type": kind,
                "object_id": subject.id,
                "object_name": subject.name,
                "before": _plain(before),
                "after": _plain(after),
                "transaction_id": f"transaction at {self.world.now}",
                "client_transaction_id": None,
            }
        )

    def _seen(self, entry: AuditEntry) -> dict[str, object]:
        """An entry of the trail in the form of the expected ones."""
        seen = asdict(entry)
        del seen["id"]
        for side in ("before", "after"):
            seen[side] = json.loads(seen[side]) if seen[side] else None
            if seen[side] is not None:
                seen[side].pop("page", None)  # this model has no pages, and arranges no links
                assert seen[side].pop("presentation", UNARRANGED) == UNARRANGED
        return seen


def _picked(ids: dict[str, list[int]], part: str, pick: int) -> int:
    """Mostly an id of the part; else one of the other part, or one that does not exist."""
    own = ids[part]
    others = [each for name, some in ids.items() if name != part for each in some]
    if pick == FOREIGN_PICK:
        return others[0] if others else UNKNOWN_ID
    return own[pick % len(own)] if own else UNKNOWN_ID


def _plain(record: Link | UserPortal | None) -> object:
    return None if record is None else json.loads(json.dumps(asdict(record)))


async def _true(work: Awaitable[None]) -> bool:
    await work
    return True


def test_any_operations_keep_the_invariants(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_rules, "LINKS_PER_PORTAL", ROOM)

    class OnStore(Operations):
        def __init__(self) -> None:
            super().__init__(store)

    run_state_machine_as_test(
        OnStore,
        settings=settings(
            max_examples=20,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
