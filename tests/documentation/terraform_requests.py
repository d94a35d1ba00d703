"""Sends the requests that the provider sends for the guide's configuration, by the environment."""

from __future__ import annotations

import os
import sys

import httpx

API = "https://api.zsapi.net/zpa/mgmtconfig/v1/admin/customers"
PORTAL = {"name": "Staff", "enabled": True}
LINK = {"name": "Wiki", "enabled": True, "link": "wiki.example.com", "protocol": "https://"}


def main() -> None:
    """Apply, an empty plan, a change, and destroy."""
    with httpx.Client(headers={"User-Agent": "zscaler-sdk-go/3.8.33"}) as http:
        http.headers["Authorization"] = f"Bearer {sign_in(http)}"
        base = f"{API}/{os.environ['ZPA_CUSTOMER_ID']}"

        def send(method: str, path: str, body: object, status: int) -> httpx.Response:
            answer = http.request(method, f"{base}/{path}", json=body)
            assert answer.status_code == status, (method, path, answer.text)
            return answer

        def find(noun: str, name: str) -> list[object]:
            query = f"page=1&pagesize=500&search=name%2BEQ%2B{name}"
            found: list[object] = send("GET", f"{noun}?{query}", None, 200).json().get("list", [])
            return found

        portal = send("POST", "userPortal", PORTAL, 201).json()["id"]
        send("GET", f"userPortal/{portal}", None, 200)
        wanted = {**LINK, "userPortals": [{"id": portal}]}
        link = send("POST", "userPortalLink", wanted, 201).json()["id"]
        planned = send("GET", f"userPortalLink/{link}", None, 200).json()
        assert {name: planned[name] for name in LINK} == LINK
        assert "microtenantId" not in planned
        assert [each["id"] for each in planned["userPortals"]] == [portal]
        assert len(find("userPortalLink", "Wiki")) == 1
        changed = {**wanted, "id": link, "link": "handbook.example.com"}
        send("PUT", f"userPortalLink/{link}", changed, 204)
        send("DELETE", f"userPortalLink/{link}", None, 204)
        send("GET", f"userPortalLink/{link}", None, 404)
        send("DELETE", f"userPortal/{portal}", None, 204)
        assert find("userPortal", "Staff") == []
    sys.stdout.write("applied, planned, changed, destroyed\n")


def sign_in(http: httpx.Client) -> str:
    """A token, as the provider gets one for each command."""
    answer = http.post(
        f"https://{os.environ['ZSCALER_VANITY_DOMAIN']}.zslogin.net/oauth2/v1/token",
        data={
            "grant_type": "client_credentials",
            "client_id": os.environ["ZSCALER_CLIENT_ID"],
            "client_secret": os.environ["ZSCALER_CLIENT_SECRET"],
            "audience": "https://api.zscaler.com",
        },
    )
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["access_token"]
    return token


if __name__ == "__main__":
    main()
