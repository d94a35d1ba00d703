"""Removes secrets from headers and bodies before the journal stores them."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "***"

_HEADERS = frozenset(("authorization", "cookie", "proxy-authorization", "set-cookie"))
_NAMES = (
    "access_token|client_assertion|client_secret|clientSecret|id_token|password|private_key|"
    "privateKey|refresh_token|secret"
)
_IN_JSON = re.compile(rf'("(?:{_NAMES})"\s*:\s*)"(?:[^"\\]|\\.)*(?:"|\\?\Z)')
_IN_FORM = re.compile(rf"((?:^|&)(?:{_NAMES})=)[^&]*")
_PRIVATE_KEY = re.compile(
    r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----).*?(-----END [A-Z ]{0,30}PRIVATE KEY-----|\Z)",
    re.DOTALL,
)


def masked_headers(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    """Return headers as text, without tokens, passwords and cookies. The scheme stays."""
    return [_masked(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


def _masked(name: str, value: str) -> tuple[str, str]:
    if name.lower() not in _HEADERS:
        return name, value
    scheme, space, rest = value.partition(" ")
    has_scheme = "authorization" in name.lower() and space and rest
    return name, f"{scheme} {MASK}" if has_scheme else MASK


def masked_body(body: str, *, form: bool) -> str:
    """Return a body without secrets: known members of JSON or of a form, and private keys."""
    if form:
        return _IN_FORM.sub(rf"\g<1>{MASK}", body)
    body = _IN_JSON.sub(rf'\g<1>"{MASK}"', body)
    return _PRIVATE_KEY.sub(rf"\g<1>{MASK}\g<2>", body)
