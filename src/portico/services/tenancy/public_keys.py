"""The rule for public keys of API clients that sign in by assertion."""

from __future__ import annotations

from portico.domain.errors import InvalidField

SMALLEST_KEY_BITS = 2_048


def check_public_key(field: str, pem: str, *, origin: str = "It") -> str:
    """Return the text if it is an RSA public key in PEM that is long enough.

    `origin` is the subject of the message. Raises InvalidField.
    """
    # Imported when it is used, because most commands need no keys.
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem.encode("utf-8", "replace"))
    except ValueError:
        raise InvalidField(field, f"{origin} contains no PEM public key.") from None
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY_BITS:
        raise InvalidField(
            field, f"{origin} contains no RSA key of at least {SMALLEST_KEY_BITS} bits."
        )
    return pem
