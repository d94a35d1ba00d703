"""Administrators, who sign in to the console, and their roles in tenants and microtenants."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from portico.domain.characters import check_visible
from portico.domain.errors import InvalidField
from portico.domain.records import NAME_LIMIT, check_new_name, check_text
from portico.domain.tenancy.identity import Role

KIND = "administrator"


@dataclass(frozen=True, kw_only=True)
class AdministratorSpec:
    """The editable fields of an administrator. The name is unique in the installation."""

    name: str
    display_name: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class Administrator(AdministratorSpec):
    """A stored administrator. Without a password hash, sign-in requires a provider."""

    id: int
    password_hash: str = field(default="", repr=False)
    disabled_time: int | None = None
    provider_id: int | None = None
    subject: str = ""
    creation_time: int = 0
    last_sign_in: int | None = None


@dataclass(frozen=True, kw_only=True)
class GrantSpec:
    """A role in a whole tenant (no microtenant) or in one microtenant of it."""

    role: Role
    microtenant_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class Grant(GrantSpec):
    """A stored grant."""

    id: int
    administrator_id: int
    customer_id: int


def check_administrator(
    spec: AdministratorSpec, stored: AdministratorSpec | None = None
) -> AdministratorSpec:
    """Return the spec as it will be stored. Raises InvalidField.

    Names of the `stored` administrator are accepted with any characters.
    """
    current = stored or AdministratorSpec(name="")
    display_name = check_text("displayName", spec.display_name.strip(), NAME_LIMIT)
    check_visible("displayName", display_name, stored=current.display_name)
    return replace(
        spec,
        name=check_new_name(spec.name, stored=current.name),
        display_name=display_name,
        email=check_email(spec.email),
    )


def check_email(email: str) -> str:
    """Return an e-mail address without surrounding white space, or "". Raises InvalidField."""
    trimmed = check_text("email", email.strip(), NAME_LIMIT)
    mailbox, at, host = trimmed.rpartition("@")
    if trimmed and (not at or not mailbox or not host or any(each.isspace() for each in trimmed)):
        raise InvalidField("email", "It must be an e-mail address, with one @ and without spaces.")
    return trimmed
