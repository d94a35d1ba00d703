"""OpenID providers through which people sign in.

Only the operator adds them, so the server connects only to hosts that the operator named.
"""

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
    """The fields of a provider that the operator sets, except its encrypted client secret.

    The claim that `groups_claim` names can be a string or a list.
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
        """Return whether administrators can sign in through it now."""
        return self.enabled and self.for_console

    def signs_into_portals_of(self, customer_id: int) -> bool:
        """Return whether people can sign in through it now at the portals of a tenant."""
        return self.enabled and self.for_portals and self.customer_id == customer_id


@dataclass(frozen=True, kw_only=True)
class ProvenPerson:
    """A person who signed in at a provider. `email` is empty unless the provider verified it."""

    provider_id: int
    subject: str
    name: str = ""
    display_name: str = ""
    email: str = ""
    groups: tuple[str, ...] = ()


def proven_person(provider_id: int, subject: str, claims: Mapping[str, object]) -> ProvenPerson:
    """Return the person of a verified ID token. Claims that cannot be stored are left out.

    `claims` can have `name`, `username`, `email`, `email_verified` and `groups`.
    Raises AccessDenied for an empty or malformed subject.
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
    """Return a claim without invisible characters, or "" if it cannot be stored."""
    if not isinstance(value, str):
        return ""
    try:
        return check_text("claim", without_hidden(value).strip(), NAME_LIMIT)
    except InvalidField:
        return ""


def check_provider(spec: IdentityProviderSpec) -> IdentityProviderSpec:
    """Return the spec as it will be stored. Raises InvalidField."""
    check_text("clientId", spec.client_id, NAME_LIMIT)
    check_text("groupsClaim", spec.groups_claim, NAME_LIMIT)
    if not spec.client_id:
        raise InvalidField("clientId", "It is required and cannot be empty.")
    return replace(spec, name=check_new_name(spec.name), issuer=_check_issuer(spec.issuer))


def _check_issuer(issuer: str) -> str:
    """Return the issuer unchanged: an https URL, or http on this machine. Raises InvalidField."""
    check_text("issuer", issuer, NAME_LIMIT)
    try:
        parts = urlsplit(issuer)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise InvalidField("issuer", "It must be a URL.") from None
    plain = parts.scheme == "http" and host in LOOPBACK
    if not host or not (parts.scheme == "https" or plain) or parts.query or parts.fragment:
        raise InvalidField("issuer", "It must be an https URL without a query, as in ID tokens.")
    if parts.username is not None:
        raise InvalidField("issuer", "It must not contain a user name.")
    return issuer
