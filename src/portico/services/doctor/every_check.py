"""The checks of doctor, in the order in which they run."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from portico.services.doctor import backups, database, machine, secrets, tenants, web
from portico.services.doctor.checks import Check, Examined, Result


def _check(
    name: str, question: str, run: Callable[[Examined], Awaitable[Result]], *needs: str
) -> Check:
    return Check(name=name, question=question, run=run, needs=needs)


_CONTENT = ("database", "schema")

CHECKS = (
    # First: opening a SQLite database makes two files, which are gone when doctor ends.
    _check(
        "files",
        "Can only their owner use the database, the key and the settings file?",
        machine.check_files,
    ),
    _check(
        "database",
        "Can the database be reached, and does it accept writes?",
        database.check_database,
    ),
    _check(
        "schema",
        "Can this version serve the schema of the database?",
        database.check_schema,
        "database",
    ),
    _check(
        "migration",
        "Did an upgrade leave plain-text secrets behind?",
        database.check_migration,
        *_CONTENT,
    ),
    _check(
        "database-version",
        "Is the version of PostgreSQL supported?",
        database.check_database_version,
        "database",
    ),
    _check(
        "versions",
        "Are the versions of Python and SQLite supported?",
        machine.check_versions,
    ),
    _check("disk", "Is there enough free disk space?", machine.check_disk),
    _check("open-files", "Can a process open enough files?", machine.check_open_files),
    _check(
        "clock",
        "Does the clock agree with the times of the database?",
        database.check_clock,
        *_CONTENT,
    ),
    _check(
        "secret-key",
        "Does the secret key decrypt a value of each secret column?",
        secrets.check_secret_key,
        *_CONTENT,
    ),
    _check(
        "secret-key-age",
        "Is the secret key younger than two years, and its replacement finished?",
        secrets.check_secret_key_age,
        *_CONTENT,
    ),
    _check(
        "signing-key-age",
        "Is the key that signs tokens younger than a year?",
        secrets.check_signing_key_age,
        *_CONTENT,
    ),
    _check("backup", "Is there a recent scheduled backup?", backups.check_backup, *_CONTENT),
    _check(
        "proxy-headers",
        "Do reverse proxies send the right headers, and does Portico trust them?",
        web.check_proxy_headers,
        *_CONTENT,
    ),
    _check(
        "providers",
        "Do the enabled OpenID providers answer?",
        web.check_providers,
        *_CONTENT,
    ),
    _check(
        "tenant-names",
        "Do all tenants have different names?",
        tenants.check_tenant_names,
        *_CONTENT,
    ),
    _check(
        "domains",
        "Are the domains of all portals allowed?",
        tenants.check_domains,
        *_CONTENT,
    ),
    _check(
        "certificates",
        "Are the certificates of enabled portals valid?",
        tenants.check_certificates,
        *_CONTENT,
    ),
)
