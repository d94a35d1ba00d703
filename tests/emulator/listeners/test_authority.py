"""The certificate authority: its files, its constraints, renewal, and several processes at once."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from portico.emulator.listeners.authority import (
    AuthorityError,
    default_folder,
    open_authority,
    renew_authority,
)
from portico.emulator.listeners.vendor_hosts import VendorHosts

DOMAINS = VendorHosts().domains()
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_key_and_folder_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "ca"
    open_authority(folder, DOMAINS, NOW)

    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "ca.key").stat().st_mode & 0o777 == 0o600


def test_certificate_signs_only_for_the_vendor_and_loopback(tmp_path: Path) -> None:
    certificate = open_authority(tmp_path, DOMAINS, NOW).certificate
    constraints = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    permitted = constraints.value.permitted_subtrees or ()
    names = {each.value for each in permitted}
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)

    assert constraints.critical
    assert names == {*DOMAINS, "localhost", IPv4Network("127.0.0.0/8"), IPv6Network("::1/128")}
    assert {"config.private.zscaler.com", "zslogin.net", "api.zsapi.net"} <= names
    assert basic.critical
    assert (basic.value.ca, basic.value.path_length) == (True, 0)
    assert usage.critical
    assert usage.value.key_cert_sign
    assert not usage.value.digital_signature
    assert isinstance(certificate.public_key(), ec.EllipticCurvePublicKey)
    assert certificate.not_valid_after_utc == NOW + timedelta(days=365)


def test_authority_is_kept_while_it_is_fresh(tmp_path: Path) -> None:
    first = open_authority(tmp_path, DOMAINS, NOW)
    later = open_authority(tmp_path, DOMAINS, NOW + timedelta(days=335))

    assert later.certificate == first.certificate


def test_authority_is_renewed_with_its_key_when_it_expires_soon(tmp_path: Path) -> None:
    first = open_authority(tmp_path, DOMAINS, NOW)
    later = open_authority(tmp_path, DOMAINS, NOW + timedelta(days=336))

    assert later.expires == NOW + timedelta(days=336 + 365)
    assert later.certificate.public_key() == first.certificate.public_key()
    assert later.certificate.subject == first.certificate.subject


def test_authority_is_renewed_when_a_cloud_is_added_and_keeps_it(tmp_path: Path) -> None:
    open_authority(tmp_path, DOMAINS, NOW)
    wider = open_authority(tmp_path, VendorHosts.with_clouds(["acme"]).domains(), NOW)
    again = open_authority(tmp_path, DOMAINS, NOW)

    assert {"zsloginacme.net", "api.acme.zsapi.net", *DOMAINS} <= wider.domains()
    assert again.certificate == wider.certificate


def test_explicit_renewal_replaces_the_key(tmp_path: Path) -> None:
    first = open_authority(tmp_path, VendorHosts.with_clouds(["acme"]).domains(), NOW)
    renewed = renew_authority(tmp_path, DOMAINS, NOW)

    assert renewed.certificate.public_key() != first.certificate.public_key()
    assert renewed.domains() == {*DOMAINS, "localhost"}
    assert open_authority(tmp_path, DOMAINS, NOW).certificate == renewed.certificate


def test_half_written_authority_is_completed(tmp_path: Path) -> None:
    first = open_authority(tmp_path, DOMAINS, NOW)
    first.path.write_text("half a certif")
    second = open_authority(tmp_path, DOMAINS, NOW)
    (tmp_path / "ca.key").unlink()
    third = open_authority(tmp_path, DOMAINS, NOW)

    assert second.certificate.public_key() == first.certificate.public_key()
    assert third.certificate.public_key() == third.key.public_key()
    assert third.certificate.public_key() != first.certificate.public_key()


def test_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    open_authority(tmp_path, DOMAINS, NOW)
    (tmp_path / "ca.key").chmod(0o644)

    with pytest.raises(AuthorityError, match=r"Other users can read .*portico ca renew"):
        open_authority(tmp_path, DOMAINS, NOW)
    renew_authority(tmp_path, DOMAINS, NOW)
    assert open_authority(tmp_path, DOMAINS, NOW).key


def test_malformed_key_is_refused(tmp_path: Path) -> None:
    open_authority(tmp_path, DOMAINS, NOW)
    (tmp_path / "ca.key").write_text("nonsense")

    with pytest.raises(AuthorityError, match=r"is not the key .*portico ca renew"):
        open_authority(tmp_path, DOMAINS, NOW)


def test_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(AuthorityError, match=r"file/ca cannot be used: .*--ca-dir"):
        open_authority(tmp_path / "file" / "ca", DOMAINS, NOW)


def test_default_folder_follows_xdg(tmp_path: Path) -> None:
    home = Path.home()

    assert default_folder({"XDG_DATA_HOME": str(tmp_path)}) == tmp_path / "portico" / "ca"
    assert default_folder({}) == home / ".local/share/portico/ca"
    assert default_folder({"XDG_DATA_HOME": "relative"}) == home / ".local/share/portico/ca"


OPENING = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from cryptography.hazmat.primitives import hashes
from portico.emulator.listeners.authority import open_authority
from portico.emulator.listeners.vendor_hosts import VendorHosts
sys.stdin.readline()
for _ in range(20):
    found = open_authority(Path(sys.argv[1]), VendorHosts().domains(), datetime.now(UTC))
    assert found.certificate.public_key() == found.key.public_key()
print(found.certificate.fingerprint(hashes.SHA256()).hex())
"""


def test_processes_that_start_at_once_share_one_authority(tmp_path: Path) -> None:
    folder = tmp_path / "ca"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", OPENING, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    printed = {process.communicate(timeout=60)[0] for process in started}
    stored = open_authority(folder, DOMAINS, datetime.now(UTC)).certificate

    assert printed == {f"{stored.fingerprint(hashes.SHA256()).hex()}\n"}
    assert sorted(each.name for each in folder.iterdir()) == ["ca.key", "ca.lock", "ca.pem"]
