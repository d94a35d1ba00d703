"""The statuses of errors, in one table, and the body of an error answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import cast
from urllib.parse import quote

from litestar import Request
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap, Receive, Scope, Send
from msgspec import UNSET, UnsetType

from portico.asgi.bodies import BodyTooLarge
from portico.asgi.exchange import exchange_of
from portico.domain.errors import (
    AccessDenied,
    ConcurrentChange,
    Forbidden,
    InvalidField,
    InvalidInput,
    LockedOut,
    NotFound,
    PorticoError,
    Unavailable,
)
from portico.http.kit.answers import Answer, AnyRequest, answer_json, encode
from portico.http.kit.wire import WireStruct

logger = logging.getLogger("portico")

RETRY_AFTER_SECONDS = 5
API_ROOTS = {
    *("mgmtconfig", "userconfig", "cbiconfig", "zpa", "cbi", "oauth2", "scim"),
    *("aiguard", "bi", "easm", "zcc", "zcell", "zdx", "zia", "ziam", "zid", "zins", "zms"),
    *("ztb", "ztw", "zwa"),
}
"""First segments of the vendor's API paths, and of its other products behind the same host.

Portico has some of the operations below the first few.
"""
PATH_LIMIT = 200


class ErrorAnswer(WireStruct, frozen=True, kw_only=True):
    """The body of every error answer."""

    id: str
    reason: str
    params: tuple[str, ...] | UnsetType = UNSET
    exception: str | UnsetType = UNSET


class NoSuchPath(PorticoError):
    """Nothing is served at the path. The status is 404 on every path."""

    code = "resource.not.found"


class UnknownOperation(PorticoError):
    """The path is one of the vendor's API, but Portico has no such operation (decision 15).

    The status is 400: clients take a 404 for a deleted object, and retry after a 409 or 5xx.
    """

    code = "portico.operation.unknown"


class MethodNotAllowed(PorticoError):
    """The path has other methods than this one. The header Allow lists them."""

    code = "method.not.allowed"


class UnsupportedMediaType(PorticoError):
    """The body does not have the media type that the operation reads."""

    code = "unsupported.media.type"


class TooManyRequests(PorticoError):
    """The API client exceeded its rate limit. `retry_after` is in seconds."""

    code = "invalid.toomanyrequests"

    def __init__(self, retry_after: int) -> None:
        super().__init__("Exceeded the number of requests allowed.")
        self.retry_after = retry_after


class InternalError(PorticoError):
    """A defect of Portico. The log has the cause under the transaction id."""

    code = "internal.server.error"


STATUS_OF: Mapping[type[PorticoError], int] = {
    InvalidInput: 400,
    AccessDenied: 401,
    LockedOut: 429,
    Forbidden: 403,
    NotFound: 404,
    NoSuchPath: 404,
    UnknownOperation: 400,
    MethodNotAllowed: 405,
    ConcurrentChange: 409,
    BodyTooLarge: 413,
    UnsupportedMediaType: 415,
    TooManyRequests: 429,
    InternalError: 500,
    Unavailable: 503,
}


def status_of(error: PorticoError, *, vendor_statuses: bool = False) -> int:
    """Return the status of an error: that of its nearest class in `STATUS_OF`."""
    if vendor_statuses and isinstance(error, NotFound):
        return 400
    return next(STATUS_OF[each] for each in type(error).__mro__ if each in STATUS_OF)


def answer_error(request: AnyRequest, error: PorticoError, *, vendor_statuses: bool) -> Answer:
    """Return the answer for an error."""
    status = status_of(error, vendor_statuses=vendor_statuses)
    payload = ErrorAnswer(
        id=error.code,
        reason=error.reason,
        params=error.params or UNSET,
        exception=error.code if status == 429 else UNSET,
    )
    return answer_json(request, encode(payload), status=status, headers=_headers(error, status))


def _headers(error: PorticoError, status: int) -> dict[str, str]:
    if isinstance(error, TooManyRequests):
        return {"retry-after": f"{error.retry_after}s"}
    if status == 503:
        return {"retry-after": f"{RETRY_AFTER_SECONDS}s"}
    if status == 401:
        return {"www-authenticate": "Bearer"}
    return {}


def exception_handlers(*, vendor_statuses: bool) -> ExceptionHandlersMap:
    """Return the handlers of exceptions: Portico's own, the framework's, and all others."""

    def known(request: AnyRequest, error: PorticoError) -> Answer:
        if isinstance(error, Unavailable):
            logger.warning("%s (transaction %s)", error.reason, exchange_of(request).transaction_id)
        return answer_error(request, error, vendor_statuses=vendor_statuses)

    def framework(request: AnyRequest, error: HTTPException) -> Answer:
        if error.status_code >= 500:
            return defect(request, error)
        answer = answer_error(request, _translated(request, error), vendor_statuses=vendor_statuses)
        for name, value in (error.headers or {}).items():
            if name.lower() == "allow":
                allowed = ", ".join(sorted(value.split(", ")))
                answer.headers.append((b"allow", allowed.encode()))
        return answer

    def defect(request: AnyRequest, error: Exception) -> Answer:
        transaction_id = exchange_of(request).transaction_id
        logger.error("Unexpected error in transaction %s", transaction_id, exc_info=error)
        hidden = InternalError(
            f"Portico failed. Its log has the cause under transaction {transaction_id}."
        )
        return answer_error(request, hidden, vendor_statuses=vendor_statuses)

    handlers = {PorticoError: known, HTTPException: framework, Exception: defect}
    # The framework calls nothing but `to_asgi_response` of an answer.
    return cast("ExceptionHandlersMap", handlers)


def _translated(request: AnyRequest, error: HTTPException) -> PorticoError:
    """Return one of Portico's errors for an exception of the framework."""
    path = _printable_path(request.scope["path"])
    if error.status_code == 404:
        if path.removeprefix("/").partition("/")[0] in API_ROOTS:
            method = request.method
            return UnknownOperation(f"Portico has no operation {method} {path}.", method, path)
        return NoSuchPath(f"Nothing is served at {path}.", path)
    if error.status_code == 405:
        return MethodNotAllowed(f"{path} does not allow {request.method}.", request.method)
    if error.status_code == 415:
        return UnsupportedMediaType(error.detail)
    return InvalidField("request", f"{error.detail}.")


def _printable_path(path: str) -> str:
    """Return a path for an error message: percent-encoded again, and cut to a limit."""
    return quote(path, safe="/:@!$&'()*+,;=~", errors="replace")[:PATH_LIMIT]


async def refuse_ambiguous(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 400 to a request with several `Authorization` headers, as an ASGI application."""
    request: AnyRequest = Request(scope)
    error = InvalidField("Authorization", "It was sent more than once. Send it once.")
    await answer_error(request, error, vendor_statuses=False)(scope, receive, send)
