"""Cassettes of vcrpy: a YAML file with a list of interactions, in the forms that vcrpy has written.

Bodies are strings, bytes (`!!binary`), or mappings with `string` or `base64_string`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from portico.emulator.recordings.exchanges import (
    Exchange,
    RecordingError,
    decoded_base64,
    part_of,
    status_code,
    uncompressed,
)


def exchanges_in_cassette(document: object, name: str) -> Iterator[Exchange]:
    """Yield the exchanges of a parsed cassette. Raises RecordingError."""
    interactions = document.get("interactions") if isinstance(document, Mapping) else document
    if not isinstance(interactions, list):
        raise RecordingError(f"{name}: It has no list of interactions, so it is no cassette.")
    for number, interaction in enumerate(interactions, start=1):
        where = f"{name}, exchange {number}"
        request = part_of(interaction, "request", where)
        response = part_of(interaction, "response", where)
        answer_headers = _headers(response.get("headers"), where)
        yield Exchange(
            where=where,
            method=str(request.get("method", "")).upper(),
            url=str(request.get("uri") or request.get("url") or ""),
            request_headers=_headers(request.get("headers"), where),
            request_body=_body(request.get("body"), where),
            status=_status(response, where),
            answer_headers=answer_headers,
            answer_body=uncompressed(
                _body(response.get("body", response.get("content")), where), answer_headers, where
            ),
        )


def _status(response: Mapping[str, Any], where: str) -> int:
    status = response.get("status", response.get("status_code"))
    return status_code(status.get("code") if isinstance(status, Mapping) else status, where)


def _headers(headers: object, where: str) -> dict[str, str]:
    """Return headers by their names in lower case. vcrpy writes a list of values for each."""
    if headers is None:
        return {}
    if not isinstance(headers, Mapping):
        raise RecordingError(f"{where}: The headers are no mapping.")
    return {
        str(name).lower(): ", ".join(map(_text, value)) if isinstance(value, list) else _text(value)
        for name, value in headers.items()
    }


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def _body(body: object, where: str) -> bytes:
    if isinstance(body, Mapping):
        if "base64_string" in body:
            return decoded_base64(_text(body["base64_string"]), where)
        body = body.get("string")
    if body is None:
        return b""
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    raise RecordingError(f"{where}: A body is neither text nor bytes.")
