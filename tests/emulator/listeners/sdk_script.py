"""What a user of the vendor's Python SDK writes: every operation on a link, in either mode.

It knows nothing of Portico: the environment says where everything is.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from zscaler import ZscalerClient
from zscaler.oneapi_client import LegacyZPAClient


def main(mode: str) -> dict[str, Any]:
    """What the SDK answered to each call."""
    zpa = LegacyZPAClient({}).zpa if mode == "legacy" else ZscalerClient({}).zpa
    links = zpa.user_portal_link
    link = {
        "name": f"Wiki {mode}",
        "link": "wiki.example.com",
        "link_path": "/start",
        "enabled": True,
    }
    seen: dict[str, Any] = {}

    created, _, error = links.add_portal_link(protocol="https://", **link)
    assert error is None, error
    listed, _, error = links.list_portal_link()
    assert error is None, error
    seen["listed"] = created.id in [each.id for each in listed]
    found, _, error = links.get_portal_link(created.id)
    assert error is None, error
    seen["found"] = found.link
    changed = {**link, "protocol": "https://", "name": f"Handbook {mode}"}
    _, _, error = links.update_portal_link(created.id, **changed)
    assert error is None, error
    seen["changed"] = links.get_portal_link(created.id)[0].name
    _, _, error = links.delete_portal_link(created.id)
    assert error is None, error
    _, _, error = links.get_portal_link(created.id)
    seen["deleted"] = error.status_code if hasattr(error, "status_code") else str(error)
    return seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(sys.argv[1])) + "\n")
