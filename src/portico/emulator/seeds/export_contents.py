"""Exporting what a microtenant holds, as the entries of a seed without their default values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType

from portico.domain.links.application_segments import Application
from portico.domain.links.presentation import PresentedLink
from portico.domain.policies import Aup
from portico.domain.portals.certificates import Certificate
from portico.domain.portals.pages import Audience, PresentedPortal
from portico.domain.portals.portals import is_managed
from portico.domain.records import Page
from portico.domain.search import ListQuery
from portico.emulator.seeds.format import (
    ApplicationSegmentEntry,
    CertificateEntry,
    LinkEntry,
    LinkPresentationEntry,
    PolicyEntry,
    PortalEntry,
    PortalPageEntry,
)
from portico.services.links.application_segments import list_applications
from portico.services.links.sections import list_sections
from portico.services.policies import list_aups
from portico.services.portals.certificates import list_certificates
from portico.services.portals.pages import present_portals
from portico.services.portals.portals import list_portals
from portico.services.work import UnitOfWork

T = TypeVar("T")
_PAGE = 500


def unless(value: T, default: T) -> T | UnsetType:
    """Return a value, or UNSET for the one that a seed has without the field."""
    return UNSET if value == default else value


async def every(page_of: Callable[[ListQuery], Awaitable[Page[T]]]) -> list[T]:
    """Return all items of a list in the order of their ids, which is that of a seed."""
    items: list[T] = []
    while True:
        query = ListQuery(sort_attribute="id", page=len(items) // _PAGE + 1, page_size=_PAGE)
        page = await page_of(query)
        items += page.items
        if len(items) >= page.total or not page.items:
            return items


async def export_content(work: UnitOfWork) -> dict[str, Any]:
    """Return the fields of `Content` for the scope of a unit of work, except its name."""
    certificates = await every(lambda query: list_certificates(work, query))
    applications = await every(lambda query: list_applications(work, query))
    portals = await present_portals(work, await every(lambda query: list_portals(work, query)))
    links = await every(work.presented_links.page)
    policies = await every(lambda query: list_aups(work, query))
    certificate_names = {each.id: each.name for each in certificates}
    application_names = {each.id: each.name for each in applications}
    portal_names = {each.id: each.name for each in portals}
    return {
        "certificates": unless([_certificate(each) for each in certificates], []),
        "application_segments": unless([_application(each) for each in applications], []),
        "portals": unless([_portal(each, certificate_names) for each in portals], []),
        "sections": unless([each.name for each in (await list_sections(work)).sections], []),
        "links": unless([_link(each, application_names, portal_names) for each in links], []),
        "policies": unless([_policy(each) for each in policies], []),
    }


def _certificate(found: Certificate) -> CertificateEntry:
    return CertificateEntry(
        name=found.name,
        description=unless(found.description, ""),
        certificate=found.certificate + found.cert_chain,
    )


def _application(found: Application) -> ApplicationSegmentEntry:
    return ApplicationSegmentEntry(
        name=found.name,
        description=unless(found.description, ""),
        enabled=unless(found.enabled, True),
        domain_names=list(found.domain_names),
    )


def _portal(found: PresentedPortal, certificates: Mapping[int, str]) -> PortalEntry:
    computed = is_managed(found) and found.ext_label and found.ext_domain
    certificate, certificate_id = _reference(found.certificate_id, certificates)
    return PortalEntry(
        name=found.name,
        description=unless(found.description, ""),
        enabled=unless(found.enabled, True),
        managed_by_zs=UNSET if found.managed_by_zs is None else found.managed_by_zs,
        certificate=certificate,
        certificate_id=certificate_id,
        certificate_name=unless(found.certificate_name, "") if certificate is UNSET else UNSET,
        domain=UNSET if computed else unless(found.domain, ""),
        ext_domain=unless(found.ext_domain, ""),
        ext_label=unless(found.ext_label, ""),
        user_notification=unless(found.user_notification, ""),
        user_notification_enabled=unless(found.user_notification_enabled, False),
        image_data=unless(found.image_data, ""),
        portico=PortalPageEntry(
            slug=unless(found.page.slug, ""),
            audience=unless(found.page.audience, Audience.SIGNED_IN),
            title=unless(found.page.title, ""),
            accent=unless(found.page.accent, ""),
            favicon=unless(found.page.favicon, ""),
            accepts_requests=unless(found.page.accepts_requests, False),
            notice_starts=unless(found.page.notice_starts, 0),
            notice_ends=unless(found.page.notice_ends, 0),
        ),
    )


def _link(
    found: PresentedLink, applications: Mapping[int, str], portals: Mapping[int, str]
) -> LinkEntry:
    application, application_id = _reference(found.application_id, applications)
    shown = LinkPresentationEntry(
        section=unless(found.presentation.section, ""),
        order=unless(found.presentation.order, 0),
        groups=unless(list(found.presentation.groups), []),
        icon_is_dark=UNSET
        if found.presentation.icon_is_dark is None
        else found.presentation.icon_is_dark,
        keywords=unless(list(found.presentation.keywords), []),
        starts=unless(found.presentation.starts, 0),
        ends=unless(found.presentation.ends, 0),
    )
    return LinkEntry(
        name=found.name,
        description=unless(found.description, ""),
        enabled=unless(found.enabled, True),
        link=found.link,
        link_path=unless(found.link_path, ""),
        protocol=unless(found.protocol, ""),
        icon_text=unless(found.icon_text, ""),
        application_segment=application,
        application_id=application_id,
        portals=unless([portals[each] for each in found.portal_ids], []),
        portico=unless(shown, LinkPresentationEntry()),
    )


def _policy(found: Aup) -> PolicyEntry:
    return PolicyEntry(
        name=unless(found.name, ""),
        description=unless(found.description, ""),
        enabled=unless(found.enabled, True),
        aup=unless(found.aup, ""),
        email=unless(found.email, ""),
        phone_num=unless(found.phone_num, ""),
    )


def _reference(
    number: int | None, names: Mapping[int, str]
) -> tuple[str | UnsetType, str | UnsetType]:
    """Return a reference by name, or the id of an object that is not in the microtenant."""
    if number is None:
        return UNSET, UNSET
    return (names[number], UNSET) if number in names else (UNSET, str(number))
