"""The API of acceptable use policies."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET

from portico.domain.policies import AUP_FIELDS, AUP_LIMIT, KIND, Aup, AupSpec
from portico.domain.records import DESCRIPTION_LIMIT, NAME_LIMIT
from portico.http.kit.answers import Answer, answer_nothing
from portico.http.kit.api_call import Call
from portico.http.kit.operations import (
    CUSTOMER_ID,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    LIST_PARAMETERS,
    MICROTENANT_ID,
    operation,
    path_id,
)
from portico.http.kit.wire import (
    Digits,
    MaybeDigits,
    MaybeText,
    ReceivedId,
    Stamps,
    WireStruct,
    microtenant_digits,
    received,
    stamps,
    text,
    totals,
)
from portico.services import policies as aups
from portico.services.work import UnitOfWork

TAG = "User Portal AUP Management"
# The vendor writes only this path in lower case.
AUPS = "/v1/admin/customers/{customerId:str}/userportal/aup"
AUP = f"{AUPS}/{{id:str}}"
AUP_ID = path_id("id", "The id of the acceptable use policy.")
COMMON = (CUSTOMER_ID, MICROTENANT_ID)


class AupBody(WireStruct, frozen=True, kw_only=True):
    """A policy in a request. PUT replaces all of it."""

    name: Annotated[str | None, received(maxLength=NAME_LIMIT)] = None
    description: Annotated[str | None, received(maxLength=DESCRIPTION_LIMIT)] = None
    enabled: Annotated[bool | None, received("Absent: false.")] = None
    aup: Annotated[str | None, received("The text of the policy.", maxLength=AUP_LIMIT)] = None
    email: Annotated[str | None, received(maxLength=NAME_LIMIT)] = None
    phone_num: Annotated[str | None, received(maxLength=NAME_LIMIT)] = None
    microtenant_id: ReceivedId = None


class AupAnswer(Stamps, frozen=True, kw_only=True):
    """A policy in an answer."""

    name: MaybeText = UNSET
    enabled: bool
    description: MaybeText = UNSET
    aup: MaybeText = UNSET
    email: MaybeText = UNSET
    phone_num: MaybeText = UNSET
    microtenant_id: MaybeDigits = UNSET
    microtenant_name: MaybeText = UNSET


class AupList(WireStruct, frozen=True, kw_only=True):
    """A page of policies."""

    total_pages: Digits
    total_count: Digits
    items: list[AupAnswer] = msgspec.field(name="list")


def received_aup(body: AupBody) -> AupSpec:
    """Return the policy that a body describes."""
    return AupSpec(
        name=body.name or "",
        description=body.description or "",
        enabled=bool(body.enabled),
        aup=body.aup or "",
        email=body.email or "",
        phone_num=body.phone_num or "",
    )


def present(aup: Aup, microtenant_name: str) -> AupAnswer:
    """Return a policy for an answer. Without a microtenant name it was just created."""
    return AupAnswer(
        **stamps(aup),
        name=text(aup.name),
        enabled=aup.enabled,
        description=text(aup.description),
        aup=text(aup.aup),
        email=text(aup.email),
        phone_num=text(aup.phone_num),
        microtenant_id=microtenant_digits(aup),
        microtenant_name=text(microtenant_name),
    )


async def read_aup(work: UnitOfWork, aup_id: int) -> AupAnswer:
    """Return what a GET of the policy answers now. Raises NotFound."""
    return present(await aups.get_aup(work, aup_id), work.microtenant_name)


@operation(
    "GET",
    AUPS,
    tag=TAG,
    summary="Gets all acceptable use policies of the tenant, a page at a time.",
    parameters=(*COMMON, *LIST_PARAMETERS, IF_NONE_MATCH),
    answer=AupList,
)
async def list_aups(call: Call) -> Answer:
    """Return a page of the scope's acceptable use policies."""
    query = call.list_query(AUP_FIELDS)
    async with call.read() as work:
        page = await aups.list_aups(work, query)
    items = [present(aup, work.microtenant_name) for aup in page.items]
    return await call.answer_read(work, AupList(**totals(page.total, query), items=items))


@operation(
    "GET",
    AUP,
    tag=TAG,
    summary="Gets an acceptable use policy by its id.",
    parameters=(*COMMON, AUP_ID, IF_NONE_MATCH),
    answer=AupAnswer,
)
async def get_aup(call: Call) -> Answer:
    """Return one policy."""
    aup_id = call.path_id("id")
    async with call.read() as work:
        answer = await read_aup(work, aup_id)
    return await call.answer_read(work, answer)


@operation(
    "POST",
    AUPS,
    tag=TAG,
    summary="Adds an acceptable use policy.",
    parameters=(*COMMON, IDEMPOTENCY_KEY),
    body=AupBody,
    answer=AupAnswer,
    status=201,
)
async def create_aup(call: Call) -> Answer:
    """Create a policy."""
    body = await call.receive(AupBody)
    async with call.write(body.microtenant_id) as work:

        async def create() -> AupAnswer:
            return present(await aups.create_aup(work, received_aup(body)), "")

        return await call.created(work, create)


@operation(
    "PUT",
    AUP,
    tag=TAG,
    summary="Replaces an acceptable use policy.",
    parameters=(*COMMON, AUP_ID, IF_MATCH),
    body=AupBody,
    status=204,
)
async def update_aup(call: Call) -> Answer:
    """Replace a policy."""
    aup_id = call.path_id("id")
    body = await call.receive(AupBody)
    async with call.write(body.microtenant_id) as work:
        await call.require_version(work, KIND, work.aups, aup_id, lambda: read_aup(work, aup_id))
        await aups.update_aup(work, aup_id, received_aup(body))
    return answer_nothing()


@operation(
    "DELETE",
    AUP,
    tag=TAG,
    summary="Deletes an acceptable use policy.",
    parameters=(*COMMON, AUP_ID, IF_MATCH),
    status=204,
)
async def delete_aup(call: Call) -> Answer:
    """Delete a policy."""
    aup_id = call.path_id("id")
    async with call.write() as work:
        await call.require_version(work, KIND, work.aups, aup_id, lambda: read_aup(work, aup_id))
        await aups.delete_aup(work, aup_id)
    return answer_nothing()


ROUTES = (list_aups, get_aup, create_aup, update_aup, delete_aup)
