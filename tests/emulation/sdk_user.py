"""What a user of the vendor's Python SDK writes, in either mode: changes, pages, and a cache.

It knows nothing of Portico: the environment says where everything is.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from zscaler import ZscalerClient
from zscaler.oneapi_client import LegacyZPAClient

CACHE = {"cache": {"enabled": True}}
NAMES = [f"Link {number}" for number in range(1, 8)]


def main(mode: str) -> dict[str, Any]:
    """What the SDK answered."""
    connect = LegacyZPAClient if mode == "legacy" else ZscalerClient
    links = connect({}).zpa.user_portal_link
    ids = [done(links.add_portal_link(name=name, link="wiki.example.com")).id for name in NAMES]
    done(links.update_portal_link(ids[0], name="Changed", link="wiki.example.com"))
    pages = walk(links.list_portal_link(query_params={"page_size": 3}))
    seen = {"paged": sorted(each.name for each in pages)}
    done(links.delete_portal_link(ids[1]))
    seen["left"] = sorted(each.name for each in done(links.list_portal_link()))

    # The legacy client asks the environment about its cache, and the other one its configuration.
    os.environ["ZSCALER_CLIENT_CACHE_ENABLED"] = "true"
    cached = connect({} if mode == "legacy" else CACHE).zpa.user_portal_link
    os.environ["ZSCALER_CLIENT_CACHE_ENABLED"] = "false"
    seen["reads"] = [cached.get_portal_link(ids[2])[0].name for _ in range(5)]
    done(cached.update_portal_link(ids[2], name="Fresh", link="wiki.example.com"))
    seen["fresh"] = cached.get_portal_link(ids[2])[0].name
    for each in (*ids[:1], *ids[2:]):
        done(links.delete_portal_link(each))
    return seen


def done(answer: tuple[Any, Any, Any]) -> Any:  # noqa: ANN401  # untyped SDK
    """The result of a call that has to succeed."""
    result, _, error = answer
    assert error is None, error
    return result


def walk(answer: tuple[Any, Any, Any]) -> list[Any]:
    """The items of every page."""
    found, response = list(done(answer)), answer[1]
    while response.has_next():
        page, _, error = response.next()
        assert error is None, error
        found += page
    return found


if __name__ == "__main__":
    sys.stdout.write(json.dumps({mode: main(mode) for mode in sys.argv[1:]}) + "\n")
