"""User portal links: what a client may write, the rules of it, and the address a tile opens."""

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
from portico.domain.search import Field, FieldKind, fields

KIND = "userPortalLink"
LINKS_PER_PORTAL = 500
BULK_LIMIT = 500
PORTALS_PER_LINK = 500
LINK_PATH_LIMIT = 2_048
ICON_LIMIT_BYTES = 128 * 1024
PROTOCOLS = ("", "https://", "http://")

# Characters of a path that a browser sends as they are (RFC 3986, plus the percent sign of codes
# that are already there); everything else is percent-encoded when the address is built.
_PATH_SAFE = "/?#:@!$&'()*+,;=-._~%[]|"


@dataclass(frozen=True, kw_only=True)
class LinkSpec:
    """What a client may write on a link. `portal_ids` are sorted and distinct once checked."""

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
    Field("id", FieldKind.NUMBER),
    Field("name", FieldKind.FOLDED),
    Field("description", FieldKind.FOLDED),
    Field("enabled", FieldKind.FLAG),
    Field("link", FieldKind.FOLDED),
    Field("linkPath", FieldKind.FOLDED),
    Field("protocol", FieldKind.ASCII),
    Field("applicationId", FieldKind.NUMBER),
    Field("creationTime", FieldKind.NUMBER),
    Field("modifiedTime", FieldKind.NUMBER),
    Field("modifiedBy", FieldKind.NUMBER),
)


def check_link(spec: LinkSpec, *, stored_name: str = "") -> LinkSpec:
    """The spec as it will be stored, or InvalidField naming the wire field that breaks a rule.

    docs/vendor-api.md, "Links", has the fields. Every write passes through here.
    `stored_name` is the name that the link has, if it is there: it passes whatever it holds.
    """
    checked = replace(
        spec,
        name=check_new_name(spec.name, stored=stored_name),
        portal_ids=tuple(sorted(set(spec.portal_ids))),
    )
    if len(checked.portal_ids) > PORTALS_PER_LINK:
        raise InvalidField("userPortals", f"A link is on at most {PORTALS_PER_LINK} portals.")
    check_text("description", spec.description, DESCRIPTION_LIMIT, multiline=True)
    check_host("link", spec.link)
    _check_link_path(spec.link_path)
    if spec.protocol not in PROTOCOLS:
        raise InvalidField("protocol", "It is https:// or http://, or left out.")
    check_opaque("iconText", spec.icon_text, ICON_LIMIT_BYTES)
    if spec.application_id is not None:
        check_id("applicationId", spec.application_id)
    return checked


def _check_link_path(path: str) -> None:
    if path and not path.startswith("/"):
        raise InvalidField("linkPath", 'It starts with "/", or is left out.')
    check_text("linkPath", path, LINK_PATH_LIMIT)


def target_url(link: LinkSpec) -> str:
    """The address that the link opens: https unless the link says http.

    The only place where the address is put together, so the only one that can get it wrong.
    """
    return f"{link.protocol or 'https://'}{link.link}{quote(link.link_path, safe=_PATH_SAFE)}"


def check_portal_room(portal_id: int, links_on_portal: int) -> None:
    """Raises LinkLimitExceeded when a portal would show more links than the documented limit."""
    if links_on_portal > LINKS_PER_PORTAL:
        raise LinkLimitExceeded(portal_id, LINKS_PER_PORTAL)
