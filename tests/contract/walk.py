"""One walk through every operation that succeeds, with what was answered, for tests to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx

from tests.certificates import certificate_pem
from tests.harness import (
    APPLICATIONS,
    AUPS,
    CERTIFICATES,
    ISSUED,
    LINKS,
    MICROTENANTS,
    PORTALS,
    Caller,
    create_applications,
    create_tenant,
)
from tests.harness import Server as RunningServer

B1 = "/mgmtconfig/v1/admin/customers/{customerId}"
B2 = "/mgmtconfig/v2/admin/customers/{customerId}"
ICON = "data:image/png;base64,iVBORw0KGgo="


@dataclass(frozen=True)
class Step:
    """An answered request, under the documented path of its operation."""

    method: str
    template: str
    answer: httpx.Response

    def __str__(self) -> str:
        return f"{self.method} {self.template}"

    @property
    def body(self) -> Any:  # noqa: ANN401  # any JSON value
        """The JSON that was answered, or None for an empty answer."""
        return self.answer.json() if self.answer.content else None


class Walk:
    """Sends requests and remembers the answers."""

    def __init__(self, admin: Caller) -> None:
        self._admin = admin
        self.steps: list[Step] = []

    def send(
        self,
        method: str,
        template: str,
        body: object = None,
        *,
        query: str = "",
        **ids: str,
    ) -> Any:  # noqa: ANN401  # any JSON value
        """One request on a documented path; what it answered."""
        path = template.format(customerId=self._admin.customer_id, **ids)
        answer = self._admin.http.request(
            method,
            path + query,
            json=body,
            headers={"Authorization": f"Bearer {self._admin.token}"},
        )
        return self._keep(Step(method, template, answer))

    def send_form(self, template: str, form: dict[str, str]) -> Any:  # noqa: ANN401  # any JSON value
        """One form on a documented path; what it answered."""
        return self._keep(Step("POST", template, self._admin.http.post(template, data=form)))

    def _keep(self, step: Step) -> Any:  # noqa: ANN401  # any JSON value
        self.steps.append(step)
        return step.body


def walk_everything(server: RunningServer) -> list[Step]:
    """Every operation once or more, on objects with every field and on objects with the fewest."""
    tenant = create_tenant(server, "example.com", "example.org")
    admin = tenant.caller()
    walk = Walk(admin)
    form = {
        "client_id": admin.credentials.client_id,
        "client_secret": admin.credentials.client_secret,
    }
    for path in ("/signin", "/authn/v1/oauth/token"):
        walk.send_form(path, form)
    walk.send_form("/oauth2/v1/token", form | {"grant_type": "client_credentials"})
    walk.send("GET", "/mgmtconfig/v1/admin/me")
    walk.send("GET", f"{B1}/authDomains")
    microtenant_id, plain_id = _walk_microtenants(walk)
    asked = "include=portico"
    for query in ("", f"?{asked}", f"?microtenantId={microtenant_id}&{asked}"):
        _walk_nouns(walk, query)
    for place in ("0", microtenant_id):
        _walk_applications(walk, admin, place)
    confined = tenant.caller(microtenant_id=microtenant_id)
    inside = Walk(confined)
    inside.send("GET", "/mgmtconfig/v1/admin/me")
    walk.send("DELETE", f"{B1}/{MICROTENANTS}/{{id}}", id=plain_id)
    walk.send("POST", "/signout")
    return walk.steps + inside.steps


def _walk_microtenants(walk: Walk) -> tuple[str, str]:
    """Makes two microtenants; the id of the one with every field, and of the other."""
    full = {
        "name": "North",
        "description": "The plant",
        "enabled": True,
        "criteriaAttribute": "AuthDomain",
        "criteriaAttributeValues": ["example.com"],
        "privilegedApprovalsEnabled": True,
    }
    path = f"{B1}/{MICROTENANTS}"
    made = walk.send("POST", path, full)
    plain = walk.send("POST", path, {"name": "South"})
    walk.send("PUT", f"{path}/{{id}}", full | {"name": "North East"}, id=made["id"])
    for microtenant_id in (made["id"], "0"):
        walk.send("GET", f"{path}/{{id}}", id=microtenant_id)
    walk.send("GET", path)
    walk.send("GET", f"{path}/summary")
    walk.send("POST", f"{path}/search", {"filterBy": [{"filterName": "name", "values": ["South"]}]})
    return str(made["id"]), str(plain["id"])


def _walk_nouns(walk: Walk, query: str) -> None:
    portal_id = _walk_noun(walk, PORTALS, FULL_PORTAL, {"name": "Bare"}, query)
    own = {"name": "Own", "certificateId": 7, "certificateName": "own", "domain": "own.example.com"}
    own_id = walk.send("POST", f"{B1}/{PORTALS}", own, query=query)["id"]
    walk.send("GET", f"{B1}/{PORTALS}/{{id}}", id=own_id, query=query)
    _walk_noun(walk, AUPS, FULL_AUP, {}, query)
    bare_certificate = {"name": "Bare", "certBlob": certificate_pem("")}
    _walk_noun(walk, CERTIFICATES, FULL_CERTIFICATE, bare_certificate, query)
    walk.send("GET", f"{B2}/{ISSUED}", query=query)
    on_portal = FULL_LINK | {"userPortals": [{"id": portal_id}]}
    bare = {"name": "Bare", "link": "bare"}
    link_id = _walk_noun(walk, LINKS, on_portal, bare, query)
    walk.send("GET", f"{B1}/{LINKS}/userPortal/{{portalId}}", portalId=portal_id, query=query)
    for base in (B1, B2):
        bulk = [
            on_portal | {"name": f"Full {base}", "userPortals": None},
            bare | {"name": f"Bare {base}"},
        ]
        body = {"userPortalLinks": bulk, "userPortals": [{"id": portal_id}]}
        made = walk.send("POST", f"{base}/{LINKS}/bulk", body, query=query)
        for each in made["userPortalLinks"]:
            walk.send("DELETE", f"{B1}/{LINKS}/{{id}}", id=each["id"], query=query)
    walk.send("DELETE", f"{B1}/{LINKS}/{{id}}", id=link_id, query=query)
    _empty(walk, query)


def _walk_noun(
    walk: Walk, noun: str, full: dict[str, Any], bare: dict[str, Any], query: str
) -> str:
    """Creates two objects, replaces each by the other's fields and back, reads, searches."""
    path = f"{B1}/{noun}"
    walk.send("GET", path, query=query)
    first = walk.send("POST", path, full, query=query)["id"]
    second = walk.send("POST", path, bare, query=query)["id"]
    emptied = {key: "" if isinstance(value, str) else value for key, value in full.items()}
    spare = emptied | bare | {"name": "Spare", "userPortals": None}
    walk.send("PUT", f"{path}/{{id}}", spare, id=first, query=query)
    walk.send("GET", f"{path}/{{id}}", id=first, query=query)
    walk.send("PUT", f"{path}/{{id}}", full, id=first, query=query)
    for each in (first, second):
        walk.send("GET", f"{path}/{{id}}", id=each, query=query)
    walk.send("GET", path, query=query)
    walk.send("GET", path, query=f"{query or '?'}&search=name%20EQ%20nothing&sortOrder=DSC")
    return str(first)


def _walk_applications(walk: Walk, admin: Caller, microtenant_id: str) -> None:
    """Reads an application segment with every field and one with the fewest."""
    place = {"microtenant_id": microtenant_id}
    made = create_applications(admin, "Full", description="All of it", **place)
    made += create_applications(admin, "Bare", **place)
    query = f"?microtenantId={microtenant_id}"
    walk.send("GET", f"{B1}/{APPLICATIONS}", query=query)
    for each in made:
        walk.send("GET", f"{B1}/{APPLICATIONS}/{{id}}", id=each, query=query)


def _empty(walk: Walk, query: str) -> None:
    """Deletes all that is left of the microtenant."""
    for noun in (LINKS, PORTALS, AUPS, CERTIFICATES):
        for each in walk.send("GET", f"{B1}/{noun}", query=query)["list"]:
            walk.send("DELETE", f"{B1}/{noun}/{{id}}", id=each["id"], query=query)


FULL_LINK = {
    "name": "Full",
    "description": "All of it",
    "enabled": True,
    "iconText": ICON,
    "link": "full.example.com:8443",
    "linkPath": "/start?a=b",
    "protocol": "https://",
    "applicationId": "72057594037927936",
    "portico": {
        "section": "Tools",
        "order": 2,
        "groups": ["Staff"],
        "iconIsDark": True,
        "keywords": ["all"],
        "starts": "1798761600",
        "ends": "1798765200",
    },
}
FULL_PORTAL = {
    "name": "Full",
    "description": "All of it",
    "enabled": True,
    "managedByZs": True,
    "extLabel": "full",
    "extDomain": "example.com",
    "extDomainName": "-example-com.b.example.net",
    "userNotification": "Hello",
    "userNotificationEnabled": True,
    "imageData": ICON,
    "portico": {
        "audience": "public",
        "title": "Everything",
        "accent": "#1f5eff",
        "favicon": ICON,
        "acceptsRequests": True,
        "noticeStarts": "1798761600",
        "noticeEnds": "1798765200",
    },
}
FULL_AUP = {
    "name": "Full",
    "description": "All of it",
    "enabled": True,
    "aup": "# Rules\n\nBe kind.",
    "email": "it@example.com",
    "phoneNum": "+1-555-123-4567",
}
FULL_CERTIFICATE = {
    "name": "Full",
    "description": "All of it",
    "certBlob": certificate_pem() + certificate_pem("Chain"),
}
