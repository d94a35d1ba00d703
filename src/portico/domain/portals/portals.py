"""User portals: what a client may write, and the domain that a managed portal is reached at."""

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
from portico.domain.search import Field, FieldKind, fields

KIND = "userPortal"
NOTIFICATION_LIMIT = 4_000
IMAGE_LIMIT_BYTES = 512 * 1024
_EXT_LABEL = re.compile(r"[a-z0-9-]{3,31}\Z")


@dataclass(frozen=True, kw_only=True)
class UserPortalSpec:
    """What a client may write on a user portal. `managed_by_zs` None means: not said."""

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
    """A stored user portal; its domains are the computed ones."""


PORTAL_FIELDS = fields(
    Field("id", FieldKind.NUMBER),
    Field("name", FieldKind.FOLDED),
    Field("description", FieldKind.FOLDED),
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
    Field("creationTime", FieldKind.NUMBER),
    Field("modifiedTime", FieldKind.NUMBER),
    Field("modifiedBy", FieldKind.NUMBER),
)


def check_portal(
    spec: UserPortalSpec, managed_suffix: str, *, stored_name: str = ""
) -> UserPortalSpec:
    """The spec as it will be stored, its domains computed. Raises InvalidField.

    docs/vendor-api.md, "User portals", has the fields and the computation. `managed_suffix` is the
    domain below which managed portals live, such as `p.zscalerportal.net`; `stored_name` the name
    that the portal has, if it is there, which passes whatever it holds.
    """
    check_text("description", spec.description, DESCRIPTION_LIMIT, multiline=True)
    check_text("userNotification", spec.user_notification, NOTIFICATION_LIMIT, multiline=True)
    check_text("certificateName", spec.certificate_name, NAME_LIMIT)
    check_opaque("imageData", spec.image_data, IMAGE_LIMIT_BYTES)
    if spec.ext_label and not _EXT_LABEL.match(spec.ext_label):
        raise InvalidField(
            "extLabel", "It is 3 to 31 characters: lower-case letters, digits and hyphens."
        )
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
    """Whether the portal's certificate is the vendor's: as said, else when it names no other."""
    if spec.managed_by_zs is None:
        return spec.certificate_id is None
    return spec.managed_by_zs


def _hyphenated(domain: str) -> str:
    return domain.rstrip(".").replace(".", "-")


def canonical_name(portal: UserPortal, managed_suffix: str) -> str:
    """The CNAME target for a portal on its own certificate and domain; empty for a managed one."""
    return "" if is_managed(portal) or not portal.domain else f"{portal.id}.{managed_suffix}"
