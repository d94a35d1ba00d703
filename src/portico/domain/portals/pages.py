"""Appearance and audience of a portal: Portico's own fields, not in the vendor's API."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from portico.domain.errors import InvalidField
from portico.domain.periods import check_period
from portico.domain.portals.accent import check_accent
from portico.domain.portals.portals import UserPortal
from portico.domain.records import NAME_LIMIT, check_opaque, check_text

SLUG_LIMIT = 63
FAVICON_LIMIT_BYTES = 64 * 1024
_SLUG = re.compile(r"(?!-)(?![0-9]+\Z)[a-z0-9-]{1,63}(?<!-)\Z")


class Audience(StrEnum):
    """The people who can see a portal: everybody, or those who have signed in."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"


@dataclass(frozen=True, kw_only=True)
class PortalPage:
    """The fields of one portal's page. Without a title, the page shows the portal's name.

    With `accepts_requests`, visitors can ask for links and report those that do not work. The
    notice is shown from `notice_starts` until before `notice_ends` (`domain/periods.py`).
    """

    slug: str = ""
    audience: Audience = Audience.SIGNED_IN
    title: str = ""
    accent: str = ""
    favicon: str = ""
    accepts_requests: bool = False
    notice_starts: int = 0
    notice_ends: int = 0


DEFAULT_PAGE = PortalPage()
"""The settings of a page that nobody changed; a portal gets a slug when it is stored."""


@dataclass(frozen=True, kw_only=True)
class PresentedPortal(UserPortal):
    """A portal with the fields of its page."""

    page: PortalPage = DEFAULT_PAGE


@dataclass(frozen=True, kw_only=True)
class PortalAddress:
    """An address that visitors use (id, slug or own domain), and its portal."""

    address: str
    customer_id: int
    portal_id: int


@dataclass(frozen=True, kw_only=True)
class OpenPortal:
    """An enabled portal of any microtenant: its title, and the address below /p/."""

    id: int
    microtenant_id: int
    name: str
    title: str
    address: str


def check_page(page: PortalPage) -> PortalPage:
    """Return the page as it will be stored. Raises InvalidField that names the wire field."""
    if page.slug and not _SLUG.match(page.slug):
        raise InvalidField(
            "portico.slug",
            f"It must be 1 to {SLUG_LIMIT} lower-case letters, digits and hyphens, without a "
            "hyphen at either end, and not only digits.",
        )
    accent = check_accent(page.accent, field="portico.accent")
    check_text("portico.title", page.title, NAME_LIMIT)
    check_opaque("portico.favicon", page.favicon, FAVICON_LIMIT_BYTES)
    check_period(
        page.notice_starts,
        page.notice_ends,
        starts_field="portico.noticeStarts",
        ends_field="portico.noticeEnds",
    )
    return replace(page, accent=accent, title=page.title.strip())


def present_portal(portal: UserPortal, page: PortalPage) -> PresentedPortal:
    """Return the portal with the fields of its page."""
    values = {each.name: getattr(portal, each.name) for each in fields(UserPortal)}
    return PresentedPortal(**values, page=page)


def slugs_for(name: str) -> Iterator[str]:
    """Yield slugs made from a portal's name, best first, without end."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[: SLUG_LIMIT - 20].strip("-")
    if not base or base.isdigit():
        base = f"portal-{base}".strip("-")
    yield base
    number = 2
    while True:
        yield f"{base}-{number}"
        number += 1


def addresses_of(portal: UserPortal, page: PortalPage) -> list[str]:
    """Return the addresses below /p/ that the portal claims: its id and slug."""
    return [str(portal.id), page.slug] if page.slug else [str(portal.id)]
