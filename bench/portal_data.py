"""The portals of the benchmarks of pages: sections, descriptions, and icons on some links."""

from __future__ import annotations

import base64
import io
import random
from typing import Any

from PIL import Image

from bench.dataset import SeedLink, links, portal_body
from bench.sites import Site

SECTIONS = ("Every day", "People", "Operations", "Engineering", "Finance", "Reports", "Elsewhere")
WITH_PICTURE = 1 / 3
"""The share of links with an icon of their own, the others have a letter."""


def picture(number: int) -> str:
    """Return an icon of about the size of a real one, different for each number."""
    dots = random.Random(number).randbytes(20 * 20 * 3)
    icon = Image.frombytes("RGB", (20, 20), dots).resize((64, 64), Image.Resampling.NEAREST)
    packed = io.BytesIO()
    icon.save(packed, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(packed.getvalue()).decode()


def body(number: int, link: SeedLink, count: int) -> dict[str, Any]:
    """Return an enabled link with a description and a section, some with an icon."""
    # By chance: every third link of the list would be every link of a table sorted by name.
    icon = picture(number) if random.Random(number).random() < WITH_PICTURE else ""
    section = SECTIONS[number * len(SECTIONS) // count]
    presentation = {"section": section, "order": number + 1}
    return link.body() | {"enabled": True, "iconText": icon, "portico": presentation}


def make_portal(site: Site, slug: str, audience: str = "public") -> str:
    """Create a portal, one that everyone can open by default, and return its id."""
    page = {"slug": slug, "audience": audience}
    return str(site.post(site.portals_path, portal_body(slug) | {"portico": page}, slug)["id"])


def fill_portal(site: Site, portal_id: str, count: int) -> None:
    """Add links to a portal, a few at a time because icons make requests large."""
    bodies = [body(number, link, count) for number, link in enumerate(links()[:count])]
    for start in range(0, count, 100):
        sent = {
            "userPortalLinks": bodies[start : start + 100],
            "userPortals": [{"id": portal_id}],
        }
        site.post(site.bulk_path, sent, "bulk of links")
