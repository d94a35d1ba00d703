"""Portal users, who open links, and the groups that decide which links they see."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from portico.domain.characters import check_visible
from portico.domain.people.administrators import check_email
from portico.domain.records import NAME_LIMIT, Record, check_new_name, check_text
from portico.domain.search import STAMP_FIELDS, Field, FieldKind, fields

KIND = "portalUser"
CLAIMED_GROUPS = 500


@dataclass(frozen=True, kw_only=True)
class PortalUserSpec:
    """The editable fields of a user. `group_ids` are the groups that Portico assigns."""

    name: str
    display_name: str = ""
    email: str = ""
    enabled: bool = True
    group_ids: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class PortalUser(PortalUserSpec, Record):
    """A stored user. `claimed_groups` are the names from the provider at the last sign-in.

    Without a password hash, sign-in requires a provider.
    """

    password_hash: str = field(default="", repr=False)
    provider_id: int | None = None
    subject: str = ""
    claimed_groups: tuple[str, ...] = ()
    language: str = ""
    last_sign_in: int | None = None


USER_FIELDS = fields(
    Field("id", FieldKind.NUMBER),
    Field("name", FieldKind.FOLDED),
    Field("displayName", FieldKind.FOLDED),
    Field("email", FieldKind.ASCII),
    Field("enabled", FieldKind.FLAG),
    *STAMP_FIELDS,
)


def check_user(spec: PortalUserSpec, stored: PortalUserSpec | None = None) -> PortalUserSpec:
    """Return the spec as it will be stored. Raises InvalidField.

    Names of the `stored` user are accepted with any characters.
    """
    current = stored or PortalUserSpec(name="")
    display_name = check_text("displayName", spec.display_name.strip(), NAME_LIMIT)
    check_visible("displayName", display_name, stored=current.display_name)
    return replace(
        spec,
        name=check_new_name(spec.name, stored=current.name),
        display_name=display_name,
        email=check_email(spec.email),
        group_ids=tuple(sorted(set(spec.group_ids))),
    )


def claimed_group_names(claim: object) -> tuple[str, ...]:
    """Return the group names of a claim, which is a list or a comma-separated text.

    Any other type has no names.
    """
    if isinstance(claim, str):
        claim = claim.split(",")
    if not isinstance(claim, list | tuple):
        return ()
    names = [each.strip() for each in claim if isinstance(each, str)]
    valid = [name for name in names if name and len(name) <= NAME_LIMIT and name.isprintable()]
    return tuple(dict.fromkeys(valid))[:CLAIMED_GROUPS]
