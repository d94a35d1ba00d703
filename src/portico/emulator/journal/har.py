"""The journal as an HTTP Archive (HAR 1.2), which browsers and other tools open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from portico import __version__
from portico.emulator.journal.entries import Body, Entry, Header

FORM = "application/x-www-form-urlencoded"
_CONNECTION_ENDED = 0
"""The status of a request without an answer, as browsers write it."""


def to_har(entries: Iterable[Entry]) -> bytes:
    """Return entries as a HAR file. Names that start with `_` are Portico's additions."""
    log = {
        "version": "1.2",
        "creator": {"name": "Portico", "version": __version__},
        "entries": [_entry(each) for each in entries],
    }
    return msgspec.json.encode({"log": log})


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "startedDateTime": datetime.fromtimestamp(entry.time, UTC).isoformat("T", "milliseconds"),
        "time": entry.milliseconds,
        "request": _request(entry),
        "response": _response(entry),
        "cache": {},
        "timings": {"send": 0, "wait": entry.milliseconds, "receive": 0},
        "_id": entry.id,
        "_operation": entry.operation,
        "_customerId": entry.customer_id,
        "_clientId": entry.client_id,
        "_fault": entry.fault,
        "_unreadFields": entry.unread_fields,
    }


def _request(entry: Entry) -> dict[str, Any]:
    query = f"?{entry.query}" if entry.query else ""
    body = entry.request.body
    request: dict[str, Any] = {
        "method": entry.method,
        "url": f"{entry.scheme}://{entry.host or 'localhost'}{entry.path}{query}",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": entry.request.headers,
        "queryString": _pairs(entry.query),
        "headersSize": -1,
        "bodySize": body.size,
    }
    if body.size:
        request["postData"] = _post_data(entry.request.headers, body)
    return request


def _post_data(headers: Sequence[Header], body: Body) -> dict[str, Any]:
    kind = _value(headers, "content-type")
    data: dict[str, Any] = {"mimeType": kind, "text": body.text, **_cut(body)}
    if kind.startswith(FORM):
        data["params"] = _pairs(body.text)
    return data


def _response(entry: Entry) -> dict[str, Any]:
    answer = entry.answer
    headers = () if answer is None else answer.headers
    body = Body() if answer is None else answer.body
    status = _CONNECTION_ENDED if answer is None else answer.status
    return {
        "status": status,
        "statusText": _phrase(status),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": headers,
        "content": {
            "size": len(body.text.encode()),
            "mimeType": _value(headers, "content-type"),
            "text": body.text,
            **_cut(body),
        },
        "redirectURL": _value(headers, "location"),
        "headersSize": -1,
        "bodySize": body.size,
    }


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _cut(body: Body) -> dict[str, str]:
    return {"comment": "The journal has only the beginning of this body."} if body.cut else {}


def _pairs(text: str) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in parse_qsl(text, True)]


def _value(headers: Sequence[Header], wanted: str) -> str:
    return next((each.value for each in headers if each.name.lower() == wanted), "")
