"""Base64 for URLs and cookies, without padding, as in JSON Web Tokens (RFC 7515, section 2)."""

from __future__ import annotations

import base64


def to_base64url(content: bytes) -> str:
    """Return the text for some bytes. A cookie would have to quote the padding that it lacks."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """Return the bytes of a text, which may be padded. Raises ValueError."""
    return base64.urlsafe_b64decode(f"{text}==")
