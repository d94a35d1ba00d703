"""The statuses of errors, in one table, and the body of an error answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from msgspec import UNSET, UnsetType
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from portico.asgi.bodies import BodyTooLarge
from portico.asgi.exchange import exchange_of
from portico.asgi.routing import AnswerError, MethodNotAllowed, NoSuchPath, printable_path
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
from portico.http.kit.answers import Answer, answer_json, encode
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


class ErrorAnswer(WireStruct, frozen=True, kw_only=True):
    """The body of every error answer."""

    id: str
    reason: str
    params: tuple[str, ...] | UnsetType = UNSET
    exception: str | UnsetType = UNSET


class UnknownOperation(PorticoError):
    """The path is one of the vendor's API, but Portico has no such operation (decision 15).

    The status is 400: clients take a 404 for a deleted object, and retry after a 409 or 5xx.
    """

    code = "portico.operation.unknown"


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


def answer_error(request: Request, error: PorticoError, *, vendor_statuses: bool) -> Answer:
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
    if isinstance(error, MethodNotAllowed):
        return {"allow": error.allowed}
    if isinstance(error, TooManyRequests):
        return {"retry-after": f"{error.retry_after}s"}
    if status == 503:
        return {"retry-after": f"{RETRY_AFTER_SECONDS}s"}
    if status == 401:
        return {"www-authenticate": "Bearer"}
    return {}


def api_errors(*, vendor_statuses: bool) -> AnswerError:
    """Return what answers the errors of the API, and those of paths that no page has."""

    def answer(request: Request, error: Exception) -> Answer:
        transaction_id = exchange_of(request).transaction_id
        if isinstance(error, NoSuchPath):
            error = _unknown_operation(request) or error
        elif isinstance(error, Unavailable):
            logger.warning("%s (transaction %s)", error.reason, transaction_id)
        elif not isinstance(error, PorticoError):
            logger.error("Unexpected error in transaction %s", transaction_id, exc_info=error)
            error = InternalError(
                f"Portico failed. Its log has the cause under transaction {transaction_id}."
            )
        return answer_error(request, error, vendor_statuses=vendor_statuses)

    return answer


def _unknown_operation(request: Request) -> UnknownOperation | None:
    """Return the error of a path that the vendor's API has, or might have."""
    path, method = printable_path(request.scope["path"]), request.method
    if path.removeprefix("/").partition("/")[0] not in API_ROOTS:
        return None
    return UnknownOperation(f"Portico has no operation {method} {path}.", method, path)


async def refuse_ambiguous(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer 400 to a request with several `Authorization` headers, as an ASGI application."""
    error = InvalidField("Authorization", "It was sent more than once. Send it once.")
    answer = answer_error(Request(scope), error, vendor_statuses=False)
    await answer(scope, receive, send)
