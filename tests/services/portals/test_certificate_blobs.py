"""Damaged certificates are refused as such, whatever is damaged."""

from __future__ import annotations

import asyncio
import base64

from cryptography import x509

from portico.domain.errors import InvalidField
from portico.domain.portals.certificates import IssuedCertificate
from portico.services.portals.certificate_blobs import read_blob
from tests.certificates import certificate_pem

PEM = certificate_pem(alternatives=[x509.DNSName("a.example.com")])
DER = base64.b64decode("".join(PEM.splitlines()[1:-1]))
SERIAL = DER.index(bytes.fromhex("0214"))
"""Where the serial number stands: the library warns of a negative one, and takes it."""


def read(der: bytes) -> IssuedCertificate | InvalidField:
    """Return what is read from the bytes of a certificate, or the refusal."""
    body = base64.encodebytes(der).decode()
    try:
        return asyncio.run(
            read_blob(f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n")
        )
    except InvalidField as error:
        return error


def test_every_damaged_byte_is_read_or_refused() -> None:
    places = [place for place in range(len(DER)) if place != SERIAL + 2]
    found = [
        read(DER[:place] + bytes([value]) + DER[place + 1 :])
        for place in places
        for value in (0x00, 0xFF, DER[place] ^ 0x20)
    ]

    refused = [each for each in found if isinstance(each, InvalidField)]
    assert 0 < len(refused) < len(found)
    assert {each.field for each in refused} == {"certBlob"}


def test_every_shortened_certificate_is_refused() -> None:
    assert all(isinstance(read(DER[:length]), InvalidField) for length in range(0, len(DER), 7))


def test_windows_line_ends_and_words_around_the_blocks_are_taken() -> None:
    plain = read(DER)
    framed = asyncio.run(read_blob("Bag Attributes\r\n" + PEM.replace("\n", "\r\n") + "\r\nend"))

    assert framed == plain
