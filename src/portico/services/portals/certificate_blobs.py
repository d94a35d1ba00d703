"""Taking the PEM text that clients send for a certificate, within its limit."""

from __future__ import annotations

import asyncio

from portico.domain.errors import InvalidField
from portico.domain.portals.certificates import CERTIFICATE_BLOB_LIMIT_BYTES, IssuedCertificate
from portico.domain.records import check_text

FIELD = "certBlob"


async def read_blob(blob: str) -> IssuedCertificate:
    """Return the first certificate of a PEM text, with the others as its chain.

    Blocks of other types, private keys above all, are dropped. No error repeats any of the text.
    Raises InvalidField.
    """
    content = blob.encode("utf-8", "replace")
    if len(content) > CERTIFICATE_BLOB_LIMIT_BYTES:
        limit = CERTIFICATE_BLOB_LIMIT_BYTES // 1024
        raise InvalidField(FIELD, f"It must have at most {limit} KiB.")
    # A hostile certificate with thousands of names takes tens of milliseconds.
    return await asyncio.to_thread(_read, content)


def _read(content: bytes) -> IssuedCertificate:
    # What reads X.509 takes long to import, and only certificates need it.
    from portico.services.portals.pem import read_certificates

    issued = read_certificates(FIELD, content)
    for name in (issued.issued_to, issued.issued_by, issued.c_name, *issued.san):
        check_text(FIELD, name, CERTIFICATE_BLOB_LIMIT_BYTES)
    return issued
