"""What the X.509 certificates of a PEM text say. Private keys in it are discarded."""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from portico.domain.errors import InvalidField
from portico.domain.portals.certificates import IssuedCertificate


def read_certificates(field: str, content: bytes) -> IssuedCertificate:
    """Return the first certificate of a PEM text, with the others as its chain.

    Raises InvalidField for the field that had the text.
    """
    try:
        return _issued(x509.load_pem_x509_certificates(content))
    except (
        ValueError,
        TypeError,
        UnsupportedAlgorithm,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
    ):
        raise InvalidField(
            field, "It must be PEM text with an X.509 certificate (BEGIN CERTIFICATE)."
        ) from None


def _issued(certificates: Sequence[x509.Certificate]) -> IssuedCertificate:
    leaf, *chain = certificates
    common_name = _common_name(leaf.subject)
    return IssuedCertificate(
        valid_from_in_epoch_sec=int(leaf.not_valid_before_utc.timestamp()),
        valid_to_in_epoch_sec=int(leaf.not_valid_after_utc.timestamp()),
        certificate=_pem(leaf),
        cert_chain="".join(map(_pem, chain)),
        issued_to=leaf.subject.rfc4514_string(),
        issued_by=leaf.issuer.rfc4514_string(),
        serial_no=str(leaf.serial_number),
        public_key=leaf.public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        san=_alternative_names(leaf) or ((common_name,) if common_name else ()),
        c_name=common_name,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _common_name(name: x509.Name) -> str:
    """Return the last common name of a subject, which RFC 4514 writes first."""
    common_names = name.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    return str(common_names[-1].value) if common_names else ""


def _alternative_names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    hosts = extension.value.get_values_for_type(x509.DNSName)
    addresses = extension.value.get_values_for_type(x509.IPAddress)
    return (*hosts, *map(str, addresses))
