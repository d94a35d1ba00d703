"""Creation of many links in one request: docs/explanation/vendor-api.md, "Links"."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, cast

import msgspec
from msgspec import UNSET

from portico.domain.errors import InvalidField
from portico.domain.links.links import BULK_LIMIT, PORTALS_PER_LINK, LinkSpec
from portico.domain.links.presentation import LinkPresentation, PresentedLink
from portico.http.kit.answers import Answer
from portico.http.kit.api_call import Call
from portico.http.kit.operations import COMMON, IDEMPOTENCY_KEY, INCLUDE, operation
from portico.http.kit.wire import ReceivedId, Reference, WireStruct, received, received_ids
from portico.http.links.links import (
    TAG,
    LinkAnswer,
    LinkBody,
    PortalInLink,
    present_created,
    received_link,
)
from portico.http.links.presentation import (
    Presentations,
    received_presentation,
    stored_presentations,
)
from portico.services.links import links

BULK = [
    f"/{version}/admin/customers/{{customerId}}/userPortalLink/bulk" for version in ("v2", "v1")
]
PYTHON_SDK = "zscaler-sdk-python/"
"""How the User-Agent of the vendor's Python SDK starts, in both of its modes."""


class LinkBulkBody(WireStruct, frozen=True, kw_only=True):
    """Up to 500 links to create. Each goes on every portal of the outer list."""

    user_portal_links: Annotated[
        list[LinkBody] | None, received(minItems=1, maxItems=BULK_LIMIT)
    ] = None
    user_portals: list[Reference] | None = None
    microtenant_id: ReceivedId = None


BulkBody = LinkBulkBody | list[LinkBody]


class LinkBulkAnswer(WireStruct, frozen=True, kw_only=True):
    """The created links, in the order of the request."""

    user_portal_links: list[LinkAnswer]
    user_portals: list[PortalInLink]


def received_bulk(body: LinkBulkBody) -> list[LinkSpec]:
    """Return the links of a bulk, each on its own portals and on those of the outer list.

    Raises InvalidField that names the entry.
    """
    entries = body.user_portal_links or []
    links.check_bulk_size(len(entries))
    outer = tuple(received_ids("userPortals", body.user_portals))
    if len(outer) > PORTALS_PER_LINK:
        raise InvalidField("userPortals", f"It must have at most {PORTALS_PER_LINK} portals.")
    specs = []
    for position, entry in enumerate(entries):
        try:
            spec = received_link(entry)
        except InvalidField as error:
            raise error.within(f"{links.BULK_LIST}[{position}]") from None
        specs.append(replace(spec, portal_ids=spec.portal_ids + outer))
    return specs


def _received_many(
    body: BulkBody,
) -> tuple[LinkBulkBody, list[LinkSpec], list[LinkPresentation | None]]:
    """Return a bulk, its links and how each is shown. A bare list of links is a bulk too."""
    bulk = LinkBulkBody(user_portal_links=body) if isinstance(body, list) else body
    presentations = [received_presentation(each.portico) for each in bulk.user_portal_links or ()]
    return bulk, received_bulk(bulk), presentations


def present_bulk(
    created: list[PresentedLink], presentations: Presentations | None
) -> LinkBulkAnswer:
    """Return new links for the answer to a bulk. They have no stamps but the id."""
    portal_ids = sorted({portal_id for link in created for portal_id in link.portal_ids})
    return LinkBulkAnswer(
        user_portal_links=[
            msgspec.structs.replace(
                present_created(link, presentations),
                modified_time=UNSET,
                creation_time=UNSET,
                modified_by=UNSET,
            )
            for link in created
        ],
        user_portals=[PortalInLink(id=str(each)) for each in portal_ids],
    )


@operation(
    "POST",
    BULK,
    tag=TAG,
    summary="Adds 1 to 500 user portal links at once, all of them or none.",
    parameters=(*COMMON, INCLUDE, IDEMPOTENCY_KEY),
    body=BulkBody,
    required=("userPortalLinks",),
    answer=LinkBulkAnswer,
    status=201,
)
async def create_links(call: Call) -> Answer:
    """Create up to 500 links or none. A bare list of links is accepted too.

    The vendor's Python SDK gets the documented object in an array, unless the setting
    `sdk_bulk_array` is off.
    """
    bulk, specs, presentations = await call.receive_as(
        cast("type[BulkBody]", BulkBody), _received_many
    )
    async with call.write(bulk.microtenant_id) as work:

        async def create() -> LinkBulkAnswer:
            created = await links.create_links(work, specs, presentations)
            return present_bulk(created, stored_presentations(created, asked=call.wants_portico))

        return await call.created(work, create, in_array=_reads_array(call))


def _reads_array(call: Call) -> bool:
    """Return whether the caller can only read an array: docs/explanation/vendor-api.md, "Bulk"."""
    return call.api.sdk_bulk_array and call.request.headers.get("user-agent", "").startswith(
        PYTHON_SDK
    )


ROUTES = (create_links,)
