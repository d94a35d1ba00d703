"""`POST /_portico/mutate`: a change of a link by somebody else."""

from __future__ import annotations

from msgspec import UNSET, UnsetType
from starlette.requests import Request

from portico.domain.errors import InvalidField
from portico.domain.records import DEFAULT_MICROTENANT_ID
from portico.emulator.control.operations import operation
from portico.emulator.control.wire import (
    Answer,
    Body,
    TenantQuery,
    parse_id,
    stand_in_of,
    tenant_of,
)
from portico.emulator.mutations import SOMEBODY, Mutation, MutationAction, mutate_link


class PortalReference(Body, kw_only=True):
    """A portal by its id."""

    id: str


class LinkChanges(Body, kw_only=True):
    """New values of a link's fields, by their names in the API. Absent fields stay."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    icon_text: str | UnsetType = UNSET
    link: str | UnsetType = UNSET
    link_path: str | UnsetType = UNSET
    protocol: str | UnsetType = UNSET
    application_id: str | UnsetType | None = UNSET
    user_portals: list[PortalReference] | UnsetType = UNSET


class MutationBody(Body, kw_only=True):
    """A change of one link. `link` is its id or its name, `set` the changes of `update`."""

    link: str
    action: MutationAction = MutationAction.UPDATE
    set: LinkChanges | UnsetType = UNSET
    microtenant_id: str | None = None
    administrator: str = SOMEBODY


class MutationAnswer(Answer, frozen=True, kw_only=True):
    """The link that was changed, and who did it."""

    customer_id: str
    link_id: str
    name: str
    action: MutationAction
    administrator_id: str
    administrator: str


@operation("POST", "/mutate", summary="Change a link as another administrator")
async def mutate(request: Request, query: TenantQuery, body: MutationBody) -> MutationAnswer:
    """Change, disable or delete a link, as somebody else would in the console."""
    tenant = await tenant_of(request, query.customer_id) or await _only_tenant(request)
    own = DEFAULT_MICROTENANT_ID
    if body.microtenant_id not in (None, "", "0"):
        own = parse_id("microtenantId", body.microtenant_id or "")
    mutation = Mutation(
        link=body.link,
        action=body.action,
        changes={} if body.set is UNSET else _changes(body.set),
        microtenant_id=own,
        administrator=body.administrator,
    )
    mutated = await mutate_link(stand_in_of(request).runtime, tenant, mutation)
    return MutationAnswer(
        customer_id=str(tenant),
        link_id=str(mutated.link.id),
        name=mutated.link.name,
        action=body.action,
        administrator_id=str(mutated.administrator_id),
        administrator=body.administrator,
    )


async def _only_tenant(request: Request) -> int:
    tenants = await stand_in_of(request).tenants()
    if len(tenants) != 1:
        raise InvalidField("customerId", f"There are {len(tenants)} tenants; name one of them.")
    return tenants[0].id


def _changes(given: LinkChanges) -> dict[str, object]:
    """Return the changes by the names of the fields of LinkSpec."""
    changes: dict[str, object] = {
        name: value
        for name in given.__struct_fields__
        if (value := getattr(given, name)) is not UNSET
    }
    if isinstance(given.application_id, str):
        changes["application_id"] = parse_id("applicationId", given.application_id)
    if given.user_portals is not UNSET:
        del changes["user_portals"]
        changes["portal_ids"] = tuple(
            parse_id("userPortals", each.id) for each in given.user_portals
        )
    return changes


ROUTES = (mutate,)
