"""Self-signed certificates for seeds that need one and do not care which.

The same name and time always give the same certificate, so that two stand-ins of the same seed are
alike. Its private key follows from its name, so it protects nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

VALID_DAYS = 825
COMMON_NAME_LIMIT = 64
"""The largest number of characters of a common name in X.509."""


def generate_certificate(domains: Sequence[str], now: int) -> str:
    """Return a certificate for domains in PEM, valid from the day before `now` (epoch seconds).

    Raises ValueError for a domain that a certificate cannot contain.
    """
    digest = hashlib.sha256("\n".join(domains).encode()).digest()
    # The order of P-256 is a little below 2^256, so the highest bit stays unset.
    key = ec.derive_private_key(int.from_bytes(digest) >> 1 or 1, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, domains[0][:COMMON_NAME_LIMIT])])
    start = datetime.fromtimestamp(now - now % 86_400, UTC) - timedelta(days=1)
    alternatives = x509.SubjectAlternativeName([x509.DNSName(each) for each in domains])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(digest[:16]) >> 1 or 1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=VALID_DAYS))
        .add_extension(alternatives, critical=False)
    )
    signed = builder.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return signed.public_bytes(Encoding.PEM).decode()
