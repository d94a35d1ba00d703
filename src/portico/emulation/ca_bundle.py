"""The CA bundle of clients: what the machine trusts, and the stand-in's CA.

A client's bundle replaces the one that it has. With the stand-in's CA alone, tools could no longer
fetch packages and plugins.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

BUNDLE_FILE = "ca-bundle.pem"
_CHOSEN = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_USUAL = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora, RHEL
    "/etc/ssl/ca-bundle.pem",  # SUSE
    "/etc/ssl/cert.pem",  # macOS
)


def write_ca_bundle(folder: Path, ca_file: Path, environment: Mapping[str, str]) -> Path:
    """Write the bundle into a folder, and return its path.

    It has the certificates that the environment names, else those of the system, else certifi's.
    """
    trusted = _trusted(environment).read_bytes().rstrip()
    bundle = folder / BUNDLE_FILE
    bundle.write_bytes(trusted + b"\n" + ca_file.read_bytes())
    return bundle


def _trusted(environment: Mapping[str, str]) -> Path:
    named = [environment.get(name, "") for name in _CHOSEN]
    system = ssl.get_default_verify_paths().cafile or ""
    for path in (*named, system, *_USUAL):
        if path and Path(path).is_file():
            return Path(path)
    import certifi

    return Path(certifi.where())
