"""OpenID providers that sign people in. Only the operator makes them: a server asks only hosts
that its operator named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from portico.domain.characters import without_hidden
from portico.domain.errors import AccessDenied, InvalidField
from portico.domain.people.users import claimed_group_names
from portico.domain.records import NAME_LIMIT, check_new_name, check_text

KIND = "identityProvider"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, kw_only=True)
class IdentityProviderSpec:
    """What the operator says of a provider, without its client secret, which stays encrypted.

    The claim that `groups_claim` names may be a string or a list.
    """

    name: str
    issuer: str
    client_id: str
    groups_claim: str = "groups"
    for_console: bool = False
    for_portals: bool = True


@dataclass(frozen=True, kw_only=True)
class IdentityProvider(IdentityProviderSpec):
    """A stored provider of one tenant."""

    id: int
    customer_id: int
    enabled: bool = True
    creation_time: int = 0

    @property
    def signs_into_console(self) -> bool:
        """Whether administrators can sign in through it now."""
        return self.enabled and self.for_console

    def signs_into_portals_of(self, customer_id: int) -> bool:
        """Whether people can sign in through it now at the portals of a tenant."""
        return self.enabled and self.for_portals and self.customer_id == customer_id


@dataclass(frozen=True, kw_only=True)
class ProvenPerson:
    """Whom a provider vouches for. `email` is empty unless the provider verified it."""

    provider_id: int
    subject: str
    name: str = ""
    display_name: str = ""
    email: str = ""
    groups: tuple[str, ...] = ()


def proven_person(provider_id: int, subject: str, claims: Mapping[str, object]) -> ProvenPerson:
    """The person of an ID token that was verified. What cannot be stored is left out.

    `claims` has any of `name`, `username`, `email`, `email_verified`, `groups`.
    Raises AccessDenied for a subject that names nobody.
    """
    if not _text(subject) or subject != subject.strip():
        raise AccessDenied
    return ProvenPerson(
        provider_id=provider_id,
        subject=subject,
        name=_text(claims.get("username")),
        display_name=_text(claims.get("name")),
        email=_text(claims.get("email")) if claims.get("email_verified") is True else "",
        groups=claimed_group_names(claims.get("groups")),
    )


def _text(value: object) -> str:
    """A claim as a text that can be stored, without invisible characters, else nothing."""
    if not isinstance(value, str):
        return ""
    try:
        return check_text("claim", without_hidden(value).strip(), NAME_LIMIT)
    except InvalidField:
        return ""


def check_provider(spec: IdentityProviderSpec) -> IdentityProviderSpec:
    """The spec as it will be stored. Raises InvalidField."""
    check_text("clientId", spec.client_id, NAME_LIMIT)
    check_text("groupsClaim", spec.groups_claim, NAME_LIMIT)
    if not spec.client_id:
        raise InvalidField("clientId", "It is required and cannot be empty.")
    return replace(spec, name=check_new_name(spec.name), issuer=_check_issuer(spec.issuer))


def _check_issuer(issuer: str) -> str:
    """An issuer as it stands in ID tokens: https, or http on this machine. Raises InvalidField."""
    check_text("issuer", issuer, NAME_LIMIT)
    try:
        parts = urlsplit(issuer)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidField("issuer", "It is not a URL.") from None
    plain = parts.scheme == "http" and host in LOOPBACK
    if not host or not (parts.scheme == "https" or plain) or parts.query or parts.fragment:
        raise InvalidField("issuer", "It is an https URL without query, as in ID tokens.")
    if parts.username is not None:
        raise InvalidField("issuer", "It names no user.")
    return issuer
