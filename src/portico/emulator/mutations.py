"""Changes links as another administrator, so that a test sees its client detect the drift."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from portico.domain.errors import InvalidField, NotFound, PorticoError
from portico.domain.links.links import LinkSpec
from portico.domain.links.presentation import PresentedLink
from portico.domain.people.administrators import AdministratorSpec, GrantSpec
from portico.domain.records import DEFAULT_MICROTENANT_ID
from portico.domain.tenancy.identity import Role
from portico.services.access import operator_writing
from portico.services.links.links import delete_link, update_link
from portico.services.people.administrators import add_grant, create_administrator
from portico.services.runtime import Runtime
from portico.services.work import UnitOfWork

SOMEBODY = "somebody.else"
"""The administrator who changes links if no other one is named."""


class MutationAction(StrEnum):
    """What the administrator does with the link."""

    UPDATE = "update"
    ENABLE = "enable"
    DISABLE = "disable"
    DELETE = "delete"


class NoSuchLink(PorticoError):
    """There is no link with the id or name."""

    code = "portico.link.unknown"


@dataclass(frozen=True, kw_only=True)
class Mutation:
    """A change of one link, named by its id or its name.

    `changes` has the new values of fields of LinkSpec. The administrator is created if there is
    none with the name.
    """

    link: str
    action: MutationAction
    changes: Mapping[str, object]
    microtenant_id: int = DEFAULT_MICROTENANT_ID
    administrator: str = SOMEBODY


@dataclass(frozen=True, kw_only=True)
class Mutated:
    """A link that was changed, as it was before, and the id of the administrator."""

    link: PresentedLink
    administrator_id: int


async def mutate_link(runtime: Runtime, customer_id: int, mutation: Mutation) -> Mutated:
    """Change, disable or delete a link in the name of another administrator of the tenant.

    Raises NoSuchLink, NotFound for an unknown microtenant, or InvalidInput.
    """
    _check(mutation)
    async with operator_writing(runtime, customer_id, mutation.microtenant_id) as operator:
        administrator_id = await _administrator(operator, mutation.administrator)
        work = replace(
            operator,
            principal=replace(operator.principal, actor_id=administrator_id),
            transaction_id=str(uuid.uuid4()),
        )
        link = await _find(work, mutation.link)
        await _apply(work, link, mutation)
    return Mutated(link=link, administrator_id=administrator_id)


def _check(mutation: Mutation) -> None:
    if mutation.action is MutationAction.UPDATE and not mutation.changes:
        raise InvalidField("set", "Name at least one field to change.")
    if mutation.action is not MutationAction.UPDATE and mutation.changes:
        raise InvalidField("set", f"It has no meaning for {mutation.action}. Leave it out.")


async def _administrator(work: UnitOfWork, name: str) -> int:
    """Return the id of the administrator, who can change the whole tenant from now on."""
    grant = GrantSpec(role=Role.ADMIN)
    found = await work.administrators.find_by_name(name)
    if found is None:
        spec = AdministratorSpec(name=name, display_name=name)
        return (await create_administrator(work, spec, [grant])).id
    grants = await work.administrators.grants([found.id])
    if not any(
        each.customer_id == work.tenant.id
        and each.role is Role.ADMIN
        and each.microtenant_id in (None, work.scope.microtenant_id)
        for each in grants
    ):
        await add_grant(work, found.id, grant)
    return found.id


async def _find(work: UnitOfWork, link: str) -> PresentedLink:
    ids = [int(link)] if link.isascii() and link.isdigit() and len(link) < 20 else []
    ids += (await work.presented_links.ids_by_name([link])).values()
    for link_id in ids:
        try:
            return await work.presented_links.get(link_id, lock=True)
        except NotFound:
            continue
    raise NoSuchLink(
        f"{work.tenant.name} has no link with the id or name {link} in the microtenant "
        f"{work.microtenant_name}.",
        link,
    )


async def _apply(work: UnitOfWork, link: PresentedLink, mutation: Mutation) -> None:
    if mutation.action is MutationAction.DELETE:
        await delete_link(work, link.id)
        return
    present = LinkSpec(**{name: getattr(link, name) for name in LinkSpec.__dataclass_fields__})
    if mutation.action is MutationAction.UPDATE:
        changed = replace(present, **mutation.changes)  # type: ignore[arg-type]  # checked by the caller
    else:
        changed = replace(present, enabled=mutation.action is MutationAction.ENABLE)
    await update_link(work, link.id, changed)
