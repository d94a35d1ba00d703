"""Stored acceptable use policies."""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import Select, bindparam, func, or_, select, true

from portico.domain.policies import BLANK_CHARACTERS, Aup
from portico.domain.records import DEFAULT_MICROTENANT_ID
from portico.storage.engine.statements import cached
from portico.storage.repositories import Repository, plain_columns
from portico.storage.schema.tables import user_portal_aup


class AupRepository(Repository[Aup]):
    """The acceptable use policies of one scope."""

    table: ClassVar = user_portal_aup
    record: ClassVar = Aup

    async def in_force(self) -> Aup | None:
        """Return the policy that visitors of the scope's portals must accept, or None.

        It is the most recently modified policy that is enabled and has a text. The microtenant's
        own policies come before those of Default.
        """
        rows = await self._rows(_in_force())
        return self._record(rows[0]) if rows else None


@cached
def _in_force() -> Select[Any]:
    policy = user_portal_aup
    is_default = policy.c.microtenant_id == DEFAULT_MICROTENANT_ID
    return (
        select(*plain_columns(policy))
        .where(policy.c.customer_id == bindparam("scope_customer_id"))
        .where(or_(policy.c.microtenant_id == bindparam("scope_microtenant_id"), is_default))
        .where(policy.c.enabled == true(), func.trim(policy.c.aup, BLANK_CHARACTERS) != "")
        .order_by(is_default, policy.c.modified_time.desc(), policy.c.id.desc())
        .limit(1)
    )
