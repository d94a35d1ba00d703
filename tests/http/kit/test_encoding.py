"""Slices joined are the very bytes of one encoding, whatever the payload."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import UNSET

from portico.http.kit.encoding import SLICE_ITEMS, Encoding
from portico.http.kit.wire import Reference
from portico.http.links.bulk import LinkBulkAnswer
from portico.http.links.links import LinkAnswer, LinkList, PortalInLink
from portico.http.tenancy.microtenants import MicrotenantSummary


def links(count: int, icon: str = "") -> list[LinkAnswer]:
    """Links as they are answered."""
    return [
        LinkAnswer(
            id=str(number), name=f'"{number}" ü', enabled=True, link="a", icon_text=icon or UNSET
        )
        for number in range(count)
    ]


def bulk(count: int) -> LinkBulkAnswer:
    """A payload with two lists."""
    portals = [PortalInLink(id=str(number)) for number in range(count)]
    return LinkBulkAnswer(user_portal_links=links(count), user_portals=portals)


COUNTS = (0, 1, SLICE_ITEMS, SLICE_ITEMS + 1, 2 * SLICE_ITEMS, 100)
PAYLOADS: list[object] = [
    Reference(id="1"),
    *(LinkList(total_pages="1", total_count="2", items=links(count)) for count in COUNTS),
    *(bulk(count) for count in COUNTS),
    *([MicrotenantSummary(id="1", name="a", enabled=True)] * count for count in COUNTS),
    LinkBulkAnswer(user_portal_links=links(100), user_portals=[]),
]


@pytest.mark.parametrize("payload", PAYLOADS)
def test_slices_are_the_bytes_of_one_encoding(payload: object) -> None:
    encoding = Encoding(payload)
    encoding.advance(float("inf"))

    assert b"".join(encoding.parts) == msgspec.json.encode(payload)
    assert encoding.size == encoding.expected_size == len(b"".join(encoding.parts))


def test_encoding_stops_where_it_is_told_and_goes_on() -> None:
    payload = LinkList(total_pages="1", total_count="500", items=links(500, "x" * 10_000))
    encoding = Encoding(payload)

    encoding.advance(256 * 1024)
    begun = encoding.size
    expected = encoding.expected_size
    encoding.advance(float("inf"))

    assert 256 * 1024 <= begun < 512 * 1024
    assert expected == pytest.approx(encoding.size, rel=0.2)
    assert max(map(len, encoding.parts)) < 100_000
    assert b"".join(encoding.parts) == msgspec.json.encode(payload)
