"""The API of user portal links: docs/explanation/vendor-api.md, "Links"."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from portico.domain.links.hosts import HOST_LIMIT
from portico.domain.links.links import (
    ICON_LIMIT_BYTES,
    KIND,
    LINK_FIELDS,
    LINK_PATH_LIMIT,
    PROTOCOLS,
    Link,
    LinkSpec,
)
from portico.domain.links.presentation import LinkPresentation
from portico.domain.portals.portals import UserPortal
from portico.domain.records import DESCRIPTION_LIMIT, NAME_LIMIT
from portico.domain.search import ListQuery
from portico.http.kit.answers import Answer, answer_nothing
from portico.http.kit.api_call import Call
from portico.http.kit.operations import (
    COMMON,
    IF_NONE_MATCH,
    INCLUDE,
    LIST_PARAMETERS,
    Resource,
    operation,
    path_id,
)
from portico.http.kit.wire import (
    Digits,
    ListAnswer,
    MaybeDigits,
    MaybeText,
    ReceivedId,
    Reference,
    Stamps,
    WireStruct,
    digits,
    microtenant_digits,
    received,
    received_id,
    received_ids,
    stamps,
    text,
    totals,
)
from portico.http.links.presentation import (
    LinkPortico,
    LinkPorticoBody,
    Presentations,
    portico_fields,
    received_presentation,
    stored_presentations,
)
from portico.services.links import links
from portico.services.links.links import LinkPage
from portico.services.work import UnitOfWork

TAG = "User Portal Link Management"
LINKS = "/v1/admin/customers/{customerId}/userPortalLink"
LINKS_OF_PORTAL = f"{LINKS}/userPortal/{{portalId}}"


class LinkBody(WireStruct, frozen=True, kw_only=True):
    """A link in a request. PUT replaces all of it."""

    name: Annotated[
        str | None, received("Unique in its microtenant.", minLength=1, maxLength=NAME_LIMIT)
    ] = None
    description: Annotated[str | None, received(maxLength=DESCRIPTION_LIMIT)] = None
    enabled: Annotated[bool | None, received("Absent: false.")] = None
    icon_text: Annotated[
        str | None, received("An image as a data URI.", maxLength=ICON_LIMIT_BYTES)
    ] = None
    link: Annotated[
        str | None,
        received("A host, with an optional port.", minLength=1, maxLength=HOST_LIMIT),
    ] = None
    link_path: Annotated[
        str | None, received("An optional path.", pattern="^(/|$)", maxLength=LINK_PATH_LIMIT)
    ] = None
    protocol: Annotated[str | None, received("Default: https://.", enum=[*PROTOCOLS, None])] = None
    application_id: ReceivedId = None
    user_portals: Annotated[list[Reference] | None, received("The portals that show the link.")] = (
        None
    )
    user_portal_id: Annotated[ReceivedId, received("One portal in place of a list.")] = None
    microtenant_id: ReceivedId = None
    portico: Annotated[LinkPorticoBody | None, received("How it is shown on portals.")] = None


class PortalInLink(WireStruct, frozen=True, kw_only=True):
    """A portal in a link: the id alone in the answer to a POST, all members in that to a GET."""

    id: Digits
    modified_time: MaybeDigits = UNSET
    creation_time: MaybeDigits = UNSET
    modified_by: MaybeDigits = UNSET
    name: MaybeText = UNSET
    enabled: bool = True
    description: MaybeText = UNSET
    domain: MaybeText = UNSET
    ext_domain: MaybeText = UNSET
    ext_domain_name: MaybeText = UNSET
    ext_domain_translation: MaybeText = UNSET
    ext_label: MaybeText = UNSET
    user_notification: MaybeText = UNSET
    user_notification_enabled: bool | UnsetType = UNSET
    microtenant_name: MaybeText = UNSET


class LinkAnswer(Stamps, frozen=True, kw_only=True):
    """A link in an answer."""

    name: str
    enabled: bool
    description: MaybeText = UNSET
    icon_text: MaybeText = UNSET
    link: str
    link_path: MaybeText = UNSET
    protocol: MaybeText = UNSET
    application_id: MaybeDigits = UNSET
    user_portals: list[PortalInLink] | UnsetType = UNSET
    microtenant_id: MaybeDigits = UNSET
    microtenant_name: MaybeText = UNSET
    portico: LinkPortico | UnsetType = UNSET


class LinkList(ListAnswer[LinkAnswer], frozen=True, kw_only=True):
    """A page of links."""


def received_link(body: LinkBody) -> LinkSpec:
    """Return the link that a body describes. Raises InvalidField for ids that are no numbers."""
    portal_ids = received_ids("userPortals", body.user_portals)
    if not portal_ids:
        single = received_id("userPortalId", body.user_portal_id)
        portal_ids = [] if single is None else [single]
    return LinkSpec(
        name=body.name or "",
        description=body.description or "",
        enabled=bool(body.enabled),
        icon_text=body.icon_text or "",
        link=body.link or "",
        link_path=body.link_path or "",
        protocol=body.protocol or "",
        application_id=received_id("applicationId", body.application_id),
        portal_ids=tuple(portal_ids),
    )


def _received_one(body: LinkBody) -> tuple[LinkBody, LinkSpec, LinkPresentation | None]:
    """Return a body, the link that it describes, and how that is shown."""
    return body, received_link(body), received_presentation(body.portico)


def present_created(link: Link, presentations: Presentations | None) -> LinkAnswer:
    """Return a new link for the answer to a POST, with the ids of its portals."""
    return _present(link, [PortalInLink(id=str(each)) for each in link.portal_ids], presentations)


def present_created_on_one(link: Link, presentations: Presentations | None) -> LinkAnswer:
    """Return a link that was created with `userPortalId`. The answer has no portals."""
    return _present(link, [], presentations)


def present_read(
    page: LinkPage, microtenant_name: str, presentations: Presentations | None = None
) -> list[LinkAnswer]:
    """Return links for the answer to a GET, with their portals and the microtenant's name."""
    portals = {portal.id: _present_portal(portal) for portal in page.portals.values()}
    return [
        _present(link, _known(link, portals), presentations, microtenant_name=microtenant_name)
        for link in page.page.items
    ]


def present_on_portal(
    page: LinkPage, microtenant_name: str, presentations: Presentations | None = None
) -> list[LinkAnswer]:
    """Return the links of one portal. The microtenant's name is on the portals, not the links."""
    portals = {
        portal.id: msgspec.structs.replace(
            _present_portal(portal),
            ext_domain=text(portal.ext_domain),
            ext_domain_name=text(portal.ext_domain_name),
            microtenant_name=microtenant_name,
        )
        for portal in page.portals.values()
    }
    return [_present(link, _known(link, portals), presentations) for link in page.page.items]


def _present(
    link: Link,
    portals: list[PortalInLink],
    presentations: Presentations | None,
    *,
    microtenant_name: str = "",
) -> LinkAnswer:
    # Written out for speed, where others call `stamps` and `text`: a list has up to 500 links.
    return LinkAnswer(
        id=str(link.id),
        modified_time=str(link.modified_time),
        creation_time=str(link.creation_time),
        modified_by=str(link.modified_by),
        name=link.name,
        enabled=link.enabled,
        description=link.description or UNSET,
        icon_text=link.icon_text or UNSET,
        link=link.link,
        link_path=link.link_path or UNSET,
        protocol=link.protocol or UNSET,
        application_id=digits(link.application_id),
        user_portals=portals or UNSET,
        microtenant_id=microtenant_digits(link),
        microtenant_name=text(microtenant_name),
        portico=portico_fields(link, presentations),
    )


def _known(link: Link, portals: Mapping[int, PortalInLink]) -> list[PortalInLink]:
    """Return the portals of the link, without those deleted between two statements."""
    return [portals[portal_id] for portal_id in link.portal_ids if portal_id in portals]


def _present_portal(portal: UserPortal) -> PortalInLink:
    return PortalInLink(
        **stamps(portal),
        name=portal.name,
        enabled=portal.enabled,
        description=text(portal.description),
        domain=text(portal.domain),
        ext_domain_translation=text(portal.ext_domain_translation),
        ext_label=text(portal.ext_label),
        user_notification=text(portal.user_notification),
        user_notification_enabled=portal.user_notification_enabled,
    )


def present_list(items: list[LinkAnswer], total: int, query: ListQuery) -> LinkList:
    """Return the answer to a list request."""
    return LinkList(**totals(total, query), items=items)


async def read_link(work: UnitOfWork, link_id: int, *, portico: bool = False) -> LinkAnswer:
    """Return what a GET of the link answers now. Raises NotFound."""
    page = await links.get_link(work, link_id)
    presentations = await _presentations(work, page, asked=portico)
    return present_read(page, work.microtenant_name, presentations)[0]


async def _presentations(work: UnitOfWork, page: LinkPage, *, asked: bool) -> Presentations | None:
    return await work.presentation.of_links(link.id for link in page.page.items) if asked else None


async def _require_version(call: Call, work: UnitOfWork, link_id: int) -> None:
    """Require the version of a link with or without the member `portico`."""
    reads = [partial(read_link, portico=each) for each in (False, True)]
    await call.require_version(work, KIND, work.links, link_id, *reads)


LINK = Resource(
    tag=TAG,
    path=LINKS,
    id_description="The id of the user portal link.",
    body=LinkBody,
    required=("name", "link"),
    answer=LinkAnswer,
    list_answer=LinkList,
    extra=(INCLUDE,),
)


@LINK.gets_page("Gets all user portal links of the tenant, a page at a time.")
async def list_links(call: Call) -> Answer:
    """Return a page of the scope's links, each with its portals."""
    query = call.list_query(LINK_FIELDS)
    async with call.read() as work:
        page = await links.list_links(work, query)
        presentations = await _presentations(work, page, asked=call.wants_portico)
    items = present_read(page, work.microtenant_name, presentations)
    return await call.answer_read(work, present_list(items, page.page.total, query))


@operation(
    "GET",
    LINKS_OF_PORTAL,
    tag=TAG,
    summary="Gets the user portal links on a user portal, a page at a time.",
    parameters=(
        *COMMON,
        path_id("portalId", "The id of the user portal."),
        *LIST_PARAMETERS,
        INCLUDE,
        IF_NONE_MATCH,
    ),
    answer=LinkList,
)
async def list_links_of_portal(call: Call) -> Answer:
    """Return a page of the links on one portal."""
    portal_id = call.path_id("portalId")
    query = call.list_query(LINK_FIELDS)
    async with call.read() as work:
        page = await links.list_links_of_portal(work, portal_id, query)
        presentations = await _presentations(work, page, asked=call.wants_portico)
    items = present_on_portal(page, work.microtenant_name, presentations)
    return await call.answer_read(work, present_list(items, page.page.total, query))


@LINK.gets("Gets a user portal link by its id.")
async def get_link(call: Call) -> Answer:
    """Return one link with its portals."""
    link_id = call.path_id("id")
    async with call.read() as work:
        answer = await read_link(work, link_id, portico=call.wants_portico)
    return await call.answer_read(work, answer)


@LINK.creates("Adds a user portal link.")
async def create_link(call: Call) -> Answer:
    """Create a link. The answer has the ids of its portals."""
    body, spec, presentation = await call.receive_as(LinkBody, _received_one)
    present = present_created if body.user_portals else present_created_on_one
    async with call.write(body.microtenant_id) as work:

        async def create() -> LinkAnswer:
            link = await links.create_link(work, spec, presentation)
            return present(link, stored_presentations([link], asked=call.wants_portico))

        return await call.created(work, create)


@LINK.replaces("Replaces a user portal link.")
async def update_link(call: Call) -> Answer:
    """Replace a link. The id in the path wins over one in the body."""
    link_id = call.path_id("id")
    body, spec, presentation = await call.receive_as(LinkBody, _received_one)
    async with call.write(body.microtenant_id) as work:
        await _require_version(call, work, link_id)
        await links.update_link(work, link_id, spec, presentation)
    return answer_nothing()


@LINK.deletes("Deletes a user portal link.")
async def delete_link(call: Call) -> Answer:
    """Delete a link and its assignments."""
    link_id = call.path_id("id")
    async with call.write() as work:
        await _require_version(call, work, link_id)
        await links.delete_link(work, link_id)
    return answer_nothing()


ROUTES = (
    list_links,
    list_links_of_portal,
    get_link,
    create_link,
    update_link,
    delete_link,
)
