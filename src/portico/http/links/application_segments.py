"""The API of application segments, read-only: the operator's commands create and delete them."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from portico.domain.links.application_segments import APPLICATION_FIELDS, Application
from portico.http.kit.answers import Answer
from portico.http.kit.api_call import Call
from portico.http.kit.operations import Resource
from portico.http.kit.wire import (
    ListAnswer,
    MaybeDigits,
    MaybeText,
    Stamps,
    microtenant_digits,
    stamps,
    text,
    totals,
)
from portico.services.links import application_segments as applications

TAG = "Application Segment Management"
APPLICATIONS = "/v1/admin/customers/{customerId}/application"


class ApplicationAnswer(Stamps, frozen=True, kw_only=True):
    """An application segment in an answer.

    The members with fixed values are the vendor's defaults, which clients copy into their state.
    Portico carries no traffic, so they have no effect.
    """

    name: str
    enabled: bool
    description: MaybeText = UNSET
    domain_names: tuple[str, ...]
    passive_health_enabled: bool = True
    double_encrypt: bool = False
    config_space: str = "DEFAULT"
    bypass_type: str = "NEVER"
    health_check_type: str = "DEFAULT"
    icmp_access_type: str = "NONE"
    is_cname_enabled: bool = True
    ip_anchored: bool = False
    bypass_on_reauth: bool = False
    inspect_traffic_with_zia: bool = False
    health_reporting: str = "ON_ACCESS"
    use_in_dr_mode: bool = False
    tcp_keep_alive: str = "0"
    select_connector_close_to_app: bool = False
    match_style: str = "EXCLUSIVE"
    is_incomplete_dr_config: bool = msgspec.field(default=False, name="isIncompleteDRConfig")
    adp_enabled: bool = False
    auto_app_protect_enabled: bool = False
    api_protection_enabled: bool = False
    fqdn_dns_check: bool = False
    weighted_load_balancing: bool = False
    extranet_enabled: bool = False
    policy_style: str = "NONE"
    read_only: bool = False
    zscaler_managed: bool = False
    microtenant_id: MaybeDigits = UNSET
    microtenant_name: str


class ApplicationList(ListAnswer[ApplicationAnswer], frozen=True, kw_only=True):
    """A page of application segments."""


def present(application: Application, microtenant_name: str) -> ApplicationAnswer:
    """Return an application segment for an answer."""
    return ApplicationAnswer(
        **stamps(application),
        name=application.name,
        enabled=application.enabled,
        description=text(application.description),
        domain_names=application.domain_names,
        microtenant_id=microtenant_digits(application),
        microtenant_name=microtenant_name,
    )


APPLICATION = Resource(
    tag=TAG,
    path=APPLICATIONS,
    id_description="The id of the application segment.",
    answer=ApplicationAnswer,
    list_answer=ApplicationList,
)


@APPLICATION.gets_page("Gets all application segments of the tenant, a page at a time.")
async def list_applications(call: Call) -> Answer:
    """Return a page of the scope's application segments. Terraform finds a segment here by name."""
    query = call.list_query(APPLICATION_FIELDS)
    async with call.read() as work:
        page = await applications.list_applications(work, query)
    items = [present(each, work.microtenant_name) for each in page.items]
    return await call.answer_read(work, ApplicationList(**totals(page.total, query), items=items))


@APPLICATION.gets("Gets an application segment by its id.")
async def get_application(call: Call) -> Answer:
    """Return one application segment, as the `applicationId` of a link names it."""
    application_id = call.path_id("id")
    async with call.read() as work:
        application = await applications.get_application(work, application_id)
    return await call.answer_read(work, present(application, work.microtenant_name))


ROUTES = (list_applications, get_application)
