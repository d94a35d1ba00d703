"""Certificates and private keys in PEM, made for tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

VALID_FROM = datetime(2025, 11, 26, 21, 18, 7, tzinfo=UTC)
VALID_TO = datetime(2035, 11, 24, 21, 18, 7, tzinfo=UTC)
RECORDED_SUBJECT = (
    (x509.NameOID.COUNTRY_NAME, "US"),
    (x509.NameOID.STATE_OR_PROVINCE_NAME, "California"),
    (x509.NameOID.LOCALITY_NAME, "San Jose"),
    (x509.NameOID.ORGANIZATION_NAME, "BD-RedHat"),
    (x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "IT Department"),
)
"""What stands before the common name in the vendor's recorded certificate."""


@lru_cache
def private_key() -> ec.EllipticCurvePrivateKey:
    """Return the key that signs every certificate here."""
    return ec.generate_private_key(ec.SECP256R1())


@lru_cache
def private_key_pem(
    private_format: PrivateFormat = PrivateFormat.TraditionalOpenSSL, passphrase: bytes = b""
) -> str:
    """Return that key in PEM, encrypted if there is a passphrase."""
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return private_key().private_bytes(Encoding.PEM, private_format, encryption).decode()


def certificate_pem(
    common_name: str = "sales.example.com",
    *,
    subject: Sequence[tuple[x509.ObjectIdentifier, str]] = (),
    alternatives: Sequence[x509.GeneralName] = (),
    serial: int = 155059460017986461224093843644785612210585263861,
) -> str:
    """Return a self-signed certificate in PEM; its last subject attribute is the common name."""
    attributes = [x509.NameAttribute(oid, value) for oid, value in subject]
    if common_name:
        attributes.append(x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name))
    name = x509.Name(attributes)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key().public_key())
        .serial_number(serial)
        .not_valid_before(VALID_FROM)
        .not_valid_after(VALID_TO)
    )
    if alternatives:
        extension = x509.SubjectAlternativeName(alternatives)
        builder = builder.add_extension(extension, critical=False)
    signed = builder.sign(private_key(), hashes.SHA256())
    return signed.public_bytes(Encoding.PEM).decode()
