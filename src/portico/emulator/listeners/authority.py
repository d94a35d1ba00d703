"""The certificate authority of this machine, which signs the stand-in's certificates.

Its name constraints list the vendor's hosts and loopback alone, so trusting it endangers no other
site.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from portico.domain.errors import Unavailable
from portico.storage.engine.files import (
    create_private_folder,
    loose_modes,
    replace_private_file,
)

CERTIFICATE_FILE = "ca.pem"
KEY_FILE = "ca.key"
LOCK_FILE = "ca.lock"
LIFETIME = timedelta(days=365)
RENEWED_BEFORE = timedelta(days=30)
CLOCK_SKEW = timedelta(days=1)
LOCAL_NAME = "localhost"
LOOPBACK = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
ORGANIZATION = x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Portico stand-in")
_READABLE = 0o644
_KEY_ID_DIGITS = 8


class AuthorityError(Unavailable):
    """The folder of the authority cannot be used. The message says why and what to do."""


@dataclass(frozen=True)
class Authority:
    """A certificate with its private key. `path` is the certificate's file, which clients trust."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    path: Path

    @property
    def expires(self) -> datetime:
        """Return the end of the certificate's validity."""
        return self.certificate.not_valid_after_utc

    def domains(self) -> set[str]:
        """Return the domains for which it can sign."""
        return _domains(self.certificate)


def default_folder(environment: Mapping[str, str]) -> Path:
    """Return `portico/ca` in the user's XDG data folder."""
    data = environment.get("XDG_DATA_HOME", "")
    # The specification says to ignore a relative path.
    root = Path(data) if Path(data).is_absolute() else Path.home() / ".local/share"
    return root / "portico" / "ca"


def open_authority(folder: Path, domains: Iterable[str], now: datetime) -> Authority:
    """Return the authority of a folder, created or renewed if needed. Raises AuthorityError.

    It is renewed when less than 30 days are left, or when it lacks some of the domains. Renewal
    keeps the key, so clients that have already loaded the older certificate still trust new leaves.
    """
    wanted = {*domains, LOCAL_NAME}
    with _locked(folder):
        key = _read_key(folder) or _create_key(folder)
        certificate = _read_certificate(folder)
        if certificate is None or certificate.public_key() != key.public_key():
            certificate = _create_certificate(folder, key, wanted, now)
        elif not _is_fresh(certificate, now) or not wanted <= _domains(certificate):
            certificate = _create_certificate(folder, key, wanted | _domains(certificate), now)
    return Authority(certificate, key, folder / CERTIFICATE_FILE)


def renew_authority(folder: Path, domains: Iterable[str], now: datetime) -> Authority:
    """Replace the authority of a folder, with a new key. Raises AuthorityError."""
    with _locked(folder):
        key = _create_key(folder)
        certificate = _create_certificate(folder, key, {*domains, LOCAL_NAME}, now)
    return Authority(certificate, key, folder / CERTIFICATE_FILE)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process at a time use the folder, and turn its errors into AuthorityError."""
    try:
        create_private_folder(folder)
        lock = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)
    except OSError as error:
        raise AuthorityError(
            f"The certificate authority in {folder} cannot be used: {error.strerror}. Choose "
            "another folder with --ca-dir."
        ) from error


def _read_key(folder: Path) -> ec.EllipticCurvePrivateKey | None:
    path = folder / KEY_FILE
    if not path.exists():
        return None
    if loose_modes([path]):
        raise AuthorityError(
            f"Other users can read the key of the certificate authority, {path}. Replace it with "
            "`portico ca renew`."
        )
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except ValueError:
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise AuthorityError(
            f"{path} is not the key of a certificate authority. Replace it with `portico ca renew`."
        )
    return key


def _read_certificate(folder: Path) -> x509.Certificate | None:
    """Return the stored certificate, or None if it is missing or malformed."""
    path = folder / CERTIFICATE_FILE
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def _create_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    key = ec.generate_private_key(ec.SECP256R1())
    replace_private_file(folder / KEY_FILE, key_pem(key))
    return key


def _create_certificate(
    folder: Path, key: ec.EllipticCurvePrivateKey, domains: set[str], now: datetime
) -> x509.Certificate:
    certificate = _sign_itself(key, domains, now)
    path = folder / CERTIFICATE_FILE
    replace_private_file(path, certificate.public_bytes(Encoding.PEM))
    path.chmod(_READABLE)
    return certificate


def _sign_itself(
    key: ec.EllipticCurvePrivateKey, domains: set[str], now: datetime
) -> x509.Certificate:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    number = identifier.digest.hex()[:_KEY_ID_DIGITS]
    common_name = x509.NameAttribute(x509.NameOID.COMMON_NAME, f"Portico stand-in CA {number}")
    name = x509.Name([ORGANIZATION, common_name])
    permitted: list[x509.GeneralName] = [x509.DNSName(each) for each in sorted(domains)]
    permitted += [x509.IPAddress(network) for network in LOOPBACK]
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(identifier, critical=False)
        .sign(key, hashes.SHA256())
    )


def key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Return the key usage of an authority or of a server."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return a private key in PEM, unencrypted."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _domains(certificate: x509.Certificate) -> set[str]:
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints).value
    except x509.ExtensionNotFound:
        return set()
    permitted = constraints.permitted_subtrees or ()
    return {each.value for each in permitted if isinstance(each, x509.DNSName)}


def _is_fresh(certificate: x509.Certificate, now: datetime) -> bool:
    left = certificate.not_valid_after_utc - now
    return certificate.not_valid_before_utc <= now and left >= RENEWED_BEFORE
