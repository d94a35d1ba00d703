"""`portico serve`: prepares the database, prints the next steps, and runs the server."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import shlex
import socket
from collections.abc import Iterable

import click

from portico.cli.command_line import command_line, first_step_text
from portico.cli.options import create_missing_database, settings_options
from portico.demo import DemoAccess, DemoPerson, credentials_file, fill_demo
from portico.installation import (
    key_overlap,
    make_cipher,
    open_runtime,
    prepare_database,
    private_files,
)
from portico.listener import listening_address, open_listener
from portico.observability.logs import configure_logging
from portico.observability.traces import TracingUnavailable, require_tracing
from portico.server import open_metrics, run_server
from portico.services.people.first_steps import FirstStep, first_step
from portico.services.people.secret_keys import require_secret_keys
from portico.services.tenancy.signing_keys import ensure_signing_key
from portico.settings import InvalidSetting, Settings, setting_fields, settings_file
from portico.storage.engine.database import (
    open_database,
    require_database,
)
from portico.storage.engine.files import loose_modes

logger = logging.getLogger("portico")


@click.command()
@click.option("--demo", is_flag=True, help="Fill an empty database with a demo tenant first.")
@settings_options()
def serve(settings: Settings, demo: bool) -> None:
    """Serve the API, the console and the portal pages.

    A flag has precedence over an environment variable, and that over the file that --config names.
    Without --database, or with --demo, a missing database file is created. Otherwise the database
    must exist.
    """
    configure_logging(settings.log_level, settings.log_format)
    with open_listener(settings, os.environ) as listener:
        _serve(settings, listener, demo=demo)


def _serve(settings: Settings, listener: socket.socket, *, demo: bool) -> None:
    _require_tracing()
    metrics = open_metrics(settings)
    access, step = asyncio.run(_prepare(settings, demo=demo))
    line = command_line(settings)
    _warn_about_loose_modes(settings, demo=demo)
    host, port = listening_address(listener)
    origin = f"http://{_display_host(host)}:{port}"
    if access is not None:
        click.echo(_demo_text(origin, access))
    elif demo:
        click.echo(
            "The database already has tenants, so no demo data was added. List them with:\n\n"
            f"{line.write('tenant', 'list')}\n"
        )
    if step is not None:
        click.echo(first_step_text(step, line))
    click.echo(f"Portico listens on {origin} (documentation: {origin}/docs/). Ctrl-C stops it.")
    gc.freeze()
    run_server(settings, line, listener, metrics)


async def _prepare(settings: Settings, *, demo: bool) -> tuple[DemoAccess | None, FirstStep | None]:
    create = demo or settings.database == setting_fields()["database"].default
    if create:
        create_missing_database(settings)
    require_database(settings.database)
    cipher = make_cipher(settings)
    database = open_database(settings.database, pool_size=settings.pool_size)
    try:
        await prepare_database(database, cipher, settings, create=create)
        await require_secret_keys(database, cipher)
        # Each worker writes this first. If it fails here, the operator sees one message instead of
        # workers that start and die.
        runtime = await open_runtime(settings, database, cipher)
        await ensure_signing_key(runtime, overlap=key_overlap(settings.token_lifetime))
        access = await fill_demo(runtime, settings) if demo else None
        return access, await first_step(runtime)
    finally:
        await database.close()


def _require_tracing() -> None:
    """Raise InvalidSetting if the OTEL_ variables ask for traces that cannot be sent."""
    try:
        require_tracing(os.environ)
    except TracingUnavailable as error:
        raise InvalidSetting(str(error)) from None


def _warn_about_loose_modes(settings: Settings, *, demo: bool) -> None:
    """Log a warning for each file with secrets that other accounts can use."""
    config = settings_file(os.environ, click.get_current_context().params["config"])
    private = private_files(settings, config)
    if demo:
        private.append(credentials_file(settings))
    for path, mode in loose_modes(private).items():
        fix = f"chmod 600 {shlex.quote(str(path.absolute()))}"
        logger.warning("%s has mode %04o, so other accounts can use it. Run: %s", path, mode, fix)


def _demo_people(origin: str, people: Iterable[DemoPerson]) -> str:
    """Return the logins, one line each, below the address of the page to sign in at."""
    lines: list[str] = []
    sign_in_pages = {"/console": "Console", "/p/staff": "Staff portal"}
    for path, name in sign_in_pages.items():
        lines.append(f"{name:16}{origin}{path}")
        lines += [
            f"{'':16}{each.name:8}{each.password:32}{each.part}"
            for each in people
            if each.door == path
        ]
    return "\n".join([*lines, f"{'Open to all':16}{origin}/p/visitors"])


def _display_host(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _demo_text(origin: str, access: DemoAccess) -> str:
    people = f"\n{_demo_people(origin, access.people)}\n" if access.people else ""
    variables = (
        f"URL={origin} CUSTOMER={access.customer_id} ID={access.admin.client_id} "
        f"SECRET={access.admin.client_secret}"
    )
    links = f"{origin}/mgmtconfig/v1/admin/customers/{access.customer_id}/userPortalLink"
    admin = access.admin
    return f"""
Demo tenant     {access.tenant} (customer id {access.customer_id})
Admin client    id {admin.client_id}
                secret {admin.client_secret}
Viewer client   id {access.viewer.client_id}
                secret {access.viewer.client_secret}
{people}
Sign in and list the links of the demo tenant:

curl -s -H "Authorization: Bearer $(curl -s {origin}/signin -d client_id={admin.client_id} \
-d client_secret={admin.client_secret} | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')" \
"{links}?pagesize=3"

Set the variables of the curl session in README.md:

{variables}
"""
