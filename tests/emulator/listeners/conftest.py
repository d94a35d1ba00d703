"""A certificate authority of the tests, and certificates that it signs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portico.emulator.listeners.authority import Authority, open_authority
from portico.emulator.listeners.certificates import ServerCertificates
from portico.emulator.listeners.vendor_hosts import VendorHosts

HOSTS = VendorHosts.with_clouds(["acme"])


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority in a folder of its own."""
    folder = tmp_path_factory.mktemp("data") / "ca"
    return open_authority(folder, HOSTS.domains(), datetime.now(UTC))


@pytest.fixture(scope="session")
def ca(authority: Authority) -> Path:
    """The file that clients trust."""
    return authority.path


@pytest.fixture(scope="session")
def certificates(authority: Authority) -> ServerCertificates:
    """The certificates of the stand-in's servers."""
    return ServerCertificates(authority, HOSTS, time.time)
