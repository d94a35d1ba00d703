"""Planting what a microtenant holds, through the use-cases, so that every rule of theirs holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msgspec import UNSET, UnsetType

from portico.domain.links.application_segments import ApplicationSpec
from portico.domain.links.links import BULK_LIMIT, LinkSpec
from portico.domain.links.presentation import LinkPresentation
from portico.domain.policies import AupSpec
from portico.domain.portals.certificates import CertificateSpec
from portico.domain.portals.pages import Audience, PortalPage
from portico.domain.portals.portals import UserPortalSpec
from portico.emulator.seeds.format import (
    CertificateEntry,
    Content,
    LinkEntry,
    PortalEntry,
    PortalPageEntry,
    as_named,
    given,
    listed,
)
from portico.emulator.seeds.references import Names, Place, number_of, unique_keys
from portico.services import policies
from portico.services.links import application_segments, links, sections
from portico.services.portals import certificates, portals
from portico.services.portals.certificate_blobs import read_blob
from portico.services.work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class ContentPlanter:
    """Plants the objects of one microtenant. `place` is that of its entry in the seed."""

    work: UnitOfWork
    place: Place
    content: Content
    groups: Names
    managed_suffix: str

    async def plant(self) -> None:
        """Create all objects in the order of the format. Raises SeedError."""
        named_certificates = await self._certificates()
        named_applications = await self._applications()
        named_portals = await self._portals(named_certificates)
        named_sections = await self._sections()
        await self._links(named_applications, named_portals, named_sections)
        unique_keys(self.place, "policies", listed(self.content.policies))
        for position, entry in enumerate(listed(self.content.policies)):
            place = self.place.at("policies", position)
            spec = AupSpec(
                name=given(entry.name, ""),
                description=given(entry.description, ""),
                enabled=given(entry.enabled, True),
                aup=given(entry.aup, ""),
                email=given(entry.email, ""),
                phone_num=given(entry.phone_num, ""),
            )
            with place.blame():
                await policies.create_aup(self.work, spec)

    async def _certificates(self) -> Names:
        names = Names("certificate")
        for position, entry in enumerate(listed(self.content.certificates)):
            place = self.place.at("certificates", position)
            spec = CertificateSpec(name=entry.name, description=given(entry.description, ""))
            with place.blame():
                issued = await read_blob(_pem(place, entry, self.work.now))
                created = await certificates.create_certificate(self.work, spec, issued)
            names.add(place, entry, created.name, created.id)
        return names

    async def _applications(self) -> Names:
        names = Names("application segment")
        for position, entry in enumerate(listed(self.content.application_segments)):
            place = self.place.at("applicationSegments", position)
            spec = ApplicationSpec(
                name=entry.name,
                description=given(entry.description, ""),
                enabled=given(entry.enabled, True),
                domain_names=tuple(entry.domain_names),
            )
            with place.blame():
                created = await application_segments.create_application(self.work, spec)
            names.add(place, entry, created.name, created.id)
        return names

    async def _portals(self, named_certificates: Names) -> Names:
        names = Names("portal")
        for position, entry in enumerate(listed(self.content.portals)):
            place = self.place.at("portals", position)
            spec = replace(
                _portal_spec(entry),
                certificate_id=_either(
                    place,
                    named_certificates,
                    "certificate",
                    entry.certificate,
                    entry.certificate_id,
                ),
            )
            with place.blame():
                created = await portals.create_portal(
                    self.work,
                    spec,
                    managed_suffix=self.managed_suffix,
                    page=_page(entry.portico),
                )
            names.add(place, entry, created.name, created.id)
        return names

    async def _sections(self) -> Names:
        names = Names("section")
        for position, entry in enumerate(map(as_named, listed(self.content.sections))):
            place = self.place.at("sections", position)
            with place.blame():
                created = await sections.create_section(self.work, entry.name)
            names.add(place, entry, created.name, created.id)
        return names

    async def _links(
        self, named_applications: Names, named_portals: Names, named_sections: Names
    ) -> None:
        names = Names("link")
        entries = listed(self.content.links)
        specs, presentations = [], []
        for position, entry in enumerate(entries):
            place = self.place.at("links", position)
            names.add(place, entry, entry.name)
            specs.append(
                replace(
                    _link_spec(entry),
                    application_id=_either(
                        place,
                        named_applications,
                        "applicationSegment",
                        entry.application_segment,
                        entry.application_id,
                    ),
                    portal_ids=named_portals.ids_of(place, "portals", listed(entry.portals)),
                )
            )
            presentations.append(self._presentation(entry, named_sections))
        for start in range(0, len(entries), BULK_LIMIT):
            bulk = slice(start, start + BULK_LIMIT)
            with self.place.at("links").blame(offset=start):
                await links.create_links(self.work, specs[bulk], presentations[bulk])

    def _presentation(self, entry: LinkEntry, named_sections: Names) -> LinkPresentation | None:
        shown = entry.portico
        if isinstance(shown, UnsetType):
            return None
        return LinkPresentation(
            section=named_sections.name_of(given(shown.section, "")),
            order=given(shown.order, 0),
            groups=tuple(map(self.groups.name_of, listed(shown.groups))),
            icon_is_dark=given(shown.icon_is_dark, None),
            keywords=tuple(listed(shown.keywords)),
            starts=given(shown.starts, 0),
            ends=given(shown.ends, 0),
        )


def _pem(place: Place, entry: CertificateEntry, now: int) -> str:
    """Return the text of a certificate, generated if the seed has none. Raises SeedError."""
    if not isinstance(entry.certificate, UnsetType):
        if entry.domains is not UNSET:
            raise place.at("domains").error(
                "It is for a generated certificate. Remove it, or remove certificate."
            )
        return entry.certificate
    # Imported when it is used: signing takes longer to load than to do.
    from portico.emulator.seeds.certificates import generate_certificate

    domains = list(listed(entry.domains)) or [entry.name]
    try:
        return generate_certificate(domains, now)
    except ValueError:
        raise place.at("domains").error(
            "Portico cannot generate a certificate for that. Use ASCII domain names of at most 64 "
            "characters, or give the certificate in PEM."
        ) from None


def _portal_spec(entry: PortalEntry) -> UserPortalSpec:
    return UserPortalSpec(
        name=entry.name,
        description=given(entry.description, ""),
        enabled=given(entry.enabled, True),
        managed_by_zs=given(entry.managed_by_zs, None),
        certificate_name=given(entry.certificate_name, ""),
        domain=given(entry.domain, ""),
        ext_domain=given(entry.ext_domain, ""),
        ext_label=given(entry.ext_label, ""),
        user_notification=given(entry.user_notification, ""),
        user_notification_enabled=given(entry.user_notification_enabled, False),
        image_data=given(entry.image_data, ""),
    )


def _page(entry: PortalPageEntry | UnsetType) -> PortalPage | None:
    if isinstance(entry, UnsetType):
        return None
    return PortalPage(
        slug=given(entry.slug, ""),
        audience=given(entry.audience, Audience.SIGNED_IN),
        title=given(entry.title, ""),
        accent=given(entry.accent, ""),
        favicon=given(entry.favicon, ""),
        accepts_requests=given(entry.accepts_requests, False),
        notice_starts=given(entry.notice_starts, 0),
        notice_ends=given(entry.notice_ends, 0),
    )


def _link_spec(entry: LinkEntry) -> LinkSpec:
    return LinkSpec(
        name=entry.name,
        description=given(entry.description, ""),
        enabled=given(entry.enabled, True),
        icon_text=given(entry.icon_text, ""),
        link=entry.link,
        link_path=given(entry.link_path, ""),
        protocol=given(entry.protocol, ""),
    )


def _either(
    place: Place,
    names: Names,
    field: str,
    reference: str | UnsetType,
    number: int | str | UnsetType,
) -> int | None:
    """Return the id of an object that a seed refers to by name or, from elsewhere, by its id."""
    if isinstance(reference, UnsetType):
        id_field = "applicationId" if field == "applicationSegment" else f"{field}Id"
        return None if isinstance(number, UnsetType) else number_of(place.at(id_field), number)
    if number is not UNSET:
        raise place.at(field).error("It is here by reference and by id. Remove one of them.")
    return names.id_of(place.at(field), reference)
