"""Stored portal users and the groups that administrators assigned them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any, ClassVar

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    String,
    and_,
    bindparam,
    cast,
    delete,
    func,
    not_,
    or_,
    select,
    update,
)

from portico.domain.people.groups import Group
from portico.domain.people.sessions import PortalSession
from portico.domain.people.users import PortalUser
from portico.domain.records import Page, fold, fold_ascii
from portico.domain.search import ListQuery, Operator
from portico.storage.engine.statements import Among, Row, cached, insert_into
from portico.storage.repositories import Repository, in_scope, listed_ids, plain_columns, restored
from portico.storage.schema.page_tables import portal_group
from portico.storage.schema.people_tables import portal_session, portal_user, portal_user_group
from portico.storage.text_matches import HasText

MEMBERS, OTHERS, VIA = "members", "others", "via"
"""Narrowings of a page: to those in a group, to those not assigned to it, and to a provider's."""

_SPELLINGS = ("claimed_typed", "claimed_lower", "claimed_upper")


class PortalUserRepository(Repository[PortalUser]):
    """The portal users of one tenant, whatever the microtenant of the scope."""

    CLAIMS_LIMIT: ClassVar = 5_000
    table: ClassVar = portal_user
    record: ClassVar = PortalUser
    vague: ClassVar = frozenset((OTHERS,))

    async def members(self, group: Group, query: ListQuery) -> Page[PortalUser]:
        """Return a page of the users who are assigned to a group or claim it at a provider.

        Claims count whatever the case, if the letters beyond ASCII are all small or all capital.
        """
        spellings = (group.name, group.name.lower(), group.name.upper())
        # A claim is an element of a stored JSON array.
        claimed = [fold_ascii(json.dumps(each, ensure_ascii=False)) for each in spellings]
        values = dict(zip(_SPELLINGS, claimed, strict=True))
        return await self._page(query, MEMBERS, member_group_id=group.id, **values)

    async def others(self, group_id: int, query: ListQuery) -> Page[PortalUser]:
        """Return a page of the users who are not assigned to a group."""
        return await self._page(query, OTHERS, member_group_id=group_id)

    async def via(self, provider_id: int, query: ListQuery) -> Page[PortalUser]:
        """Return a page of the users who sign in through a provider."""
        return await self._page(query, VIA, via_provider_id=provider_id)

    async def use_of_providers(self) -> dict[int, tuple[int, int]]:
        """Return the number of users of each provider, and the time of their last sign-in or 0."""
        rows = await self._rows(_use_of_providers())
        return {row.provider_id: (row.users, row.last_sign_in or 0) for row in rows}

    async def assign(self, changed: Sequence[PortalUser], group_id: int) -> None:
        """Assign users to a group, and store who changed them and when."""
        rows = [
            {"customer_id": self.scope.customer_id, "user_id": each.id, "group_id": group_id}
            for each in changed
        ]
        await self.connection.run(insert_into(portal_user_group), rows)
        await self._stamp(changed)

    async def unassign(self, changed: Sequence[PortalUser], group_id: int) -> None:
        """Take users out of a group, and store who changed them and when."""
        ids = [each.id for each in changed]
        await self._run(_unassign(), left_group_id=group_id, user_ids=ids)
        await self._stamp(changed)

    async def _stamp(self, changed: Sequence[PortalUser]) -> None:
        one = changed[0]
        await self._run(
            _stamp(),
            user_ids=[each.id for each in changed],
            modified_time=one.modified_time,
            modified_by=one.modified_by,
        )

    @classmethod
    def _narrowing(cls, narrowed: tuple[str, ...]) -> list[ColumnElement[bool]]:
        table, assigned = cls.table.c, portal_user_group
        if VIA in narrowed:
            return [table.provider_id == bindparam("via_provider_id")]
        members = select(assigned.c.user_id).where(
            in_scope(assigned), assigned.c.group_id == bindparam("member_group_id")
        )
        if MEMBERS in narrowed:
            claims = func.lower(table.claimed_groups)
            claiming = (HasText(claims, Operator.CONTAINS, each) for each in _SPELLINGS)
            return [or_(table.id.in_(members), *claiming)]
        return [table.id.not_in(members)] if OTHERS in narrowed else []

    async def find_by_name(self, name: str) -> PortalUser | None:
        """Return the user with that name, ignoring case, or None."""
        return await self._one(_by_name(type(self)), requested_name=fold(name.strip()))

    async def find_by_subject(self, provider_id: int, subject: str) -> PortalUser | None:
        """Return the user that has that subject at a provider, or None."""
        return await self._one(_by_subject(type(self)), provider_id=provider_id, subject=subject)

    async def find_by_session(self, digest: str) -> tuple[PortalSession, PortalUser] | None:
        """Return the session with that digest and its user, or None. Either may have ended."""
        rows = await self._rows(_by_session(type(self)), session_digest=digest)
        return (restored(PortalSession, rows[0]), self._record(rows[0])) if rows else None

    async def names(self, user_ids: Iterable[int]) -> dict[int, str]:
        """Return the names of users by id."""
        rows = await self._rows(_names(), requested=sorted(set(user_ids)))
        return {row.id: row.display_name or row.name for row in rows}

    async def insert(self, *records: PortalUser) -> None:
        """Store new users and their groups."""
        await super().insert(*records)
        await self._assign(*records)

    async def replace(self, record: PortalUser) -> bool:
        """Store all fields and the groups of a user. Return False if the user does not exist."""
        if not await super().replace(record):
            return False
        statement = delete(portal_user_group).where(
            in_scope(portal_user_group), portal_user_group.c.user_id == record.id
        )
        await self._run(statement)
        await self._assign(record)
        return True

    async def note_sign_in(self, user: PortalUser) -> None:
        """Store the time of a sign-in, and the provider's claims about the user."""
        statement = (
            update(portal_user)
            .where(in_scope(portal_user), portal_user.c.id == user.id)
            .values(
                last_sign_in=user.last_sign_in,
                claimed_groups=user.claimed_groups,
                display_name=user.display_name,
                display_name_folded=fold(user.display_name),
                email=user.email,
            )
        )
        await self._run(statement)

    async def existing_groups(self, group_ids: Iterable[int]) -> set[int]:
        """Return those of the group ids that exist in the tenant."""
        requested = sorted(set(group_ids))
        if not requested:
            return set()
        statement = select(portal_group.c.id).where(
            in_scope(portal_group), portal_group.c.id.in_(requested)
        )
        return {row.id for row in await self._rows(statement)}

    async def groups_by_name(self, names: Iterable[str]) -> set[int]:
        """Return the ids of the tenant's groups that have one of the names."""
        folded = sorted({fold(name) for name in names})
        if not folded:
            return set()
        statement = select(portal_group.c.id).where(
            in_scope(portal_group), portal_group.c.name_folded.in_(folded)
        )
        return {row.id for row in await self._rows(statement)}

    async def count_enabled(self) -> int:
        """Return the number of enabled users."""
        return int((await self._scan(_count_enabled()))[0].users)

    async def count_members(
        self, group_ids: Collection[int]
    ) -> tuple[int, dict[tuple[str, ...], int]]:
        """Return how many enabled users are assigned to one of the groups, and claims of others.

        The claims are tuples of names with the number of users who have them, at most
        `CLAIMS_LIMIT`.
        """
        given = {"group_ids": sorted(group_ids)}
        assigned = (await self._scan(_count_assigned(), **given))[0].users
        rows = await self._scan(_claims(), claims_limit=self.CLAIMS_LIMIT, **given)
        return int(assigned), {row.claimed_groups: int(row.users) for row in rows}

    async def _one(self, statement: Select[Any], **values: object) -> PortalUser | None:
        rows = await self._rows(statement, **values)
        return self._record(rows[0]) if rows else None

    async def _assign(self, *records: PortalUser) -> None:
        rows = [
            {"customer_id": self.scope.customer_id, "user_id": record.id, "group_id": group_id}
            for record in records
            for group_id in record.group_ids
        ]
        if rows:
            await self.connection.run(insert_into(portal_user_group), rows)

    @classmethod
    def _extended(cls, statement: Select[Any]) -> Select[Any]:
        group_ids = (
            select(func.aggregate_strings(cast(portal_user_group.c.group_id, String), ","))
            .where(in_scope(portal_user_group), portal_user_group.c.user_id == cls.table.c.id)
            .correlate(cls.table)
            .scalar_subquery()
        )
        return statement.add_columns(group_ids.label("group_ids"))

    def _record(self, row: Row) -> PortalUser:
        return restored(PortalUser, row, group_ids=listed_ids(row.group_ids))


@cached
def _use_of_providers() -> Select[Any]:
    user = portal_user.c
    last = func.max(user.last_sign_in).label("last_sign_in")
    return (
        select(user.provider_id, func.count().label("users"), last)
        .where(in_scope(portal_user), user.provider_id.is_not(None))
        .group_by(user.provider_id)
    )


@cached
def _unassign() -> Executable:
    assigned = portal_user_group
    return delete(assigned).where(
        in_scope(assigned),
        assigned.c.group_id == bindparam("left_group_id"),
        Among(assigned.c.user_id, "user_ids"),
    )


@cached
def _stamp() -> Executable:
    return update(portal_user).where(in_scope(portal_user), Among(portal_user.c.id, "user_ids"))


@cached
def _names() -> Select[Any]:
    user = portal_user
    named = select(user.c.id, user.c.name, user.c.display_name)
    return named.where(in_scope(user), Among(user.c.id, "requested"))


@cached
def _count_enabled() -> Select[Any]:
    user = portal_user
    return select(func.count().label("users")).where(in_scope(user), user.c.enabled)


@cached
def _count_assigned() -> Select[Any]:
    user = portal_user
    counted = select(func.count().label("users")).select_from(user)
    return counted.where(in_scope(user), user.c.enabled, _is_assigned())


@cached
def _claims() -> Select[Any]:
    user = portal_user
    counted = select(user.c.claimed_groups, func.count().label("users"))
    others = and_(in_scope(user), user.c.enabled, not_(_is_assigned()))
    return (
        counted.where(others, user.c.provider_id.is_not(None))
        .group_by(user.c.claimed_groups)
        .limit(bindparam("claims_limit"))
    )


def _is_assigned() -> ColumnElement[bool]:
    member = portal_user_group
    assigned = select(member.c.user_id).where(
        in_scope(member), Among(member.c.group_id, "group_ids")
    )
    return portal_user.c.id.in_(assigned)


@cached
def _by_name(users: type[PortalUserRepository]) -> Select[Any]:
    return _stored(users, portal_user.c.name_folded == bindparam("requested_name"))


@cached
def _by_subject(users: type[PortalUserRepository]) -> Select[Any]:
    return _stored(
        users,
        portal_user.c.provider_id == bindparam("provider_id"),
        portal_user.c.subject == bindparam("subject"),
    )


@cached
def _by_session(users: type[PortalUserRepository]) -> Select[Any]:
    session = portal_session
    chosen = _stored(users, session.c.user_id == portal_user.c.id)
    return chosen.add_columns(*(c for c in session.c if c.name != "customer_id")).where(
        in_scope(session), session.c.digest == bindparam("session_digest")
    )


def _stored(users: type[PortalUserRepository], *conditions: ColumnElement[bool]) -> Select[Any]:
    return users._extended(select(*plain_columns(portal_user))).where(
        in_scope(portal_user), *conditions
    )
