"""Small recordings in the shapes that vcrpy and browsers write, with made-up ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from portico.emulator.recordings.exchanges import Exchange

CUSTOMER = "700000000000000000"
API = f"https://api.zsapi.net/zpa/mgmtconfig/v1/admin/customers/{CUSTOMER}"
PORTAL_ID = "700000000000000683"
LINK_ID = "700000000000000684"
JSON = "application/json;charset=utf-8"
STAMPS = {
    "modifiedTime": "1773400000",
    "creationTime": "1773400000",
    "modifiedBy": "700000000000000010",
}
PORTAL_BODY = {
    "name": "tests-portal",
    "description": "A portal",
    "enabled": True,
    "managedByZs": True,
    "extDomain": "example.com",
    "extLabel": "tests-portal",
}
PORTAL = {
    "id": PORTAL_ID,
    **STAMPS,
    "name": "tests-portal",
    "enabled": True,
    "description": "A portal",
    "domain": "tests-portal-example-com.p.zscalerportal.net",
    "extDomainTranslation": "example.com",
    "extLabel": "tests-portal",
    "userNotificationEnabled": False,
}
PORTAL_READ = PORTAL | {
    "extDomain": "example.com",
    "extDomainName": "example-com.p.zscalerportal.net",
    "microtenantName": "Default",
}
LINK_BODY = {
    "name": "tests-link",
    "description": "A link",
    "enabled": True,
    "link": "server1.example.com",
    "protocol": "https://",
    "userPortals": [{"id": PORTAL_ID}],
    "userPortalIds": [PORTAL_ID],
}
LINK = {
    "id": LINK_ID,
    **STAMPS,
    "name": "tests-link",
    "enabled": True,
    "description": "A link",
    "link": "server1.example.com",
    "protocol": "https://",
}
LINK_CREATED = LINK | {"userPortals": [{"id": PORTAL_ID, "enabled": True}]}
LINK_READ = LINK | {"userPortals": [PORTAL], "microtenantName": "Default"}
NOT_FOUND = {
    "id": "resource.not.found",
    "reason": f"No resource exists with the given id/name :{LINK_ID}",
    "params": [LINK_ID],
}


def listed(*items: object) -> dict[str, object]:
    """An envelope with the items."""
    return {"totalPages": "1", "totalCount": str(len(items)), "list": list(items)}


def exchange(
    method: str,
    path: str,
    status: int,
    answer: object = None,
    *,
    body: object = None,
    content_type: str = JSON,
    headers: dict[str, str] | None = None,
) -> Exchange:
    """One exchange. A path without a host is below the tenant."""
    return Exchange(
        where="tape, exchange 1",
        method=method,
        url=path if path.startswith("https:") else f"{API}/{path}",
        request_headers={"content-type": "application/json"} | (headers or {}),
        request_body=b"" if body is None else json.dumps(body).encode(),
        status=status,
        answer_headers={} if answer is None else {"content-type": content_type},
        answer_body=b"" if answer is None else json.dumps(answer).encode(),
    )


LIFE_OF_A_LINK = [
    exchange("POST", "userPortal", 201, PORTAL | {"extDomain": "example.com"}, body=PORTAL_BODY),
    exchange("POST", "userPortalLink", 201, LINK_CREATED, body=LINK_BODY),
    exchange("GET", f"userPortalLink/{LINK_ID}", 200, LINK_READ, body={}),
    exchange("GET", "userPortalLink?search=name%2BEQ%2Btests-link", 200, listed(LINK_READ)),
    exchange(
        "PUT",
        f"userPortalLink/{LINK_ID}",
        204,
        body={"name": "tests-link Updated", "link": "server1.example.com", "enabled": True},
    ),
    exchange("DELETE", f"userPortalLink/{LINK_ID}", 204, body={}),
    exchange("GET", f"userPortalLink/{LINK_ID}", 400, NOT_FOUND, body={}),
    exchange("DELETE", f"userPortal/{PORTAL_ID}", 204, body={}),
    exchange("GET", "userPortal", 200, {"totalPages": "0", "totalCount": "0", "list": []}),
]
"""What the vendor's own test of a link does."""


def interaction(each: Exchange, answer: Any = None) -> dict[str, Any]:  # noqa: ANN401  # any YAML
    """An exchange as vcrpy writes it; `answer` in place of its body."""
    body = {"string": each.answer_body.decode()} if answer is None else answer
    return {
        "request": {
            "body": each.request_body.decode() or None,
            "headers": {name.title(): [value] for name, value in each.request_headers.items()},
            "method": each.method,
            "uri": each.url,
        },
        "response": {
            "body": body,
            "headers": {name.title(): [value] for name, value in each.answer_headers.items()},
            "status": {"code": each.status, "message": "?"},
        },
    }


def write_cassette(path: Path, *interactions: dict[str, Any]) -> Path:
    """Writes a cassette of vcrpy; its path."""
    path.write_text(yaml.safe_dump({"interactions": list(interactions), "version": 1}))
    return path
