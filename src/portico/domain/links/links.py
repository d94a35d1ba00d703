"""User portal links: their fields, the rules for them, and the address that a tile opens."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from portico.domain.errors import InvalidField, LinkLimitExceeded
from portico.domain.links.hosts import check_host
from portico.domain.records import (
    DESCRIPTION_LIMIT,
    OwnedRecord,
    check_id,
    check_new_name,
    check_opaque,
    check_text,
)
from portico.domain.search import NAME_FIELDS, STAMP_FIELDS, Field, FieldKind, fields

KIND = "userPortalLink"
LINKS_PER_PORTAL = 500
BULK_LIMIT = 500
PORTALS_PER_LINK = 500
LINK_PATH_LIMIT = 2_048
ICON_LIMIT_BYTES = 128 * 1024
PROTOCOLS = ("", "https://", "http://")

# Characters of a path that browsers send unchanged: those of RFC 3986, and the percent sign of
# codes that are already there. All others are percent-encoded when the address is built.
_PATH_SAFE = "/?#:@!$&'()*+,;=-._~%[]|"


@dataclass(frozen=True, kw_only=True)
class LinkSpec:
    """The fields of a link that a client can write. A checked spec has sorted, distinct ids."""

    name: str
    description: str = ""
    enabled: bool = False
    icon_text: str = ""
    link: str = ""
    link_path: str = ""
    protocol: str = ""
    application_id: int | None = None
    portal_ids: tuple[int, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Link(LinkSpec, OwnedRecord):
    """A stored link with the ids of the portals that show it."""


LINK_FIELDS = fields(
    *NAME_FIELDS,
    Field("enabled", FieldKind.FLAG),
    Field("link", FieldKind.FOLDED),
    Field("linkPath", FieldKind.FOLDED),
    Field("protocol", FieldKind.ASCII),
    Field("applicationId", FieldKind.NUMBER),
    *STAMP_FIELDS,
)


def check_link(spec: LinkSpec, *, stored_name: str = "") -> LinkSpec:
    """Return the spec as it will be stored (docs/explanation/vendor-api.md, "Links").

    A link can keep its `stored_name` whatever characters that has. Raises InvalidField that names
    the field of the API.
    """
    checked = replace(
        spec,
        name=check_new_name(spec.name, stored=stored_name),
        portal_ids=tuple(sorted(set(spec.portal_ids))),
    )
    if len(checked.portal_ids) > PORTALS_PER_LINK:
        raise InvalidField("userPortals", f"A link can be on at most {PORTALS_PER_LINK} portals.")
    check_text("description", spec.description, DESCRIPTION_LIMIT, multiline=True)
    check_host("link", spec.link)
    _check_link_path(spec.link_path)
    if spec.protocol not in PROTOCOLS:
        raise InvalidField("protocol", "It must be https:// or http://, or absent.")
    check_opaque("iconText", spec.icon_text, ICON_LIMIT_BYTES)
    if spec.application_id is not None:
        check_id("applicationId", spec.application_id)
    return checked


def _check_link_path(path: str) -> None:
    if path and not path.startswith("/"):
        raise InvalidField("linkPath", 'It must start with "/", or be absent.')
    check_text("linkPath", path, LINK_PATH_LIMIT)


def target_url(link: LinkSpec) -> str:
    """Return the address that the link opens, with https unless the link says http."""
    return f"{link.protocol or 'https://'}{link.link}{quote(link.link_path, safe=_PATH_SAFE)}"


def check_portal_room(portal_id: int, links_on_portal: int, portal_name: str = "") -> None:
    """Raise LinkLimitExceeded if a portal would have more links than the documented limit."""
    if links_on_portal > LINKS_PER_PORTAL:
        raise LinkLimitExceeded(portal_id, LINKS_PER_PORTAL, portal_name)
