"""Sign-in attempts at a provider, which the browser carries in a signed cookie.

The key is derived from the database's signing keys, so every server can read the cookies of the
others, and a request from somebody who has not signed in stores nothing.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from portico.domain.base64url import from_base64url, to_base64url
from portico.domain.tenancy.identity import SigningKey

ATTEMPT_SECONDS = 10 * 60
_PURPOSE = b"portico sign-in attempt, version 1"


@dataclass(frozen=True, kw_only=True)
class SignInAttempt:
    """One attempt, from leaving for the provider to coming back from it.

    `portal` is the address of the portal whose sign-in page it started on, empty for the console.
    `customer_id` is the tenant of that portal, or of the provider. `expires` is in epoch seconds.
    """

    state: str
    nonce: str
    verifier: str
    provider_id: int
    customer_id: int
    portal: str
    next: str
    expires: int


def sign_attempt(attempt: SignInAttempt, browser: str, keys: Sequence[SigningKey]) -> str:
    """Return the attempt as a cookie value that is valid only together with the browser's token.

    The first of `keys` signs; its id is the first part of the value.
    """
    signed = f"{keys[0].id}.{to_base64url(json.dumps(asdict(attempt)).encode())}"
    return f"{signed}.{_mac(keys[0], signed, browser)}"


def read_attempt(
    value: str, browser: str, keys: Sequence[SigningKey], now: int
) -> SignInAttempt | None:
    """Return the attempt of a cookie value, or None.

    None stands for a value that was altered, that another browser was given, that has expired,
    or whose key has retired.
    """
    signed, _, mac = value.rpartition(".")
    key_id, _, content = signed.partition(".")
    key = next((each for each in keys if str(each.id) == key_id), None)
    if key is None or not browser or (key.retire_time is not None and key.retire_time <= now):
        return None
    expected = _mac(key, signed, browser)
    if not hmac.compare_digest(mac.encode("utf-8", "replace"), expected.encode()):
        return None
    attempt = SignInAttempt(**json.loads(from_base64url(content)))
    return attempt if now < attempt.expires else None


def _mac(key: SigningKey, signed: str, browser: str) -> str:
    """Return the HMAC of a value and a browser's token, with a key for this purpose alone."""
    derived = hmac.digest(key.secret.encode(), _PURPOSE, "sha256")
    message = f"{signed}\n{browser}".encode("utf-8", "surrogatepass")
    return to_base64url(hmac.digest(derived, message, "sha256"))
