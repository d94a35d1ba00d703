"""`portico doctor`: what is wrong with an installation, and the command that corrects it."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from portico.cli.command_line import command_line
from portico.cli.options import settings_options
from portico.domain.durations import duration_seconds
from portico.domain.people.providers import IdentityProvider
from portico.installation import make_cipher, private_files
from portico.services.doctor.checks import Examined, Level, Machine, Result, run_checks
from portico.services.doctor.every_check import CHECKS
from portico.settings import Settings, settings_file
from portico.storage.engine.connections import Database
from portico.storage.engine.database import open_database, require_database, sqlite_path

QUESTIONS = {each.name: each.question for each in CHECKS}


@click.command()
@click.option("--all", "show_all", is_flag=True, help="Also print the checks that found no fault.")
@click.option("--json", "as_json", is_flag=True, help="Print every result as JSON.")
@click.option("--list", "list_names", is_flag=True, help="Print the names of the checks, and stop.")
@click.option(
    "--run",
    "names",
    multiple=True,
    metavar="NAME",
    type=click.Choice(list(QUESTIONS)),
    help="Run only this check. Can be given several times.",
)
@click.option("--strict", is_flag=True, help="End with status 2 if there are only warnings.")
@settings_options()
def doctor(
    settings: Settings,
    show_all: bool,
    as_json: bool,
    list_names: bool,
    names: tuple[str, ...],
    strict: bool,
) -> None:
    """Check an installation, and say what to type against each fault. Changes nothing.

    Give it the settings of the server: the same flags, environment or --config. Run it as the
    account that runs the server. It asks the OpenID providers for their metadata, and otherwise
    connects to nothing but the database.

    The status is 0 without faults, 1 after a FAIL, and with --strict 2 after warnings.
    """
    if list_names:
        for name, question in QUESTIONS.items():
            click.echo(f"{name:17} {question}")
        return
    require_database(settings.database)
    results = asyncio.run(_examine(settings, names or tuple(QUESTIONS)))
    if as_json:
        click.echo(json.dumps([_public(name, each) for name, each in results.items()], indent=2))
    else:
        _print(results, show_all=show_all)
    levels = {each.level for each in results.values()}
    if Level.FAIL in levels:
        sys.exit(1)
    if strict and Level.WARN in levels:
        sys.exit(2)


async def _examine(settings: Settings, names: Sequence[str]) -> Mapping[str, Result]:
    database = open_database(settings.database, pool_size=2)
    try:
        return await run_checks(_examined(settings, database), CHECKS, names)
    finally:
        await database.close()


def _examined(settings: Settings, database: Database) -> Examined:
    config = settings_file(os.environ, click.get_current_context().params["config"])
    return Examined(
        database=database,
        cipher=make_cipher(settings),
        clock=time.time,
        path=sqlite_path(settings.database),
        private_files=private_files(settings, config),
        backups=Path(settings.backup_dir) if settings.backup_dir else None,
        backup_seconds=duration_seconds(settings.backup_every) or 0,
        managed_suffix=settings.portal_suffix,
        reach=_reach,
        line=command_line(settings),
        machine=Machine(
            python=sys.version_info[:2],
            sqlite=sqlite3.sqlite_version_info,
            open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
            user_id=os.geteuid(),
            free_bytes=lambda folder: shutil.disk_usage(folder).free,
        ),
    )


async def _reach(provider: IdentityProvider) -> None:
    # Imported here, because most installations have no provider.
    from portico.web.sign_in.oidc import OpenIdClients

    await OpenIdClients().require_usable(provider)


def _public(name: str, result: Result) -> dict[str, str]:
    return {
        "name": name,
        "level": result.level.value,
        "found": result.found,
        "why": result.why,
        "command": result.command,
    }


def _print(results: Mapping[str, Result], *, show_all: bool) -> None:
    """Print the faults, each with its reason and command, and one line at the end."""
    for name, each in results.items():
        if each.level is Level.OK and not show_all:
            continue
        click.echo(f"{each.level.value}  {name}: {each.found}")
        if each.why:
            click.echo(f"      {each.why}\n      $ {each.command}")
    click.echo(_summary(list(results.values())))


def _summary(results: Sequence[Result]) -> str:
    count = {level: sum(each.level is level for each in results) for level in Level}
    parts = [f"{count[Level.FAIL]} FAIL"] if count[Level.FAIL] else []
    if count[Level.WARN]:
        parts.append(f"{count[Level.WARN]} warn")
    if count[Level.FAIL]:
        verdict = "Not good to go"
    else:
        verdict = "Good to go, with warnings" if parts else "Good to go"
    if count[Level.NOT_CHECKED]:
        parts.append(f"{count[Level.NOT_CHECKED]} not checked")
    return f"{verdict}: {', '.join([f'{len(results)} checks', *parts])}."
