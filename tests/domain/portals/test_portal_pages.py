"""Slugs and addresses: what leads to a portal, and cannot be taken for something else."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.domain.portals.pages import (
    PortalPage,
    addresses_of,
    check_page,
    slugs_for,
)
from portico.domain.records import Scope
from tests.storage.records import make_portal


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Staff", "staff"),
        ("  Staff & Friends!  ", "staff-friends"),
        ("Zürich: Büro", "zurich-buro"),
        ("2024", "portal-2024"),
        ("日本", "portal"),
        ("---", "portal"),
        ("x" * 200, "x" * 43),
    ],
)
def test_slug_is_made_from_the_name(name: str, slug: str) -> None:
    assert list(islice(slugs_for(name), 3)) == [slug, f"{slug}-2", f"{slug}-3"]


@given(st.text(max_size=300))
def test_every_made_slug_is_allowed(name: str) -> None:
    for slug in islice(slugs_for(name), 60):
        assert check_page(PortalPage(slug=slug)).slug == slug
        assert "." not in slug


def test_id_and_slug_are_addresses() -> None:
    portal = make_portal(Scope(customer_id=1), portal_id=5)
    page = PortalPage(slug="staff")

    assert addresses_of(portal, page) == ["5", "staff"]
    assert addresses_of(portal, PortalPage()) == ["5"]
