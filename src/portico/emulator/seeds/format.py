"""The format of a seed: one structure for each kind of object, with the vendor's field names.

A field that is left out keeps its present value when a file is applied to an existing object, and
has its default in a new one. An empty list means that there are no such objects.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from portico.domain.portals.pages import Audience
from portico.domain.tenancy.identity import Role

T = TypeVar("T")

Id = Annotated[int | str, Meta(description="A number from 1 to 2^63 - 1, best in quotes.")]

SECRETS = frozenset({"secret", "password"})
"""The fields whose values are secret."""


def _text(description: str) -> Any:  # noqa: ANN401  # a type for Annotated
    return Meta(description=description)


_START = "When it begins to be shown, in seconds since 1970."
_END = "When it is no longer shown, in seconds since 1970."
_KEY = _text("Names the object inside this file, for references and for later changes of its name.")


class Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """The base of all objects in a seed."""

    key: Annotated[str, _KEY] | UnsetType = UNSET


class Named(Entry, frozen=True, kw_only=True):
    """An object with a required name."""

    name: str


class CertificateEntry(Named, frozen=True, kw_only=True):
    """A certificate. Without `certificate`, Portico generates a self-signed one."""

    description: str | UnsetType = UNSET
    certificate: Annotated[str, _text("PEM text: the certificate, then its chain.")] | UnsetType = (
        UNSET
    )
    domains: (
        Annotated[list[str], _text("Domains of a generated certificate. Default: its name.")]
        | UnsetType
    ) = UNSET


class ApplicationSegmentEntry(Named, frozen=True, kw_only=True):
    """An application segment, which links can name."""

    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    domain_names: list[str]


class PortalPageEntry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """Portico's own fields of a user portal."""

    slug: Annotated[str, _text("The address below /p/.")] | UnsetType = UNSET
    audience: Audience | UnsetType = UNSET
    title: str | UnsetType = UNSET
    accent: Annotated[str, _text("A colour as #rrggbb.")] | UnsetType = UNSET
    favicon: Annotated[str, _text("A picture as a data URI.")] | UnsetType = UNSET
    accepts_requests: bool | UnsetType = UNSET
    notice_starts: Annotated[int, _text(_START)] | UnsetType = UNSET
    notice_ends: Annotated[int, _text(_END)] | UnsetType = UNSET


class PortalEntry(Named, frozen=True, kw_only=True):
    """A user portal."""

    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    managed_by_zs: bool | UnsetType | None = UNSET
    certificate: (
        Annotated[str, _text("Key or name of a certificate of the same microtenant.")] | UnsetType
    ) = UNSET
    certificate_id: (
        Annotated[int | str, _text("Id of a certificate that is not in this file.")] | UnsetType
    ) = UNSET
    certificate_name: (
        Annotated[str, _text("Name of a certificate that is not in this file.")] | UnsetType
    ) = UNSET
    domain: str | UnsetType = UNSET
    ext_domain: str | UnsetType = UNSET
    ext_label: str | UnsetType = UNSET
    user_notification: str | UnsetType = UNSET
    user_notification_enabled: bool | UnsetType = UNSET
    image_data: Annotated[str, _text("A picture as a data URI.")] | UnsetType = UNSET
    portico: PortalPageEntry | UnsetType = UNSET


class LinkPresentationEntry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """Portico's own fields of a link."""

    section: Annotated[str, _text("Key or name of a section.")] | UnsetType = UNSET
    order: Annotated[int, _text("Position in the section, from 1.")] | UnsetType = UNSET
    groups: (
        Annotated[list[str], _text("Keys or names of the groups that see the link.")] | UnsetType
    ) = UNSET
    icon_is_dark: bool | UnsetType | None = UNSET
    keywords: (
        Annotated[list[str], _text("Other words by which people find the link.")] | UnsetType
    ) = UNSET
    starts: Annotated[int, _text(_START)] | UnsetType = UNSET
    ends: Annotated[int, _text(_END)] | UnsetType = UNSET


class LinkEntry(Named, frozen=True, kw_only=True):
    """A user portal link."""

    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    link: Annotated[str, _text("The host, without a scheme.")]
    link_path: str | UnsetType = UNSET
    protocol: Annotated[str, _text("https:// or http://")] | UnsetType = UNSET
    icon_text: Annotated[str, _text("A picture as a data URI.")] | UnsetType = UNSET
    application_segment: (
        Annotated[str, _text("Key or name of an application segment of the same microtenant.")]
        | UnsetType
    ) = UNSET
    application_id: (
        Annotated[int | str, _text("Id of an application segment that is not in this file.")]
        | UnsetType
    ) = UNSET
    portals: (
        Annotated[list[str], _text("Keys or names of portals of the same microtenant.")] | UnsetType
    ) = UNSET
    portico: LinkPresentationEntry | UnsetType = UNSET


class PolicyEntry(Entry, frozen=True, kw_only=True):
    """An acceptable use policy."""

    name: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    aup: Annotated[str, _text("The text that people accept.")] | UnsetType = UNSET
    email: str | UnsetType = UNSET
    phone_num: str | UnsetType = UNSET


class Content(Named, frozen=True, kw_only=True):
    """What a microtenant holds. The objects of a tenant itself are in its Default microtenant."""

    certificates: list[CertificateEntry] | UnsetType = UNSET
    application_segments: list[ApplicationSegmentEntry] | UnsetType = UNSET
    portals: list[PortalEntry] | UnsetType = UNSET
    sections: (
        Annotated[list[str | Named], _text("Names of the sections, in the order of the portals.")]
        | UnsetType
    ) = UNSET
    links: list[LinkEntry] | UnsetType = UNSET
    policies: list[PolicyEntry] | UnsetType = UNSET


class MicrotenantEntry(Content, frozen=True, kw_only=True):
    """A microtenant with its objects."""

    description: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    privileged_approvals_enabled: bool | UnsetType = UNSET
    criteria_attribute: str | UnsetType = UNSET
    criteria_attribute_values: (
        Annotated[list[str], _text("Its authentication domains.")] | UnsetType
    ) = UNSET


class ClientEntry(Named, frozen=True, kw_only=True):
    """An API client. Without an id or a secret, Portico generates one."""

    id: Id | UnsetType = UNSET
    secret: Annotated[str, Meta(extra_json_schema={"writeOnly": True})] | UnsetType = UNSET
    public_key: (
        Annotated[str, _text("RSA key in PEM, for a client that signs in by assertion.")]
        | UnsetType
    ) = UNSET
    role: Role | UnsetType = UNSET
    microtenant: (
        Annotated[str, _text("Key or name of a microtenant. Default: the whole tenant.")]
        | UnsetType
    ) = UNSET


class GrantEntry(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"
):
    """A role of an administrator."""

    role: Role
    microtenant: (
        Annotated[str, _text("Key or name of a microtenant. Default: the whole tenant.")]
        | UnsetType
    ) = UNSET


class AdministratorEntry(Named, frozen=True, kw_only=True):
    """An administrator, who signs in to the console, with a role here or several grants.

    An administrator of an earlier tenant needs only a name and a role.
    """

    display_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    password: Annotated[str, Meta(extra_json_schema={"writeOnly": True})] | UnsetType = UNSET
    role: Annotated[Role, _text("The role in the whole tenant.")] | UnsetType = UNSET
    grants: list[GrantEntry] | UnsetType = UNSET


class UserEntry(Named, frozen=True, kw_only=True):
    """A portal user, who opens links."""

    display_name: str | UnsetType = UNSET
    email: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    password: Annotated[str, Meta(extra_json_schema={"writeOnly": True})] | UnsetType = UNSET
    groups: Annotated[list[str], _text("Keys or names of groups.")] | UnsetType = UNSET


class TenantEntry(Content, frozen=True, kw_only=True):
    """A tenant with its people, its microtenants, and the objects of its Default microtenant."""

    customer_id: Id | UnsetType = UNSET
    auth_domains: list[str] | UnsetType = UNSET
    allowed_domains: (
        Annotated[list[str], _text("Domains that its portals can use as their own.")] | UnsetType
    ) = UNSET
    clients: list[ClientEntry] | UnsetType = UNSET
    administrators: list[AdministratorEntry] | UnsetType = UNSET
    groups: list[str | Named] | UnsetType = UNSET
    users: list[UserEntry] | UnsetType = UNSET
    microtenants: list[MicrotenantEntry] | UnsetType = UNSET


class Seed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Tenants, with everything in them."""

    set: Annotated[str, Meta(description="The name of this file's objects.", min_length=1)]
    cloud_letter: (
        Annotated[
            str,
            Meta(
                description="The letter X of the domains X.zscalerportal.net that managed portals "
                "get. Default: p.",
                pattern="^[a-z]$",
            ),
        ]
        | UnsetType
    ) = UNSET
    tenants: list[TenantEntry]

    @property
    def portal_suffix(self) -> str | None:
        """The parent domain of managed portals, or None if the seed leaves it to the settings."""
        return None if self.cloud_letter is UNSET else f"{self.cloud_letter}.zscalerportal.net"


class Variable(str):
    """The name of an environment variable in the place of a text: `{env: NAME}` in a file."""

    __slots__ = ()


def given(value: T | UnsetType, default: T) -> T:
    """Return a value of a seed, or the default if it is left out."""
    return default if isinstance(value, UnsetType) else value


def listed(entries: Sequence[T] | UnsetType) -> Sequence[T]:
    """Return the entries of a list, or none if it is left out."""
    return () if isinstance(entries, UnsetType) else entries


def as_named(entry: str | Named) -> Named:
    """Return a section or group that a seed gives by its name alone, or by name and key."""
    return Named(name=entry) if isinstance(entry, str) else entry
