"""The API of acceptable use policies."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET

from portico.domain.policies import AUP_FIELDS, AUP_LIMIT, KIND, Aup, AupSpec
from portico.domain.records import DESCRIPTION_LIMIT, NAME_LIMIT
from portico.http.kit.answers import Answer, answer_nothing
from portico.http.kit.api_call import Call
from portico.http.kit.operations import Resource
from portico.http.kit.wire import (
    ListAnswer,
    MaybeDigits,
    MaybeText,
    ReceivedId,
    Stamps,
    WireStruct,
    microtenant_digits,
    received,
    record_of,
    stamps,
    text,
    totals,
)
from portico.services import policies as aups
from portico.services.work import UnitOfWork

TAG = "User Portal AUP Management"
# The vendor writes only this path in lower case.
AUPS = "/v1/admin/customers/{customerId}/userportal/aup"


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


class AupList(ListAnswer[AupAnswer], frozen=True, kw_only=True):
    """A page of policies."""


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


AUP = Resource(
    tag=TAG,
    path=AUPS,
    id_description="The id of the acceptable use policy.",
    body=AupBody,
    answer=AupAnswer,
    list_answer=AupList,
)


@AUP.gets_page("Gets all acceptable use policies of the tenant, a page at a time.")
async def list_aups(call: Call) -> Answer:
    """Return a page of the scope's acceptable use policies."""
    query = call.list_query(AUP_FIELDS)
    async with call.read() as work:
        page = await aups.list_aups(work, query)
    items = [present(aup, work.microtenant_name) for aup in page.items]
    return await call.answer_read(work, AupList(**totals(page.total, query), items=items))


@AUP.gets("Gets an acceptable use policy by its id.")
async def get_aup(call: Call) -> Answer:
    """Return one policy."""
    aup_id = call.path_id("id")
    async with call.read() as work:
        answer = await read_aup(work, aup_id)
    return await call.answer_read(work, answer)


@AUP.creates("Adds an acceptable use policy.")
async def create_aup(call: Call) -> Answer:
    """Create a policy."""
    body = await call.receive(AupBody)
    async with call.write(body.microtenant_id) as work:

        async def create() -> AupAnswer:
            return present(await aups.create_aup(work, record_of(AupSpec, body)), "")

        return await call.created(work, create)


@AUP.replaces("Replaces an acceptable use policy.")
async def update_aup(call: Call) -> Answer:
    """Replace a policy."""
    aup_id = call.path_id("id")
    body = await call.receive(AupBody)
    async with call.write(body.microtenant_id) as work:
        await call.require_version(work, KIND, work.aups, aup_id, read_aup)
        await aups.update_aup(work, aup_id, record_of(AupSpec, body))
    return answer_nothing()


@AUP.deletes("Deletes an acceptable use policy.")
async def delete_aup(call: Call) -> Answer:
    """Delete a policy."""
    aup_id = call.path_id("id")
    async with call.write() as work:
        await call.require_version(work, KIND, work.aups, aup_id, read_aup)
        await aups.delete_aup(work, aup_id)
    return answer_nothing()


ROUTES = (list_aups, get_aup, create_aup, update_aup, delete_aup)
