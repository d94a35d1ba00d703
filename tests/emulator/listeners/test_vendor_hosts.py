"""The vendor's host names: which are served, and which only look like them."""

from __future__ import annotations

import pytest
import zscaler.constants

from portico.emulator.listeners.vendor_hosts import (
    NO_PROXY,
    HostRole,
    InvalidCloud,
    VendorHosts,
    cloud_of,
)

HOSTS = VendorHosts.with_clouds(["Acme"])


@pytest.mark.parametrize("url", zscaler.constants.ZPA_BASE_URLS.values())
def test_every_legacy_host_of_the_sdk_is_served(url: str) -> None:
    assert HOSTS.role_of(url.removeprefix("https://")) is HostRole.LEGACY


@pytest.mark.parametrize(
    ("host", "role"),
    [
        ("acme-corp.zslogin.net", HostRole.SIGN_IN),
        ("a.b.zslogin.net", HostRole.SIGN_IN),
        ("acme-corp.zsloginbeta.net", HostRole.SIGN_IN),
        ("acme-corp.zsloginacme.net", HostRole.SIGN_IN),
        ("acme-corp.zidentitygov.net", HostRole.SIGN_IN),
        ("acme-corp.zidentitygov.us", HostRole.SIGN_IN),
        ("authn1.dev.zpath.net", HostRole.SIGN_IN),
        ("api.zsapi.net", HostRole.API),
        ("api.beta.zsapi.net", HostRole.API),
        ("api.acme.zsapi.net", HostRole.API),
        ("api.zscalergov.net", HostRole.API),
        ("api.zscalergov.us", HostRole.API),
    ],
)
def test_hosts_have_roles(host: str, role: HostRole) -> None:
    assert HOSTS.role_of(host) is role


@pytest.mark.parametrize(
    "host",
    [
        "zslogin.net",
        ".zslogin.net",
        "acme.zsloginother.net",
        "acmezslogin.net",
        "acme.zslogin.net.example.com",
        "api.other.zsapi.net",
        "zsapi.net",
        "www.zscaler.com",
        "help.zscaler.com",
        "localhost",
        "",
    ],
)
def test_other_hosts_are_not_served(host: str) -> None:
    assert HOSTS.role_of(host) is None


def test_cloud_of_an_unknown_host_is_recognised() -> None:
    assert cloud_of("acme.zsloginother.net") == "other"
    assert cloud_of("api.other.zsapi.net") == "other"
    assert cloud_of("www.zscaler.com") is None


@pytest.mark.parametrize("name", ["", "-x", "a.b", "a b", "x" * 32, "é"])
def test_invalid_cloud_is_refused(name: str) -> None:
    with pytest.raises(InvalidCloud, match="is not the name of a cloud"):
        VendorHosts.with_clouds([name])


def test_tools_reach_their_own_hosts_without_the_proxy() -> None:
    assert {"localhost", "127.0.0.1", "registry.terraform.io"} <= set(NO_PROXY)
    assert [host for host in NO_PROXY if HOSTS.role_of(host)] == []
