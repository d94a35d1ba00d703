"""Examples of requests and answers for the OpenAPI document, with the ids of one small tenant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

Example = dict[str, Any]


class Examples(msgspec.Struct, frozen=True, kw_only=True):
    """The examples of one operation by name, and those of errors by status."""

    requests: Example = msgspec.field(default_factory=dict)
    answers: Example = msgspec.field(default_factory=dict)
    errors: Mapping[int, Example] = msgspec.field(default_factory=dict)


def _named(value: object, name: str = "example") -> Example:
    return {name: {"value": value}}


def _error(code: str, reason: str, *params: str) -> Example:
    envelope: dict[str, object] = {"id": code, "reason": reason}
    if params:
        envelope["params"] = list(params)
    return _named(envelope)


_STAMPS = {
    "id": "913942800120545281",
    "modifiedTime": "1767225600",
    "creationTime": "1767225600",
    "modifiedBy": "913942800120541184",
}
_PORTAL_ID = "913942800120545280"
_LINK_BODY = {
    "name": "Payslips",
    "description": "Your pay, month by month.",
    "enabled": True,
    "link": "payroll.example.com",
    "linkPath": "/payslips",
    "protocol": "https://",
    "userPortals": [{"id": _PORTAL_ID}],
}
_LINK_PORTICO = {"section": "Pay and leave", "order": 3, "groups": ["Staff"]}
_LINK_CREATED = _STAMPS | _LINK_BODY | {"userPortals": [{"id": _PORTAL_ID, "enabled": True}]}
_PORTAL_IN_LINK = _STAMPS | {
    "id": _PORTAL_ID,
    "name": "Staff",
    "enabled": True,
    "domain": "staff-example-com.p.zscalerportal.net",
    "extDomainTranslation": "example.com",
    "extLabel": "staff",
    "userNotificationEnabled": False,
}
_LINK_READ = _LINK_CREATED | {"userPortals": [_PORTAL_IN_LINK]} | {"microtenantName": "Default"}
_PORTAL_BODY = {
    "name": "Staff",
    "enabled": True,
    "managedByZs": True,
    "extLabel": "staff",
    "extDomain": "example.com",
    "userNotification": "Payroll closes on Friday.",
    "userNotificationEnabled": True,
}
_PORTAL_READ = _STAMPS | {
    "id": _PORTAL_ID,
    "name": "Staff",
    "enabled": True,
    "domain": "staff-example-com.p.zscalerportal.net",
    "extDomain": "example.com",
    "extDomainName": "example-com.p.zscalerportal.net",
    "extDomainTranslation": "example.com",
    "extLabel": "staff",
    "userNotification": "Payroll closes on Friday.",
    "userNotificationEnabled": True,
    "microtenantName": "Default",
}
_AUP_BODY = {
    "name": "House rules",
    "enabled": True,
    "aup": "Be kind.\nLock your screen.",
    "email": "it@example.com",
    "phoneNum": "+1-555-123-4567",
}
_AUP_READ = _STAMPS | _AUP_BODY | {"microtenantName": "Default"}
_CERTIFICATE_PEM = (
    "-----BEGIN CERTIFICATE-----\n"
    "MIIBeTCCAR6gAwIBAgICA+kwCgYIKoZIzj0EAwIwNDEWMBQGA1UECgwNRXhhbXBs\n"
    "ZSBXb3JrczEaMBgGA1UEAwwRc2FsZXMuZXhhbXBsZS5jb20wHhcNMjYwMTAxMDAw\n"
    "MDAwWhcNMzYwMTAxMDAwMDAwWjA0MRYwFAYDVQQKDA1FeGFtcGxlIFdvcmtzMRow\n"
    "GAYDVQQDDBFzYWxlcy5leGFtcGxlLmNvbTBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
    "A0IABAwDc0dU8KuBFo77JJB967q1JaGUaHPWt+KCVUfgBnNxQ1lbUTq8Tt3A+I0e\n"
    "GKlFzRTcLn6rMrPSiT0aFJUcHICjIDAeMBwGA1UdEQQVMBOCEXNhbGVzLmV4YW1w\n"
    "bGUuY29tMAoGCCqGSM49BAMCA0kAMEYCIQCC5Dt+J+mCADKROIze9yRzBDxIbYyu\n"
    "mpgTd1ziUPZ+FQIhANPIN/3IjgkCSYd43RneZHTJj1Xu7uHtH7s/5QYZj8Rs\n"
    "-----END CERTIFICATE-----\n"
)
_PUBLIC_KEY_PEM = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDANzR1Twq4EWjvskkH3rurUloZRo\n"
    "c9a34oJVR+AGc3FDWVtROrxO3cD4jR4YqUXNFNwufqsys9KJPRoUlRwcgA==\n"
    "-----END PUBLIC KEY-----\n"
)
_CERTIFICATE_CREATED = _STAMPS | {
    "name": "sales.example.com",
    "description": "The portal of the sales team.",
    "validFromInEpochSec": "1767225600",
    "validToInEpochSec": "2082758400",
    "certificate": _CERTIFICATE_PEM,
    "issuedTo": "CN=sales.example.com,O=Example Works",
    "issuedBy": "CN=sales.example.com,O=Example Works",
    "serialNo": "1001",
    "publicKey": _PUBLIC_KEY_PEM,
    "san": ["sales.example.com"],
    "cName": "sales.example.com",
}
_CERTIFICATE_BODY = {
    "name": "sales.example.com",
    "description": "The portal of the sales team.",
    "certBlob": _CERTIFICATE_PEM,
}
_CERTIFICATE_READ = _CERTIFICATE_CREATED | {
    "readOnly": False,
    "zscalerManaged": False,
    "microtenantName": "Default",
}
_APPLICATION_READ = _STAMPS | {
    "name": "AppPortal01",
    "enabled": True,
    "domainNames": ["app.example.com"],
    "passiveHealthEnabled": True,
    "doubleEncrypt": False,
    "configSpace": "DEFAULT",
    "bypassType": "NEVER",
    "healthCheckType": "DEFAULT",
    "icmpAccessType": "NONE",
    "isCnameEnabled": True,
    "ipAnchored": False,
    "bypassOnReauth": False,
    "inspectTrafficWithZia": False,
    "healthReporting": "ON_ACCESS",
    "useInDrMode": False,
    "tcpKeepAlive": "0",
    "selectConnectorCloseToApp": False,
    "matchStyle": "EXCLUSIVE",
    "isIncompleteDRConfig": False,
    "adpEnabled": False,
    "autoAppProtectEnabled": False,
    "apiProtectionEnabled": False,
    "fqdnDnsCheck": False,
    "weightedLoadBalancing": False,
    "extranetEnabled": False,
    "policyStyle": "NONE",
    "readOnly": False,
    "zscalerManaged": False,
    "microtenantName": "Default",
}
_MICROTENANT_BODY = {"name": "Plant North", "enabled": True, "description": "The factory."}
_MICROTENANT_READ = (
    _STAMPS
    | _MICROTENANT_BODY
    | {"operator": "OR", "privilegedApprovalsEnabled": False, "scopeOrder": "1"}
)
_SIGN_IN = {"client_id": "913942800120541184", "client_secret": "the secret shown at creation"}
_TOKEN = {"token_type": "Bearer", "access_token": "header.payload.signature"}


def _page(*items: object, name: str = "example") -> Example:
    page = {"totalPages": "1", "totalCount": str(len(items)), "list": list(items)}
    return _named(page, name)


EXAMPLES: Mapping[str, Examples] = {
    "list_links": Examples(
        answers=_page(_LINK_READ)
        | _page(_LINK_READ | {"portico": _LINK_PORTICO}, name="with include=portico")
    ),
    "list_links_of_portal": Examples(
        answers=_page({key: value for key, value in _LINK_READ.items() if key != "microtenantName"})
    ),
    "get_link": Examples(answers=_named(_LINK_READ)),
    "create_link": Examples(requests=_named(_LINK_BODY), answers=_named(_LINK_CREATED)),
    "update_link": Examples(
        requests=_named(_LINK_BODY)
        | _named(_LINK_BODY | {"portico": _LINK_PORTICO}, "with how it is shown")
    ),
    "create_links": Examples(
        requests=_named({"userPortalLinks": [_LINK_BODY], "userPortals": [{"id": _PORTAL_ID}]}),
        answers=_named(
            {
                "userPortalLinks": [
                    {"id": _STAMPS["id"]}
                    | _LINK_BODY
                    | {"userPortals": [{"id": _PORTAL_ID, "enabled": True}]}
                ],
                "userPortals": [{"id": _PORTAL_ID, "enabled": True}],
            }
        ),
    ),
    "list_portals": Examples(answers=_page(_PORTAL_READ)),
    "get_portal": Examples(answers=_named(_PORTAL_READ)),
    "create_portal": Examples(
        requests=_named(_PORTAL_BODY),
        answers=_named(
            {
                key: value
                for key, value in _PORTAL_READ.items()
                if key not in {"extDomainName", "microtenantName"}
            }
        ),
    ),
    "update_portal": Examples(requests=_named(_PORTAL_BODY)),
    "list_aups": Examples(answers=_page(_AUP_READ)),
    "get_aup": Examples(answers=_named(_AUP_READ)),
    "create_aup": Examples(requests=_named(_AUP_BODY), answers=_named(_STAMPS | _AUP_BODY)),
    "update_aup": Examples(requests=_named(_AUP_BODY)),
    "list_certificates": Examples(answers=_page(_CERTIFICATE_READ)),
    "get_certificate": Examples(answers=_named(_CERTIFICATE_READ)),
    "create_certificate": Examples(
        requests=_named(_CERTIFICATE_BODY), answers=_named(_CERTIFICATE_CREATED)
    ),
    "update_certificate": Examples(requests=_named(_CERTIFICATE_BODY)),
    "list_applications": Examples(answers=_page(_APPLICATION_READ)),
    "get_application": Examples(answers=_named(_APPLICATION_READ)),
    "list_microtenants": Examples(answers=_page(_MICROTENANT_READ)),
    "search_microtenants": Examples(
        requests=_named(
            {"filterBy": [{"filterName": "name", "operator": "LIKE", "values": ["plant"]}]}
        ),
        answers=_page(_MICROTENANT_READ),
    ),
    "summarise_microtenants": Examples(
        answers=_named([{"id": "0", "name": "Default", "enabled": True}])
    ),
    "get_microtenant": Examples(answers=_named(_MICROTENANT_READ)),
    "create_microtenant": Examples(
        requests=_named(_MICROTENANT_BODY),
        answers=_named({k: v for k, v in _MICROTENANT_READ.items() if k != "scopeOrder"}),
    ),
    "update_microtenant": Examples(requests=_named(_MICROTENANT_BODY)),
    "sign_in": Examples(requests=_named(_SIGN_IN), answers=_named(_TOKEN | {"expires_in": "3600"})),
    "issue_token": Examples(
        requests=_named({"grant_type": "client_credentials"} | _SIGN_IN),
        answers=_named(_TOKEN | {"expires_in": 3600}),
    ),
    "sign_out": Examples(answers=_named({})),
    "get_me": Examples(
        answers=_named(
            {
                "customerId": "913942800120537088",
                "customerName": "Example Works",
                "microtenantName": "Default",
            }
        )
    ),
    "list_auth_domains": Examples(answers=_named({"authDomains": ["example.com"]})),
    "error": Examples(
        errors={
            400: _error(
                "invalid.resource.argument",
                "One or more input fields link are not valid. "
                'A host cannot contain "@"; user names and passwords are not part of a host.',
                "link",
            ),
            401: _error("access.denied", "Access denied"),
            403: _error("authz.access.forbidden", "You can only read: your role is viewer."),
            404: _error(
                "resource.not.found",
                "No resource exists with the given id/name :913942800120545281",
                "913942800120545281",
            ),
            405: _error("method.not.allowed", "The path does not take PATCH.", "PATCH"),
            409: _error(
                "api.concurrent.access.error",
                "Unable to modify the resource due to concurrent change requests. Try again",
                "userPortalLink",
            ),
            413: _error("request.body.too.large", "The body is larger than 5 MiB."),
            415: _error(
                "unsupported.media.type",
                "The body has to be JSON, with the header Content-Type: application/json.",
            ),
            429: _named(
                {
                    "id": "invalid.toomanyrequests",
                    "reason": "Exceeded the number of requests allowed.",
                    "exception": "invalid.toomanyrequests",
                }
            ),
            500: _error(
                "internal.server.error",
                "Portico failed. Its log has the cause under transaction "
                "1b4e28ba-2fa1-4d3b-9f0e-3c2a4d5e6f70.",
            ),
            503: _error("retryable.server.error", "The database cannot be reached."),
        }
    ),
}
