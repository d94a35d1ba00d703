"""`portico ca`: showing and replacing the certificate authority of the stand-in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography import x509

from tests.cli.commands import run, succeed


def fingerprint(printed: str) -> str:
    """The fingerprint in the output of a command."""
    found = re.search(r"^SHA-256: +([0-9A-F:]{95})$", printed, re.MULTILINE)
    assert found is not None, printed
    return found[1]


def test_show_creates_the_authority_once_and_describes_it(tmp_path: Path) -> None:
    folder = tmp_path / "ca"
    first = succeed("ca", "show", "--ca-dir", str(folder))
    second = succeed("ca", "show", "--ca-dir", str(folder))
    certificate = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())

    assert first == second
    assert f"Certificate: {folder / 'ca.pem'}\n" in first
    assert f"Valid until: {certificate.not_valid_after_utc:%Y-%m-%d %H:%M:%S} UTC\n" in first
    assert "\n  config.private.zscaler.com\n" in first
    assert "\n  zsloginbeta.net\n" in first


def test_show_uses_the_data_folder_of_the_user(tmp_path: Path) -> None:
    done = run("ca", "show", environment={"XDG_DATA_HOME": str(tmp_path)})

    assert done.status == 0
    assert f"Certificate: {tmp_path / 'portico' / 'ca' / 'ca.pem'}\n" in done.output


def test_renew_replaces_the_authority(tmp_path: Path) -> None:
    folder = ("--ca-dir", str(tmp_path))
    old = fingerprint(succeed("ca", "show", *folder))
    renewed = succeed("ca", "renew", *folder)

    assert fingerprint(renewed) != old
    assert "Restart running stand-ins" in renewed
    assert fingerprint(succeed("ca", "show", *folder)) == fingerprint(renewed)


def test_cloud_adds_its_domains(tmp_path: Path) -> None:
    shown = succeed("ca", "show", "--ca-dir", str(tmp_path), "--cloud", "acme", "--cloud", "ZPATWO")

    assert "\n  zsloginacme.net\n" in f"{shown}\n"
    assert shown.count("zsloginzpatwo.net") == 1


@pytest.mark.parametrize("command", ["show", "renew"])
def test_cloud_that_is_no_name_is_refused(tmp_path: Path, command: str) -> None:
    done = run("ca", command, "--ca-dir", str(tmp_path / "ca"), "--cloud", "a.b")

    assert done.status == 1
    assert done.errors.startswith("portico: 'a.b' is not the name of a cloud.")
    assert not (tmp_path / "ca").exists()
