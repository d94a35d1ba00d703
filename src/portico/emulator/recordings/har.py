"""HTTP Archive files (HAR 1.2), as browsers and proxies export them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from portico.emulator.recordings.exchanges import (
    Exchange,
    RecordingError,
    decoded_base64,
    part_of,
    status_code,
    uncompressed,
)


def exchanges_in_har(document: Mapping[str, Any], name: str) -> Iterator[Exchange]:
    """Yield the exchanges of a parsed HAR file. Raises RecordingError."""
    entries = document["log"].get("entries") if isinstance(document["log"], Mapping) else None
    if not isinstance(entries, list):
        raise RecordingError(f"{name}: Its log has no list of entries, so it is no HAR file.")
    for number, entry in enumerate(entries, start=1):
        where = f"{name}, exchange {number}"
        request, response = part_of(entry, "request", where), part_of(entry, "response", where)
        answer_headers = _headers(response.get("headers"))
        yield Exchange(
            where=where,
            method=str(request.get("method", "")).upper(),
            url=str(request.get("url", "")),
            request_headers=_headers(request.get("headers")),
            request_body=_sent(request.get("postData"), where),
            status=status_code(response.get("status"), where),
            answer_headers=answer_headers,
            answer_body=uncompressed(_answered(response, where), answer_headers, where),
        )


def _headers(headers: object) -> dict[str, str]:
    listed = headers if isinstance(headers, list) else []
    return {
        str(each["name"]).lower(): str(each.get("value", ""))
        for each in listed
        if isinstance(each, Mapping) and "name" in each
    }


def _sent(post_data: object, where: str) -> bytes:
    if not isinstance(post_data, Mapping):
        return b""
    text = post_data.get("text")
    if isinstance(text, str) and text:
        encoded = post_data.get("encoding") == "base64"
        return decoded_base64(text, where) if encoded else text.encode()
    params = post_data.get("params")
    pairs = [
        (str(each.get("name", "")), str(each.get("value", "")))
        for each in (params if isinstance(params, list) else [])
        if isinstance(each, Mapping)
    ]
    return urlencode(pairs).encode()


def _answered(response: Mapping[str, Any], where: str) -> bytes:
    content = response.get("content")
    text = content.get("text") if isinstance(content, Mapping) else None
    if not isinstance(content, Mapping) or not isinstance(text, str):
        return b""
    return decoded_base64(text, where) if content.get("encoding") == "base64" else text.encode()
