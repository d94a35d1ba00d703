"""The API of microtenants: docs/explanation/vendor-api.md, "Microtenants"."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, UnsetType

from portico.domain.errors import InvalidField, InvalidFilter
from portico.domain.records import DESCRIPTION_LIMIT, NAME_LIMIT
from portico.domain.search import AllOf, AnyOf, Condition, ListQuery, check_terms, compare
from portico.domain.tenancy.microtenants import (
    AUTH_DOMAIN_CRITERIA,
    KIND,
    MICROTENANT_FIELDS,
    Microtenant,
    MicrotenantSpec,
)
from portico.http.kit.answers import Answer, answer_nothing
from portico.http.kit.api_call import (
    DEFAULT_PAGE_SIZE,
    LARGEST_PAGE,
    LARGEST_PAGE_SIZE,
    SORT_ORDERS,
    Call,
)
from portico.http.kit.operations import (
    COMMON,
    IF_NONE_MATCH,
    Resource,
    operation,
)
from portico.http.kit.wire import (
    Digits,
    ListAnswer,
    MaybeDigits,
    MaybeText,
    WireStruct,
    received,
    stamps,
    text,
    totals,
)
from portico.services.tenancy import microtenants
from portico.services.work import UnitOfWork

TAG = "Microtenant Management"
MICROTENANTS = "/v1/admin/customers/{customerId}/microtenants"
SUMMARY = f"{MICROTENANTS}/summary"
SEARCH = f"{MICROTENANTS}/search"
PRECEDENCE = "scope_order"
OPERATOR = "OR"


class MicrotenantBody(WireStruct, frozen=True, kw_only=True):
    """A microtenant in a request. PUT replaces all of it."""

    name: Annotated[
        str | None, received("Unique in its tenant.", minLength=1, maxLength=NAME_LIMIT)
    ] = None
    description: Annotated[str | None, received(maxLength=DESCRIPTION_LIMIT)] = None
    enabled: Annotated[bool | None, received("Absent: false.")] = None
    criteria_attribute: Annotated[str | None, received(enum=["", AUTH_DOMAIN_CRITERIA, None])] = (
        None
    )
    criteria_attribute_values: list[str] | None = None
    privileged_approvals_enabled: bool | None = None


class MicrotenantAnswer(WireStruct, frozen=True, kw_only=True):
    """A microtenant in an answer. Default has no stamps."""

    id: Digits
    modified_time: MaybeDigits = UNSET
    creation_time: MaybeDigits = UNSET
    modified_by: MaybeDigits = UNSET
    name: str
    enabled: bool
    description: MaybeText = UNSET
    operator: str = OPERATOR
    criteria_attribute: MaybeText = UNSET
    criteria_attribute_values: tuple[str, ...] | UnsetType = UNSET
    privileged_approvals_enabled: bool
    scope_order: MaybeDigits = UNSET


class MicrotenantList(ListAnswer[MicrotenantAnswer], frozen=True, kw_only=True):
    """A page of microtenants."""


class MicrotenantSummary(WireStruct, frozen=True, kw_only=True):
    """The id, name and state of a microtenant."""

    id: Digits
    name: str
    enabled: bool


class Filter(WireStruct, frozen=True, kw_only=True):
    """One condition. The Go client sends `value`, and the vendor documents `values`."""

    filter_name: str
    operator: str | None = None
    value: str | None = None
    values: list[str] | None = None


class FilterGroup(WireStruct, frozen=True, kw_only=True):
    """Conditions of the Go client, combined by `operator`, which is AND by default."""

    filters: list[Filter] | None = None
    operator: str | None = None


class FilterGroups(WireStruct, frozen=True, kw_only=True):
    """The `filterBy` of the Go client: groups combined by `operator`, which is AND by default."""

    filter_groups: list[FilterGroup] | None = None
    operator: str | None = None


class PageBy(WireStruct, frozen=True, kw_only=True):
    """The page of a search."""

    page: int | str | None = None
    page_size: int | str | None = None


class SortBy(WireStruct, frozen=True, kw_only=True):
    """The order of a search."""

    sort_name: str | None = None
    sort_order: str | None = None


class SearchBody(WireStruct, frozen=True, kw_only=True):
    """A search, in the form of the documentation or of the Go client."""

    filter_by: FilterGroups | list[Filter] | None = None
    page_by: PageBy | None = None
    sort_by: SortBy | list[SortBy] | None = None


def received_microtenant(body: MicrotenantBody) -> MicrotenantSpec:
    """Return the microtenant that a body describes."""
    return MicrotenantSpec(
        name=body.name or "",
        description=body.description or "",
        enabled=bool(body.enabled),
        criteria_attribute=body.criteria_attribute or "",
        criteria_attribute_values=tuple(body.criteria_attribute_values or ()),
        privileged_approvals_enabled=bool(body.privileged_approvals_enabled),
    )


def received_search(body: SearchBody) -> ListQuery:
    """Return the list query that a search describes. Raises InvalidInput."""
    page = body.page_by or PageBy()
    sort = body.sort_by[0] if isinstance(body.sort_by, list) and body.sort_by else body.sort_by
    attribute, descending = PRECEDENCE, False
    if isinstance(sort, SortBy):
        attribute = _sort_attribute(sort.sort_name)
        order = (sort.sort_order or "ASC").upper()
        if order not in SORT_ORDERS:
            raise InvalidField("sortBy.sortOrder", f"It must be one of {', '.join(SORT_ORDERS)}.")
        descending = SORT_ORDERS[order]
    return ListQuery(
        condition=_condition(body.filter_by),
        sort_attribute=attribute,
        descending=descending,
        page=_bounded("pageBy.page", page.page, 1, LARGEST_PAGE),
        page_size=_bounded("pageBy.pageSize", page.page_size, DEFAULT_PAGE_SIZE, LARGEST_PAGE_SIZE),
    )


def _bounded(field: str, value: int | str | None, default: int, largest: int) -> int:
    if not value or value == "0":
        return default
    try:
        return max(1, min(int(value), largest))
    except ValueError:
        raise InvalidField(field, "It must be a whole number.") from None


def _sort_attribute(name: str | None) -> str:
    if not name:
        return PRECEDENCE
    if name not in MICROTENANT_FIELDS:
        raise InvalidField("sortBy.sortName", f"Microtenants have no field {name}.")
    return MICROTENANT_FIELDS[name].attribute


def _condition(filter_by: FilterGroups | list[Filter] | None) -> Condition | None:
    if filter_by is None:
        return None
    check_terms("filterBy", _size(filter_by))
    if isinstance(filter_by, list):
        return _combined([_comparison(each) for each in filter_by], "AND")
    groups = [
        _combined([_comparison(each) for each in group.filters or ()], group.operator)
        for group in filter_by.filter_groups or ()
    ]
    return _combined([group for group in groups if group is not None], filter_by.operator)


def _size(filter_by: FilterGroups | list[Filter]) -> int:
    """Return the number of conditions in a search. Each value of a filter counts."""
    if isinstance(filter_by, list):
        return sum(max(1, len(each.values or ())) for each in filter_by)
    return sum(max(1, _size(group.filters or [])) for group in filter_by.filter_groups or ())


def _comparison(filter_: Filter) -> Condition:
    name = filter_.filter_name
    field = MICROTENANT_FIELDS.get(name)
    if field is None:
        raise InvalidFilter(f"Invalid field:{name} in Filtering criteria.", name)
    operator = filter_.operator or "EQ"
    values = filter_.values or [filter_.value or ""]
    conditions = [compare(field, operator, value) for value in values]
    return conditions[0] if len(conditions) == 1 else AnyOf(tuple(conditions))


def _combined(conditions: list[Condition], operator: str | None) -> Condition | None:
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    parts = tuple(conditions)
    return AnyOf(parts) if (operator or "AND").upper() == "OR" else AllOf(parts)


def present(microtenant: Microtenant, *, created: bool = False) -> MicrotenantAnswer:
    """Return a microtenant for an answer. One that was just created has no scopeOrder."""
    return MicrotenantAnswer(
        **({"id": str(microtenant.id)} if microtenant.is_default else stamps(microtenant)),
        name=microtenant.name,
        enabled=microtenant.enabled,
        description=text(microtenant.description),
        criteria_attribute=text(microtenant.criteria_attribute),
        criteria_attribute_values=microtenant.criteria_attribute_values or UNSET,
        privileged_approvals_enabled=microtenant.privileged_approvals_enabled,
        scope_order=UNSET if created else str(microtenant.scope_order),
    )


async def read_microtenant(work: UnitOfWork, microtenant_id: int) -> MicrotenantAnswer:
    """Return what a GET of the microtenant answers now. Raises NotFound."""
    return present(await microtenants.get_microtenant(work, microtenant_id))


MICROTENANT = Resource(
    tag=TAG,
    path=MICROTENANTS,
    id_description="The id of the microtenant.",
    body=MicrotenantBody,
    required=("name",),
    answer=MicrotenantAnswer,
    list_answer=MicrotenantList,
)


@MICROTENANT.gets_page("Gets all microtenants by precedence, Default last, a page at a time.")
async def list_microtenants(call: Call) -> Answer:
    """Return a page of the tenant's microtenants, Default last."""
    query = call.list_query(MICROTENANT_FIELDS, sort_attribute=PRECEDENCE)
    async with call.read() as work:
        page = await microtenants.list_microtenants(work, query)
    items = [present(each) for each in page.items]
    return await call.answer_read(work, MicrotenantList(**totals(page.total, query), items=items))


@operation(
    "GET",
    SUMMARY,
    tag=TAG,
    summary="Gets the id, name and state of every microtenant.",
    parameters=(*COMMON, IF_NONE_MATCH),
    answer=list[MicrotenantSummary],
)
async def summarise_microtenants(call: Call) -> Answer:
    """Return id, name and state of every microtenant, as a bare array."""
    async with call.read() as work:
        every = await microtenants.summarise_microtenants(work)
    items = [
        MicrotenantSummary(id=str(each.id), name=each.name, enabled=each.enabled) for each in every
    ]
    return await call.answer_read(work, items)


@operation(
    "POST",
    SEARCH,
    tag=TAG,
    summary="Gets the microtenants that match the filters of the body.",
    parameters=COMMON,
    body=SearchBody,
    answer=MicrotenantList,
)
async def search_microtenants(call: Call) -> Answer:
    """Return the microtenants that match the filters of the documentation or of the Go client."""
    # Without a filter the vendor's Python client sends no body.
    query = await call.receive_as(SearchBody, received_search, absent=SearchBody())
    async with call.read() as work:
        page = await microtenants.list_microtenants(work, query)
    items = [present(each) for each in page.items]
    answer = MicrotenantList(**totals(page.total, query), items=items)
    return await call.answer(answer)


@MICROTENANT.gets("Gets a microtenant by its id.")
async def get_microtenant(call: Call) -> Answer:
    """Return one microtenant."""
    microtenant_id = call.path_id("id")
    async with call.read() as work:
        answer = await read_microtenant(work, microtenant_id)
    return await call.answer_read(work, answer)


@MICROTENANT.creates("Adds a microtenant.")
async def create_microtenant(call: Call) -> Answer:
    """Create a microtenant, before Default in order."""
    spec = received_microtenant(await call.receive(MicrotenantBody))
    async with call.write() as work:

        async def create() -> MicrotenantAnswer:
            return present(await microtenants.create_microtenant(work, spec), created=True)

        return await call.created(work, create)


@MICROTENANT.replaces("Replaces a microtenant.")
async def update_microtenant(call: Call) -> Answer:
    """Replace a microtenant."""
    microtenant_id = call.path_id("id")
    spec = received_microtenant(await call.receive(MicrotenantBody))
    async with call.write() as work:
        microtenants.require_manager(work)
        await call.require_version(work, KIND, work.microtenants, microtenant_id, read_microtenant)
        await microtenants.update_microtenant(work, microtenant_id, spec)
    return answer_nothing()


@MICROTENANT.deletes("Deletes a microtenant that owns nothing.")
async def delete_microtenant(call: Call) -> Answer:
    """Delete a microtenant that owns nothing."""
    microtenant_id = call.path_id("id")
    async with call.write() as work:
        microtenants.require_manager(work)
        await call.require_version(work, KIND, work.microtenants, microtenant_id, read_microtenant)
        await microtenants.delete_microtenant(work, microtenant_id)
    return answer_nothing()


ROUTES = (
    list_microtenants,
    summarise_microtenants,
    search_microtenants,
    get_microtenant,
    create_microtenant,
    update_microtenant,
    delete_microtenant,
)
