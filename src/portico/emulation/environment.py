"""The environment of a client: variables that lead an unmodified one to a stand-in, for each shell.

`portico env`, `portico run`, `portico emulate --env-file` and `portico.testing` all use this.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from portico.domain.errors import InvalidInput
from portico.emulation.access import PRODUCTION, StandInAccess
from portico.emulator.listeners.vendor_hosts import VendorHosts

STRAY = (
    "ZSCALER_PROXY_HOST",
    "ZSCALER_PROXY_PORT",
    "ZSCALER_CLIENT_PROXY_HOST",
    "ZSCALER_CLIENT_PROXY_PORT",
    "ZPA_CLIENT_PROXY_HOST",
    "ZPA_CLIENT_PROXY_PORT",
    "ZSCALER_HTTP_PROXY",
    "ZSCALER_PRIVATE_KEY",
    "ZSCALER_CLOUD",
    "ZSCALER_MICROTENANT_ID",
    "ZPA_MICROTENANT_ID",
    "ZSCALER_USE_LEGACY_CLIENT",
)
"""Variables of the vendor's clients that lead elsewhere: other proxies, keys and microtenants."""

ONEAPI_CREDENTIALS = (
    "ZSCALER_CLIENT_ID",
    "ZSCALER_CLIENT_SECRET",
    "ZSCALER_CUSTOMER_ID",
    "ZSCALER_VANITY_DOMAIN",
)
"""Variables whose presence makes some clients sign in by OneAPI."""

_QUOTES = "'\u2018\u2019\u201a\u201b"
"""What PowerShell takes for a single quote."""


class InvalidEnvironmentFile(InvalidInput):
    """A file has no variables of a stand-in. The reason says which line is wrong."""

    code = "portico.emulator.environment"


def client_environment(
    access: StandInAccess, *, legacy: bool = False, no_proxy: str = ""
) -> dict[str, str]:
    """Return the variables that lead unmodified clients of the vendor to the first tenant.

    Clients can sign in by OneAPI and by the legacy API. With `legacy`, they have the variables of
    the legacy API alone. `no_proxy` are hosts that clients must reach directly too.
    """
    direct = ",".join(dict.fromkeys([*access.no_proxy, *filter(None, no_proxy.split(","))]))
    trusted = access.ca_bundle or access.ca_file
    variables = {
        "PORTICO_EMULATOR_URL": access.url,
        "PORTICO_EMULATOR_TLS_URL": access.tls_url,
        "HTTPS_PROXY": access.proxy_url,
        "https_proxy": access.proxy_url,
        "NO_PROXY": direct,
        "no_proxy": direct,
        "REQUESTS_CA_BUNDLE": trusted,
        "CURL_CA_BUNDLE": trusted,
        "SSL_CERT_FILE": trusted,
        "ZSCALER_CLIENT_CACHE_ENABLED": "false",
        "CHECKPOINT_DISABLE": "1",
        "ZSCALER_VANITY_DOMAIN": access.vanity_domain,
        "ZSCALER_CLOUD": "" if access.cloud == PRODUCTION else access.cloud,
        "ZPA_CLOUD": access.cloud.upper(),
        "ZSCALER_USE_LEGACY_CLIENT": "true" if legacy else "",
    }
    for tenant in access.tenants[:1]:
        for prefix in ("ZSCALER", "ZPA"):
            variables[f"{prefix}_CUSTOMER_ID"] = tenant.customer_id
            variables[f"{prefix}_CLIENT_ID"] = tenant.client_id
            variables[f"{prefix}_CLIENT_SECRET"] = tenant.client_secret
    left_out = ONEAPI_CREDENTIALS if legacy else ()
    return {name: value for name, value in variables.items() if value and name not in left_out}


def stray_variables(present: Iterable[str], variables: Mapping[str, str]) -> list[str]:
    """Return the variables among the present ones that would lead clients elsewhere."""
    wrong = (*STRAY, *ONEAPI_CREDENTIALS)
    return [name for name in present if name in wrong and name not in variables]


def hosts_without_proxy(present: Mapping[str, str], cloud: str) -> str:
    """Return the hosts of NO_PROXY in an environment, without patterns of the vendor's names."""
    domains = VendorHosts.with_clouds([cloud]).domains()
    written = present.get("NO_PROXY") or present.get("no_proxy") or ""
    hosts = filter(None, (each.strip() for each in written.split(",")))
    return ",".join(host for host in hosts if not _is_vendors(host, domains))


def _is_vendors(host: str, domains: Iterable[str]) -> bool:
    if host.count(":") > 1:  # an IPv6 address
        return False
    name = host.lower().lstrip("*").lstrip(".").partition(":")[0]
    return not name or any(
        f".{each}".endswith(f".{name}") or f".{name}".endswith(f".{each}") for each in domains
    )


def environment_file(variables: Mapping[str, str]) -> str:
    """Return the lines `NAME=value` of a file that a shell can read."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in variables.items())


def read_environment_file(file: Path) -> dict[str, str]:
    """Return the variables that `environment_file` wrote. Raises InvalidEnvironmentFile."""
    variables = {}
    try:
        lines = file.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text"
        raise InvalidEnvironmentFile(f"{file} cannot be read: {reason}.") from None
    for number, line in enumerate(lines, start=1):
        try:
            (assignment,) = shlex.split(line)
            name, equals, value = assignment.partition("=")
            if not equals or not name.isidentifier():
                raise ValueError(assignment)
        except ValueError:
            raise InvalidEnvironmentFile(
                f"{file} line {number} is not NAME=value. Name a file that `portico emulate "
                "--env-file` wrote."
            ) from None
        variables[name] = value
    return variables


def shell_text(shell: str, variables: Mapping[str, str], removed: Iterable[str] = ()) -> str:
    """Return the commands that set and remove variables in a shell of `SHELLS`."""
    unset, assign = _SHELLS[shell]
    lines = [unset(name) for name in removed]
    lines += [assign(name, value) for name, value in variables.items()]
    return "".join(f"{line}\n" for line in lines)


def _in_fish(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _in_powershell(name: str, value: str) -> str:
    escaped = "".join(each * 2 if each in _QUOTES else each for each in value)
    return f"$env:{name} = '{escaped}'"


def _in_github(name: str, value: str) -> str:
    if "\n" not in value:
        return f"{name}={value}"
    delimiter = "PORTICO"
    while delimiter in value:
        delimiter += "_"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}"


_SHELLS: Mapping[str, tuple[Callable[[str], str], Callable[[str, str], str]]] = {
    "sh": (lambda name: f"unset {name}", lambda name, value: f"export {name}={shlex.quote(value)}"),
    "fish": (lambda name: f"set -e {name}", _in_fish),
    "powershell": (
        lambda name: f"Remove-Item Env:{name} -ErrorAction SilentlyContinue",
        _in_powershell,
    ),
    "github": (lambda name: f"{name}=", _in_github),
}
SHELLS = tuple(_SHELLS)
"""The names of the shells: `sh` stands for bash and zsh too, `github` for `$GITHUB_ENV`."""
