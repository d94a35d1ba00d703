"""Errors of the control API as problem documents (RFC 9457)."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

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
    Unavailable: 503,
}

_NAMES = {"form": "format", "data": "body"}
"""The names on the wire of what handlers cannot call so."""

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


def exception_handlers() -> ExceptionHandlersMap:
    """Return the handlers of the control API: Portico's errors, the framework's, and defects."""
    return {PorticoError: _known, HTTPException: _framework, Exception: _defect}


def problem_of(error: PorticoError) -> Problem:
    """Return the problem document of one of Portico's errors."""
    found = (STATUS_OF[each] for each in type(error).__mro__ if each in STATUS_OF)
    detail = f"{error.field}: {error.why}" if isinstance(error, InvalidField) else error.reason
    return problem(next(found, 400), detail, error.code)


def _known(_: Request[Any, Any, Any], error: PorticoError) -> Response[bytes]:
    return answer_problem(problem_of(error))


def _framework(request: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    path = request.scope["path"]
    if error.status_code == 404:
        detail = f"The control API has no {path}. GET /_portico/routes lists what it has."
        return answer_problem(problem(404, detail, "portico.control.unknown"))
    if error.status_code == 405:
        detail = f"{path} does not allow {request.method}. GET /_portico/routes lists what it does."
        return answer_problem(problem(405, detail, "method.not.allowed"), error.headers)
    return answer_problem(problem(error.status_code, _detail(error), "invalid.resource.argument"))


def _defect(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    where = f"{request.method} {request.scope['path']}"
    logger.error("Unexpected error in %s", where, exc_info=error)
    return answer_problem(problem(500, f"{where} failed. The log has the cause.", "internal"))


def _detail(error: HTTPException) -> str:
    """Return a sentence that names the wrong fields, as far as the framework knows them."""
    extra = error.extra if isinstance(error.extra, list) else []
    named = [(each.get("key", "body"), each.get("message")) for each in extra]
    wrong = [f"{_NAMES.get(name, name)}: {message}" for name, message in named]
    sentence = f"{'; '.join(wrong) or error.detail.rstrip('.')}."
    if "Invalid enum value" in sentence:
        sentence += " GET /_portico/openapi.json lists the values."
    return sentence


def answer_problem(found: Problem, headers: Mapping[str, str] | None = None) -> Response[bytes]:
    """Return the answer with a problem document."""
    return Response(
        msgspec.json.encode(found),
        status_code=found.status,
        media_type=MEDIA_TYPE,
        headers=headers or {},
    )
