"""The settings: name, default, help text and allowed values. Flags, environment and docs use them.

The first of these sources that has a setting wins: the flag, `PORTICO_<NAME>` in the environment,
the TOML file that `--config` or `PORTICO_CONFIG` names, the default.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from portico.domain.addresses import are_networks, is_host_port, is_origin
from portico.domain.durations import duration_milliseconds, is_duration

PREFIX = "PORTICO_"
CONFIG_VARIABLE = "PORTICO_CONFIG"
SECRETS = {"secret_key_file": "portico-secret-key", "database_file": "portico-database"}
"""The settings that name a file with a secret, and the systemd credential that each defaults to."""


class InvalidSetting(Exception):
    """A setting has a value that is not allowed. The message names the setting."""


def _setting(
    default: str | int | bool,
    help_text: str,
    allowed: Callable[[Any], bool] | None = None,
    *,
    in_repr: bool = True,
) -> Any:  # noqa: ANN401  # a field of any type, like dataclasses.field
    return field(default=default, repr=in_repr, metadata={"help": help_text, "allowed": allowed})


def _between(least: int, most: int) -> Callable[[int], bool]:
    return lambda value: least <= value <= most


def _is_retention(least: str) -> Callable[[str], bool]:
    allowed = is_duration(least, "100y")
    return lambda value: not value or allowed(value)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one running server."""

    host: str = _setting(
        "127.0.0.1", "Address to listen on. 0.0.0.0 listens on all addresses of the machine."
    )
    port: int = _setting(8080, "Port to listen on, 1 to 65535.", _between(1, 65_535))
    database: str = _setting(
        "sqlite:///portico.db",
        "URL of the database: sqlite:///path, or postgresql://user@host/name in libpq form, with "
        "?host=/directory for a Unix socket.",
        in_repr=False,  # it can contain a password
    )
    database_file: str = _setting(
        "",
        "File with the URL of the database, so that its password is neither in the environment nor "
        "in the list of processes. Defaults to the systemd credential portico-database.",
    )
    secret_key_file: str = _setting(
        "",
        "File with the key that encrypts secrets in the database, as printed by `openssl rand "
        "-base64 32`. Defaults to the systemd credential portico-secret-key, then, for SQLite, to "
        "the .key file beside the database.",
    )
    workers: int = _setting(1, "Number of worker processes, 1 to 64.", _between(1, 64))
    pool_size: int = _setting(10, "PostgreSQL connections per worker, 1 to 200.", _between(1, 200))
    read_timeout: int = _setting(
        3000,
        "Time limit of a database read in milliseconds, 10 to 60000. A search that reaches it gets "
        "400.",
        _between(10, 60_000),
    )
    cache_bytes: int = _setting(
        32 * 1024 * 1024,
        "Size of each worker's response cache in bytes. 0 disables it.",
        _between(0, 2**40),
    )
    token_lifetime: int = _setting(
        3600, "Lifetime of access tokens in seconds, 60 to 3600.", _between(60, 3_600)
    )
    rate_limit: int = _setting(
        0,
        "Requests per minute that one worker accepts from an API client; more get 429. 0 disables "
        "the limit.",
        _between(0, 10**9),
    )
    vendor_statuses: bool = _setting(
        False, "Answer 400 instead of 404 for an unknown id, as the vendor documents."
    )
    sdk_bulk_array: bool = _setting(
        True,
        "Answer a bulk creation by the vendor's Python SDK with an array of the documented object, "
        "because the SDK reads nothing else. Every other client gets the object.",
    )
    portal_suffix: str = _setting(
        "p.zscalerportal.net",
        "Parent domain of the domains that Portico computes for managed portals.",
    )
    assertion_audience: str = _setting(
        "https://api.zscaler.com",
        "Audience that a client assertion must name. Separate several with commas.",
        bool,
    )
    public_url: str = _setting(
        "",
        "The public URL of the server, for example https://links.example.com. Defaults to the host "
        "of each request. Its host never opens a portal.",
        is_origin,
    )
    trusted_proxies: str = _setting(
        "",
        "Reverse proxies whose X-Forwarded-For and X-Forwarded-Proto headers Portico trusts: "
        "addresses and networks, separated by commas.",
        are_networks,
    )
    strict_transport: int = _setting(
        365 * 24 * 60 * 60,
        "HSTS max-age in seconds. 0 disables the header.",
        _between(0, 10 * 365 * 24 * 60 * 60),
    )
    insecure_cookies: bool = _setting(
        False, "Allow sign-in over plain http on hosts other than localhost. For trials only."
    )
    console_idle: int = _setting(
        60 * 60,
        "Idle timeout of console sessions, in seconds.",
        _between(60, 7 * 24 * 60 * 60),
    )
    console_lifetime: int = _setting(
        12 * 60 * 60,
        "Maximum lifetime of console sessions, in seconds.",
        _between(60, 30 * 24 * 60 * 60),
    )
    portal_idle: int = _setting(
        12 * 60 * 60,
        "Idle timeout of portal sessions, in seconds.",
        _between(60, 90 * 24 * 60 * 60),
    )
    portal_lifetime: int = _setting(
        7 * 24 * 60 * 60,
        "Maximum lifetime of portal sessions, in seconds.",
        _between(60, 90 * 24 * 60 * 60),
    )
    log_level: str = _setting(
        "info",
        "Minimum log level: debug, info, warning or error.",
        lambda value: value in {"debug", "info", "warning", "error"},
    )
    log_format: str = _setting(
        "json",
        "Format of log lines: json for programs, or text for people.",
        lambda value: value in {"json", "text"},
    )
    access_log: bool = _setting(True, "Write one log line for each request.")
    slow_request: str = _setting(
        "0ms",
        "Log each request that takes at least this long, with its database statements, for example "
        "500ms or 2s. 0ms logs none.",
        lambda value: duration_milliseconds(value) is not None,
    )
    metrics_listen: str = _setting(
        "",
        "Address and port that serve /metrics, for example 127.0.0.1:9464. Empty: not served.",
        is_host_port,
    )
    metrics_on_main: bool = _setting(
        False, "Serve /metrics on the main listener too. Everyone who reaches it can read them."
    )
    backup_dir: str = _setting(
        "", "Folder for scheduled backups, created if it is missing. Empty: no scheduled backups."
    )
    backup_every: str = _setting(
        "24h",
        "Time between two scheduled backups, for example 24h, 90m or 7d. At least 1m, at most 1y.",
        is_duration("1m", "1y"),
    )
    backup_keep: int = _setting(
        14,
        "How many scheduled backups to keep, 1 to 10000. Older ones are deleted after a new one "
        "succeeds.",
        _between(1, 10_000),
    )
    keep_audit: str = _setting(
        "",
        "How long to keep entries of the audit log, for example 2y. At least 1d. Empty: forever.",
        _is_retention("1d"),
    )
    keep_openings: str = _setting(
        "",
        "How long to keep counts of opened links and people's recent links, for example 90d. At "
        "least 30d. Empty: forever.",
        _is_retention("30d"),
    )
    keep_sign_in_events: str = _setting(
        "",
        "How long to keep failed sign-ins, and sessions and known browsers after they have "
        "expired, for example 30d. At least 1d. Empty: until later sign-ins replace them.",
        _is_retention("1d"),
    )


def setting_fields() -> dict[str, Field[Any]]:
    """Return the dataclass fields of the settings by name."""
    return {each.name: each for each in fields(Settings)}


def load_settings(
    flags: Mapping[str, Any], environment: Mapping[str, str], config: Path | None = None
) -> Settings:
    """Return the effective settings. `flags` has only the given flags. Raises InvalidSetting."""
    named = settings_file(environment, config)
    chosen = _from_file(named) if named else {}
    for name in setting_fields():
        variable = PREFIX + name.upper()
        if variable in environment:
            chosen[name] = _converted(name, environment[variable], variable)
    for name, value in flags.items():
        chosen[name] = _converted(name, value, f"--{name.replace('_', '-')}")
    for name, credential in SECRETS.items():
        is_given = chosen.get(name) or (name == "database_file" and "database" in chosen)
        if not is_given:
            chosen[name] = _credential(environment, credential)
    _read_database_file(chosen, is_flag="database" in flags)
    return Settings(**chosen)


def _credential(environment: Mapping[str, str], name: str) -> str:
    """Return the path of a systemd credential (systemd.exec(5)), or ""."""
    folder = environment.get("CREDENTIALS_DIRECTORY", "")
    path = Path(folder, name)
    return str(path) if folder and path.exists() else ""


def _read_database_file(chosen: dict[str, Any], *, is_flag: bool) -> None:
    """Replace `database` by the content of the file that `database_file` names.

    A flag `--database` has precedence over a file that another source names.
    """
    named = chosen.get("database_file", "")
    if not named or is_flag:
        return
    if "database" in chosen:
        raise InvalidSetting(
            f"The database is set twice: as database and as database_file ({named}). Remove one."
        )
    try:
        url = Path(named).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise InvalidSetting(f"--database-file: {named} cannot be read: {reason}.") from None
    if not url:
        raise InvalidSetting(f"--database-file: {named} is empty. Write the URL into it.")
    chosen["database"] = url


def settings_file(environment: Mapping[str, str], config: Path | None = None) -> Path | None:
    """Return the settings file that `--config`, or else PORTICO_CONFIG, names."""
    variable = environment.get(CONFIG_VARIABLE)
    return config or (Path(variable) if variable else None)


def holds_password(path: Path) -> bool:
    """Return whether a settings file contains a database password. Raises InvalidSetting."""
    return has_password(_from_file(path).get("database", ""))


def has_password(url: str) -> bool:
    """Return whether a database URL contains a password. True for a malformed URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return bool(parts.password) or "password" in parse_qs(parts.query)


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Return the PORTICO_ variables that are not settings, probably typing errors.

    Neither are among them the variables that Kubernetes creates for a service called portico, nor
    those of clients of a stand-in.
    """
    known = {PREFIX + name.upper() for name in setting_fields()} | {CONFIG_VARIABLE}
    return sorted(
        variable
        for variable in environment
        if variable.startswith(PREFIX)
        and variable not in known
        and not variable.startswith((f"{PREFIX}PORT_", f"{PREFIX}SERVICE_", f"{PREFIX}EMULATOR_"))
    )


def _from_file(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text())
    except OSError as error:
        raise InvalidSetting(
            f"The settings file {path} cannot be read: {error.strerror}."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSetting(f"The settings file {path} is not TOML: {error}.") from None
    unknown = sorted(set(content) - set(setting_fields()))
    if unknown:
        raise InvalidSetting(f"The settings file {path} has an unknown setting: {unknown[0]}.")
    return {name: _converted(name, value, f"{name} in {path}") for name, value in content.items()}


_FLAGS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _converted(name: str, value: Any, origin: str) -> Any:  # noqa: ANN401  # of any setting
    described = setting_fields()[name]
    assert described.default is not MISSING
    kind = type(described.default)
    converted: Any = value
    if isinstance(value, str):
        converted = _parsed(kind, value)
    allowed = described.metadata["allowed"]
    if type(converted) is not kind or (allowed is not None and not allowed(converted)):
        hint = " Use true or false." if kind is bool else ""
        raise InvalidSetting(f"{origin} cannot be {value!r}. {described.metadata['help']}{hint}")
    return converted


def _parsed(kind: type, value: str) -> str | int | bool | None:
    if kind is bool:
        return _FLAGS.get(value.strip().lower())
    if kind is int:
        stripped = value.strip()
        return int(stripped) if stripped.isascii() and stripped.isdecimal() else None
    return value
