"""Writing exchanges as a cassette of vcrpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from portico.emulator.recordings.exchanges import Exchange


def as_cassette(exchanges: Sequence[Exchange]) -> str:
    """Return the YAML text of a cassette. Bodies must be text."""
    import yaml  # takes longer to load than `portico --help` may take

    interactions = [_interaction(each) for each in exchanges]
    text: str = yaml.safe_dump(
        {"interactions": interactions, "version": 1}, allow_unicode=True, sort_keys=False, width=100
    )
    return text


def _interaction(exchange: Exchange) -> dict[str, Any]:
    return {
        "request": {
            "body": exchange.request_body.decode() or None,
            "headers": _headers(exchange.request_headers),
            "method": exchange.method,
            "uri": exchange.url,
        },
        "response": {
            "body": {"string": exchange.answer_body.decode()},
            "headers": _headers(exchange.answer_headers),
            "status": {"code": exchange.status, "message": _phrase(exchange.status)},
        },
    }


def _headers(headers: Mapping[str, str]) -> dict[str, list[str]]:
    return {name: [value] for name, value in sorted(headers.items())}


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
