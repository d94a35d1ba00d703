"""User portals, and the computed domain of a managed portal."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from portico.domain.errors import InvalidField
from portico.domain.links.hosts import check_domain_name
from portico.domain.records import (
    DESCRIPTION_LIMIT,
    NAME_LIMIT,
    OwnedRecord,
    check_id,
    check_new_name,
    check_opaque,
    check_text,
)
from portico.domain.search import NAME_FIELDS, STAMP_FIELDS, Field, FieldKind, fields

KIND = "userPortal"
NOTIFICATION_LIMIT = 4_000
IMAGE_LIMIT_BYTES = 512 * 1024
_EXT_LABEL = re.compile(r"[a-z0-9-]{3,31}\Z")


@dataclass(frozen=True, kw_only=True)
class UserPortalSpec:
    """The fields of a user portal that a client can write. `managed_by_zs` None means absent."""

    name: str
    description: str = ""
    enabled: bool = False
    managed_by_zs: bool | None = None
    certificate_id: int | None = None
    certificate_name: str = ""
    domain: str = ""
    ext_domain: str = ""
    ext_domain_name: str = ""
    ext_domain_translation: str = ""
    ext_label: str = ""
    user_notification: str = ""
    user_notification_enabled: bool = False
    image_data: str = ""


@dataclass(frozen=True, kw_only=True)
class UserPortal(UserPortalSpec, OwnedRecord):
    """A stored user portal, with computed domains."""


PORTAL_FIELDS = fields(
    *NAME_FIELDS,
    Field("enabled", FieldKind.FLAG),
    Field("certificateId", FieldKind.NUMBER),
    Field("certificateName", FieldKind.ASCII),
    Field("domain", FieldKind.ASCII),
    Field("extDomain", FieldKind.ASCII),
    Field("extDomainName", FieldKind.ASCII),
    Field("extDomainTranslation", FieldKind.ASCII),
    Field("extLabel", FieldKind.ASCII),
    Field("userNotification", FieldKind.ASCII),
    Field("userNotificationEnabled", FieldKind.FLAG),
    *STAMP_FIELDS,
)


def check_portal(
    spec: UserPortalSpec, managed_suffix: str, *, stored_name: str = ""
) -> UserPortalSpec:
    """Return the spec as it will be stored, with computed domains. Raises InvalidField.

    docs/explanation/vendor-api.md, "User portals", describes the fields. `managed_suffix` is
    the parent domain of managed portals, such as `p.zscalerportal.net`. `stored_name` is the
    current name of a stored portal. It is accepted with any characters.
    """
    check_text("description", spec.description, DESCRIPTION_LIMIT, multiline=True)
    check_text("userNotification", spec.user_notification, NOTIFICATION_LIMIT, multiline=True)
    check_text("certificateName", spec.certificate_name, NAME_LIMIT)
    check_opaque("imageData", spec.image_data, IMAGE_LIMIT_BYTES)
    if spec.ext_label and not _EXT_LABEL.match(spec.ext_label):
        raise InvalidField("extLabel", "It must be 3 to 31 lower-case letters, digits and hyphens.")
    if spec.ext_domain:
        check_domain_name("extDomain", spec.ext_domain)
    if spec.domain:
        check_domain_name("domain", spec.domain)
    if spec.certificate_id is not None:
        check_id("certificateId", spec.certificate_id)
    if spec.managed_by_zs is False and spec.certificate_id is None:
        raise InvalidField("certificateId", "It is required when managedByZs is false.")
    return _with_domains(
        replace(spec, name=check_new_name(spec.name, stored=stored_name)), managed_suffix
    )


def _with_domains(spec: UserPortalSpec, managed_suffix: str) -> UserPortalSpec:
    suffix_name = f"{_hyphenated(spec.ext_domain)}.{managed_suffix}" if spec.ext_domain else ""
    computed = replace(spec, ext_domain_name=suffix_name, ext_domain_translation=spec.ext_domain)
    if not is_managed(spec):
        return computed
    domain = spec.domain
    if spec.ext_label and spec.ext_domain:
        domain = f"{spec.ext_label}-{suffix_name}"
        check_domain_name("extLabel", domain)
    return replace(computed, domain=domain, certificate_id=None, certificate_name="")


def is_managed(spec: UserPortalSpec) -> bool:
    """Return whether the portal is managed: by default, if it names no certificate."""
    if spec.managed_by_zs is None:
        return spec.certificate_id is None
    return spec.managed_by_zs


def _hyphenated(domain: str) -> str:
    return domain.rstrip(".").replace(".", "-")


def canonical_name(portal: UserPortal, managed_suffix: str) -> str:
    """Return the CNAME target of a portal with its own certificate and domain, or ""."""
    return "" if is_managed(portal) or not portal.domain else f"{portal.id}.{managed_suffix}"
