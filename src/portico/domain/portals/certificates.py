"""Certificates that user portals name. Portico never stores a private key."""

from __future__ import annotations

from dataclasses import dataclass, replace

from portico.domain.records import DESCRIPTION_LIMIT, OwnedRecord, check_new_name, check_text
from portico.domain.search import NAME_FIELDS, STAMP_FIELDS, Field, FieldKind, fields

KIND = "certificate"
CERTIFICATE_BLOB_LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, kw_only=True)
class CertificateSpec:
    """The fields of a certificate that a client can write, except the PEM text."""

    name: str
    description: str = ""


@dataclass(frozen=True, kw_only=True)
class IssuedCertificate:
    """An X.509 certificate in PEM, its chain, and its fields.

    Names are in the form of RFC 4514. If the certificate has no subject alternative names, `san` is
    the common name, as in the vendor's recordings.
    """

    valid_from_in_epoch_sec: int
    valid_to_in_epoch_sec: int
    certificate: str
    cert_chain: str = ""
    issued_to: str = ""
    issued_by: str = ""
    serial_no: str
    public_key: str
    san: tuple[str, ...] = ()
    c_name: str = ""


@dataclass(frozen=True, kw_only=True)
class Certificate(CertificateSpec, IssuedCertificate, OwnedRecord):
    """A stored certificate."""


CERTIFICATE_FIELDS = fields(
    *NAME_FIELDS,
    Field("cName", FieldKind.ASCII),
    Field("issuedTo", FieldKind.ASCII),
    Field("issuedBy", FieldKind.ASCII),
    Field("serialNo", FieldKind.ASCII),
    Field("validFromInEpochSec", FieldKind.NUMBER),
    Field("validToInEpochSec", FieldKind.NUMBER),
    *STAMP_FIELDS,
)


def check_certificate(spec: CertificateSpec, *, stored_name: str = "") -> CertificateSpec:
    """Return the spec as it will be stored. Raises InvalidField that names the wire field.

    `stored_name` is the current name of a stored certificate. It is accepted with any characters.
    """
    check_text("description", spec.description, DESCRIPTION_LIMIT, multiline=True)
    return replace(spec, name=check_new_name(spec.name, stored=stored_name))
