"""The errors of the vendor's reference that a fault can answer with.

docs/explanation/vendor-api.md, "Errors", lists them. A permanent error must have neither the status
409 nor the id `bad.request`: clients repeat those.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

CONCURRENT_CHANGE = "api.concurrent.access.error"
TOO_MANY_REQUESTS = "invalid.toomanyrequests"
RETRYABLE = "retryable.server.error"
ACCESS_DENIED = "access.denied"
INTERNAL = "internal.server.error"

REASONS: Mapping[str, str] = {
    "resource.not.found": "No resource exists with the given id/name :0",
    "resource.referenced": "Resource is being referenced in USER_PORTAL : Staff.",
    "resource.already.exist": "A resource with the name already exists.",
    "invalid.resource.argument": "One or more input fields name are not valid.",
    "filtering.input.invalid.operand": "Invalid operand:name in Filtering criteria.",
    "domains.already.exists.in.other.microtenant": (
        "The domain already belongs to another microtenant."
    ),
    "domains.does.not.belong.to.customer": "The domain does not belong to this tenant.",
    "config.change.not.allowed.sku.not.enabled": (
        "The change is not allowed, because the subscription does not include it."
    ),
    "bad.request": "Bad request",
    "db.simultaneous.request": "Another request changes the same object.",
    "non.restricted.entity.authorization.failed": "Authorization failed.",
    ACCESS_DENIED: "Access denied",
    "authz.featureflag.permission.denied": "The feature is not enabled for this tenant.",
    "authz.access.forbidden": "The API client is not allowed to do this.",
    CONCURRENT_CHANGE: (
        "Unable to modify the resource due to concurrent change requests. Try again"
    ),
    TOO_MANY_REQUESTS: "Exceeded the number of requests allowed.",
    INTERNAL: "Internal server error",
    RETRYABLE: "The service is unavailable. Retry after the time in the header Retry-After.",
}
"""The reason of each documented error, by its id."""

_BY_STATUS: Mapping[int, str] = {
    400: "invalid.resource.argument",
    401: ACCESS_DENIED,
    403: "authz.access.forbidden",
    404: "resource.not.found",
    409: CONCURRENT_CHANGE,
    429: TOO_MANY_REQUESTS,
    503: RETRYABLE,
}


def usual_error(status: int) -> str:
    """Return the id of the error that a status usually has."""
    return _BY_STATUS.get(status, INTERNAL if status >= 500 else "bad.request")


def envelope(status: int, error_id: str, reason: str = "") -> bytes:
    """Return the body of an error in the vendor's form, with its documented reason or another."""
    body = {"id": error_id, "reason": reason or REASONS[error_id]}
    if status == 429:
        body["exception"] = error_id
    return json.dumps(body).encode()
