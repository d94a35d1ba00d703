"""What the stand-in knows of a request of the vendor's API before it is served.

The journal and the faults share one `VendorRequest`, which lives in the ASGI scope.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import parse_qs

import msgspec
from starlette.types import Message, Receive, Scope

from portico.asgi.bodies import received_again
from portico.domain.base64url import from_base64url
from portico.emulator.operations import Operation, Operations, vendor_path

TenantOfClient = Callable[[str], Awaitable[str | None]]
"""Returns the id of the tenant of an API client, or None if there is no such client."""

TenantClock = Callable[[str | None], float]
"""Returns the time in a tenant in epoch seconds; None stands for the common time."""

OWN_ROOTS = frozenset(
    (
        "",
        "_portico",
        "console",
        "docs",
        "favicon.ico",
        "healthz",
        "openapi.json",
        "p",
        "readyz",
        "robots.txt",
        "static",
    )
)
"""First segments of Portico's own paths. All other requests are meant for the vendor's API."""

FORM_BYTES = 64 * 1024
_TENANT = re.compile(r"/customers/([0-9]{1,19})(?:/|$)")
_SCOPE_KEY = "portico_vendor_request"


@dataclass(slots=True)
class VendorRequest:
    """A request: its operation, its caller, and the fault that struck it.

    `path` has neither the gateway's prefix nor a slash at its end. `client_id` and `customer_id`
    are those that the request claims, or None. `fault` is the id of the rule that struck.
    """

    method: str
    path: str
    operation: Operation | None
    customer_id: str | None
    client_id: str | None
    address: str
    token: str
    fault: str | None = None
    effect: str | None = None

    @property
    def operation_id(self) -> str | None:
        """The id of the operation, or None if the path met no route."""
        return None if self.operation is None else self.operation.id


class _Claims(msgspec.Struct, rename="camel"):
    sub: str | None = None
    customer_id: str | None = None


_CLAIMS = msgspec.json.Decoder(_Claims)


def is_vendor_path(path: str) -> bool:
    """Return whether a path can belong to the vendor's API, and not to Portico's own pages."""
    return path.split("/", 2)[1] not in OWN_ROOTS if path.startswith("/") else False


def vendor_request(scope: Scope, operations: Operations) -> VendorRequest:
    """Return what is known of a request. It is read once, and then found in the scope."""
    known: VendorRequest | None = scope.get(_SCOPE_KEY)
    if known is None:
        known = _read(scope, operations)
        scope[_SCOPE_KEY] = known
    return known


def _read(scope: Scope, operations: Operations) -> VendorRequest:
    method, path = scope["method"], scope["path"]
    matched = operations.match(method, path)
    token = _bearer(scope)
    client_id, customer_id = claims_of(token)
    client, named = scope.get("client"), _TENANT.search(path)
    return VendorRequest(
        method=method,
        path=vendor_path(path),
        operation=None if matched is None else matched.operation,
        customer_id=named[1] if named else customer_id,
        client_id=client_id,
        address=client[0] if client else "",
        token=token,
    )


def _bearer(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            token: str = value[7:].decode("latin-1").strip()
            return token
    return ""


def claims_of(token: str) -> tuple[str | None, str | None]:
    """Return the ids of the client and the tenant that an unverified token claims, or None."""
    parts = token.split(".")
    if len(parts) != 3:
        return None, None
    try:
        claims = _CLAIMS.decode(from_base64url(parts[1]))
    except (ValueError, msgspec.MsgspecError):
        return None, None
    return claims.sub, claims.customer_id


async def read_body(receive: Receive, most: int) -> tuple[bytes, Receive]:
    """Return the body, or its beginning if it is longer, and what receives all of it again."""
    messages: list[Message] = []
    body = b""
    while len(body) <= most:
        message = await receive()
        messages.append(message)
        if message["type"] != "http.request":
            break
        body += message["body"]
        if not message.get("more_body", False):
            break
    return body, received_again(messages, receive)


def client_of_sign_in(scope: Scope, body: bytes) -> str | None:
    """Return the id of the client that signs in, of the form or of HTTP Basic, or None."""
    form = parse_qs(body.decode("utf-8", "replace"))
    if "client_id" in form:
        return form["client_id"][-1]
    for name, value in scope["headers"]:
        if name == b"authorization" and value[:6].lower() == b"basic ":
            try:
                pair = base64.b64decode(value[6:], validate=True).decode("utf-8", "replace")
            except binascii.Error:
                return None
            return pair.partition(":")[0] or None
    return None
