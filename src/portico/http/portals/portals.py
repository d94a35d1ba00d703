"""The API of user portals: docs/explanation/vendor-api.md, "User portals"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import msgspec
from msgspec import UNSET, UnsetType

from portico.domain.links.hosts import HOST_LIMIT
from portico.domain.portals.portals import (
    IMAGE_LIMIT_BYTES,
    KIND,
    NOTIFICATION_LIMIT,
    PORTAL_FIELDS,
    UserPortal,
    UserPortalSpec,
    canonical_name,
)
from portico.domain.records import DESCRIPTION_LIMIT, NAME_LIMIT
from portico.http.kit.answers import Answer, answer_nothing
from portico.http.kit.api_call import Call
from portico.http.kit.operations import (
    INCLUDE,
    Resource,
)
from portico.http.kit.wire import (
    ListAnswer,
    MaybeDigits,
    MaybeText,
    ReceivedId,
    Stamps,
    WireStruct,
    digits,
    microtenant_digits,
    received,
    received_id,
    stamps,
    text,
    totals,
)
from portico.http.portals.pages import (
    PortalPortico,
    PortalPorticoBody,
    present_page,
    received_page,
)
from portico.services.portals import portals
from portico.services.portals.pages import present_portals
from portico.services.work import UnitOfWork

TAG = "User Portal Management"
PORTALS = "/v1/admin/customers/{customerId}/userPortal"


class UserPortalBody(WireStruct, frozen=True, kw_only=True):
    """A user portal in a request. PUT replaces all of it."""

    name: Annotated[
        str | None, received("Unique in its microtenant.", minLength=1, maxLength=NAME_LIMIT)
    ] = None
    description: Annotated[str | None, received(maxLength=DESCRIPTION_LIMIT)] = None
    enabled: Annotated[bool | None, received("Absent: false.")] = None
    managed_by_zs: Annotated[
        bool | None, received("Whether the domain is computed from extLabel and extDomain.")
    ] = None
    certificate_id: ReceivedId = None
    certificate_name: Annotated[str | None, received(maxLength=NAME_LIMIT)] = None
    domain: Annotated[str | None, received("A domain name.", maxLength=HOST_LIMIT)] = None
    ext_domain: Annotated[str | None, received("A domain name.", maxLength=HOST_LIMIT)] = None
    ext_domain_name: str | None = None
    ext_label: Annotated[str | None, received(pattern="^([a-z0-9-]{3,31})?$")] = None
    user_notification: Annotated[str | None, received(maxLength=NOTIFICATION_LIMIT)] = None
    user_notification_enabled: bool | None = None
    image_data: Annotated[str | None, received(maxLength=IMAGE_LIMIT_BYTES)] = None
    microtenant_id: ReceivedId = None
    portico: Annotated[PortalPorticoBody | None, received("The settings of its page.")] = None


class UserPortalAnswer(Stamps, frozen=True, kw_only=True):
    """A user portal in an answer."""

    name: str
    enabled: bool
    description: MaybeText = UNSET
    certificate_id: MaybeDigits = UNSET
    certificate_name: MaybeText = UNSET
    domain: MaybeText = UNSET
    ext_domain: MaybeText = UNSET
    ext_domain_name: MaybeText = UNSET
    ext_domain_translation: MaybeText = UNSET
    ext_label: MaybeText = UNSET
    getc_name: MaybeText = UNSET
    image_data: MaybeText = UNSET
    user_notification: MaybeText = UNSET
    user_notification_enabled: bool
    microtenant_id: MaybeDigits = UNSET
    microtenant_name: MaybeText = UNSET
    portico: PortalPortico | UnsetType = UNSET


class UserPortalList(ListAnswer[UserPortalAnswer], frozen=True, kw_only=True):
    """A page of user portals."""


def received_portal(body: UserPortalBody) -> UserPortalSpec:
    """Return the portal that a body describes. Raises InvalidField for ids that are no numbers."""
    return UserPortalSpec(
        name=body.name or "",
        description=body.description or "",
        enabled=bool(body.enabled),
        managed_by_zs=body.managed_by_zs,
        certificate_id=received_id("certificateId", body.certificate_id),
        certificate_name=body.certificate_name or "",
        domain=body.domain or "",
        ext_domain=body.ext_domain or "",
        ext_label=body.ext_label or "",
        user_notification=body.user_notification or "",
        user_notification_enabled=bool(body.user_notification_enabled),
        image_data=body.image_data or "",
    )


def present_read(portal: UserPortal, microtenant_name: str, suffix: str) -> UserPortalAnswer:
    """Return a user portal for the answer to a GET."""
    return UserPortalAnswer(
        **stamps(portal),
        name=portal.name,
        enabled=portal.enabled,
        description=text(portal.description),
        certificate_id=digits(portal.certificate_id),
        certificate_name=text(portal.certificate_name),
        domain=text(portal.domain),
        ext_domain=text(portal.ext_domain),
        ext_domain_name=text(portal.ext_domain_name),
        ext_domain_translation=text(portal.ext_domain_translation),
        ext_label=text(portal.ext_label),
        getc_name=text(canonical_name(portal, suffix)),
        image_data=text(portal.image_data),
        user_notification=text(portal.user_notification),
        user_notification_enabled=portal.user_notification_enabled,
        microtenant_id=microtenant_digits(portal),
        microtenant_name=microtenant_name,
        portico=present_page(portal),
    )


def present_created(portal: UserPortal, sent_domain_name: str, suffix: str) -> UserPortalAnswer:
    """Return a new user portal for the answer to a POST, with the client's own extDomainName."""
    return msgspec.structs.replace(
        present_read(portal, "", suffix),
        certificate_name=UNSET,
        ext_domain_name=text(sent_domain_name),
        getc_name=UNSET,
        microtenant_name=UNSET,
    )


async def read_portal(
    work: UnitOfWork, portal_id: int, suffix: str, *, portico: bool = False
) -> UserPortalAnswer:
    """Return what a GET of the portal answers now. Raises NotFound."""
    portal = await portals.get_portal(work, portal_id)
    if portico:
        (portal,) = await present_portals(work, [portal])
    return present_read(portal, work.microtenant_name, suffix)


async def _require_version(call: Call, work: UnitOfWork, portal_id: int) -> None:
    """Require the version of a portal with or without the member `portico`."""
    suffix = call.api.managed_suffix
    reads = [partial(read_portal, suffix=suffix, portico=each) for each in (False, True)]
    await call.require_version(work, KIND, work.portals, portal_id, *reads)


PORTAL = Resource(
    tag=TAG,
    path=PORTALS,
    id_description="The id of the user portal.",
    body=UserPortalBody,
    required=("name",),
    answer=UserPortalAnswer,
    list_answer=UserPortalList,
    extra=(INCLUDE,),
)


@PORTAL.gets_page("Gets all user portals of the tenant, a page at a time.")
async def list_portals(call: Call) -> Answer:
    """Return a page of the scope's user portals."""
    query = call.list_query(PORTAL_FIELDS)
    async with call.read() as work:
        page = await portals.list_portals(work, query)
        items: Sequence[UserPortal] = page.items
        if call.wants_portico:
            items = await present_portals(work, items)
    suffix = call.api.managed_suffix
    answers = [present_read(portal, work.microtenant_name, suffix) for portal in items]
    return await call.answer_read(work, UserPortalList(**totals(page.total, query), items=answers))


@PORTAL.gets("Gets a user portal by its id.")
async def get_portal(call: Call) -> Answer:
    """Return one user portal."""
    portal_id = call.path_id("id")
    async with call.read() as work:
        answer = await read_portal(
            work, portal_id, call.api.managed_suffix, portico=call.wants_portico
        )
    return await call.answer_read(work, answer)


@PORTAL.creates("Adds a user portal.")
async def create_portal(call: Call) -> Answer:
    """Create a user portal and compute its domains."""
    body = await call.receive(UserPortalBody)
    spec, page = received_portal(body), received_page(body.portico)
    suffix = call.api.managed_suffix
    async with call.write(body.microtenant_id) as work:

        async def create() -> UserPortalAnswer:
            portal = await portals.create_portal(work, spec, managed_suffix=suffix, page=page)
            answer = present_created(portal, body.ext_domain_name or "", suffix)
            if call.wants_portico or page is not None:
                return answer
            return msgspec.structs.replace(answer, portico=UNSET)

        return await call.created(work, create)


@PORTAL.replaces("Replaces a user portal.")
async def update_portal(call: Call) -> Answer:
    """Replace a user portal and compute its domains anew."""
    portal_id = call.path_id("id")
    body = await call.receive(UserPortalBody)
    spec, page = received_portal(body), received_page(body.portico)
    suffix = call.api.managed_suffix
    async with call.write(body.microtenant_id) as work:
        await _require_version(call, work, portal_id)
        await portals.update_portal(work, portal_id, spec, managed_suffix=suffix, page=page)
    return answer_nothing()


@PORTAL.deletes("Deletes a user portal that shows no link.")
async def delete_portal(call: Call) -> Answer:
    """Delete a user portal, unless links are assigned to it."""
    portal_id = call.path_id("id")
    async with call.write() as work:
        await _require_version(call, work, portal_id)
        await portals.delete_portal(work, portal_id)
    return answer_nothing()


ROUTES = (list_portals, get_portal, create_portal, update_portal, delete_portal)
