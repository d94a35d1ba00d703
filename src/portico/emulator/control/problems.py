"""Errors of the control API as problem documents (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from portico.asgi.bodies import BodyTooLarge
from portico.asgi.routing import MethodNotAllowed, NoSuchPath, printable_path
from portico.domain.errors import (
    ConcurrentChange,
    Forbidden,
    InvalidField,
    InvalidInput,
    NotFound,
    PorticoError,
    Unavailable,
)
from portico.emulator.mutations import NoSuchLink
from portico.emulator.snapshots import NoSuchSnapshot, SnapshotRefused
from portico.emulator.stand_in import NoSuchTenant

MEDIA_TYPE = "application/problem+json"
STATUS_OF: Mapping[type[PorticoError], int] = {
    InvalidInput: 400,
    Forbidden: 403,
    NotFound: 404,
    NoSuchSnapshot: 404,
    NoSuchTenant: 404,
    NoSuchLink: 404,
    SnapshotRefused: 409,
    ConcurrentChange: 409,
    BodyTooLarge: 413,
    Unavailable: 503,
}

logger = logging.getLogger("portico")


class Problem(msgspec.Struct, frozen=True):
    """The body of an error answer. `code` names the condition as the API's errors do."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def problem(status: int, detail: str, code: str) -> Problem:
    """Return the problem document of an error."""
    return Problem(
        type=f"urn:portico:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
    )


def problem_of(error: PorticoError) -> Problem:
    """Return the problem document of one of Portico's errors."""
    found = (STATUS_OF[each] for each in type(error).__mro__ if each in STATUS_OF)
    detail = f"{error.field}: {error.why}" if isinstance(error, InvalidField) else error.reason
    return problem(next(found, 400), detail, error.code)


def answer_control_error(request: Request, error: Exception) -> ASGIApp:
    """Return the answer to an error: one of Portico's, or a defect, which is logged."""
    where = printable_path(request.scope["path"])
    if isinstance(error, NoSuchPath):
        detail = f"The control API has no {where}. GET /_portico/routes lists what it has."
        return answer_problem(problem(404, detail, "portico.control.unknown"))
    if isinstance(error, MethodNotAllowed):
        detail = f"{error.reason} GET /_portico/routes lists what it does."
        return answer_problem(problem(405, detail, error.code), {"Allow": error.allowed})
    if isinstance(error, PorticoError):
        return answer_problem(problem_of(error))
    call = f"{request.method} {where}"
    logger.error("Unexpected error in %s", call, exc_info=error)
    return answer_problem(problem(500, f"{call} failed. The log has the cause.", "internal"))


def answer_problem(found: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer with a problem document."""
    return Response(
        msgspec.json.encode(found),
        status_code=found.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )
