"""The vendor's host names by cloud: which names the stand-in answers for, and which it leaves."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from portico.domain.errors import InvalidInput

LEGACY_HOSTS = {
    "production": "config.private.zscaler.com",
    "zpatwo": "config.zpatwo.net",
    "beta": "config.zpabeta.net",
    "gov": "config.zpagov.net",
    "govus": "config.zpagov.us",
    "preview": "config.zpapreview.net",
    "qa": "config.qa.zpath.net",
    "qa2": "pdx2-zpa-config.qa2.zpath.net",
    "dev": "public-api.dev.zpath.net",
}
"""The host of each cloud for clients that sign in with `/signin`."""

LEGACY_SIGN_IN_HOST = "authn1.dev.zpath.net"
"""Where the vendor's Python SDK signs in to the cloud dev. Everywhere else it is the same host."""

GOVERNMENT_SIGN_IN = {"gov": "zidentitygov.net", "govus": "zidentitygov.us"}
GOVERNMENT_API = {"gov": "api.zscalergov.net", "govus": "api.zscalergov.us"}

NO_PROXY = (
    "localhost",
    "127.0.0.1",
    "::1",
    "registry.terraform.io",
    "releases.hashicorp.com",
    "checkpoint-api.hashicorp.com",
    "github.com",
    "api.github.com",
    "codeload.github.com",
    "objects.githubusercontent.com",
    "raw.githubusercontent.com",
    "release-assets.githubusercontent.com",
    "galaxy.ansible.com",
    "pypi.org",
    "files.pythonhosted.org",
)
"""Hosts that tools reach by themselves, without the proxy, while they call the stand-in."""

_CLOUD = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,29}[a-z0-9])?\Z")
_SIGN_IN_OF_CLOUD = re.compile(r".+\.zslogin([a-z0-9-]+)\.net\Z")
_API_OF_CLOUD = re.compile(r"api\.([a-z0-9-]+)\.zsapi\.net\Z")


class InvalidCloud(InvalidInput):
    """A cloud's name cannot be part of a host name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name!r} is not the name of a cloud. Use letters, digits and hyphens, as in beta."
        )


class HostRole(StrEnum):
    """What a host name of the vendor is for."""

    LEGACY = "legacy"  # sign-in and API
    SIGN_IN = "sign-in"
    API = "api"


@dataclass(frozen=True)
class VendorHosts:
    """The host names that the stand-in answers for: those of every known cloud, and of more."""

    more_clouds: tuple[str, ...] = ()

    @staticmethod
    def with_clouds(names: Iterable[str]) -> VendorHosts:
        """Return the hosts of the known clouds and of the named ones. Raises InvalidCloud."""
        clouds = tuple(name.strip().lower() for name in names)
        for cloud in clouds:
            if _CLOUD.match(cloud) is None:
                raise InvalidCloud(cloud)
        return VendorHosts(tuple(cloud for cloud in clouds if cloud not in LEGACY_HOSTS))

    def role_of(self, host: str) -> HostRole | None:
        """Return what a lower-case host name is for, or None for a name of somebody else."""
        if host in self._hosts:
            return self._hosts[host]
        vanity, _, domain = host.partition(".")
        while domain and vanity:
            if domain in self._sign_in_domains:
                return HostRole.SIGN_IN
            _, _, domain = domain.partition(".")
        return None

    def domains(self) -> tuple[str, ...]:
        """Return the shortest list of domains that has every served host at or below it."""
        return (*self._hosts, *self._sign_in_domains)

    @cached_property
    def _hosts(self) -> dict[str, HostRole]:
        apis = (_api_host(cloud) for cloud in self._clouds)
        return {
            **dict.fromkeys(LEGACY_HOSTS.values(), HostRole.LEGACY),
            LEGACY_SIGN_IN_HOST: HostRole.SIGN_IN,
            **dict.fromkeys(apis, HostRole.API),
        }

    @cached_property
    def _sign_in_domains(self) -> tuple[str, ...]:
        return tuple(_sign_in_domain(cloud) for cloud in self._clouds)

    @property
    def _clouds(self) -> tuple[str, ...]:
        return (*LEGACY_HOSTS, *self.more_clouds)


def cloud_of(host: str) -> str | None:
    """Return the cloud of a name that looks like the vendor's, even if no such cloud is known."""
    found = _SIGN_IN_OF_CLOUD.match(host) or _API_OF_CLOUD.match(host)
    return found[1] if found else None


def _sign_in_domain(cloud: str) -> str:
    suffix = "" if cloud == "production" else cloud
    return GOVERNMENT_SIGN_IN.get(cloud, f"zslogin{suffix}.net")


def _api_host(cloud: str) -> str:
    infix = "" if cloud == "production" else f"{cloud}."
    return GOVERNMENT_API.get(cloud, f"api.{infix}zsapi.net")
