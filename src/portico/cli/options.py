"""Options that commands share, made from the settings, and how a command opens the database."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from portico.domain.records import MAX_ID, Page
from portico.domain.search import ListQuery
from portico.installation import make_cipher, open_runtime, prepare_database
from portico.services.runtime import Runtime
from portico.settings import Settings, load_settings, setting_fields, unknown_variables
from portico.storage.engine.connections import Database
from portico.storage.engine.database import create_database_file, open_database, require_database

T = TypeVar("T")
Command = Callable[..., Any]

ID = click.IntRange(min=1, max=MAX_ID)
MICROTENANT_ID = click.IntRange(min=0, max=MAX_ID)
_NAMES = {int: "NUMBER", str: "TEXT"}
_PAGE = 500


def settings_options(*names: str) -> Callable[[Command], Command]:
    """Options for the named settings (all without names), and `--config`.

    The command receives one `settings` argument.
    """

    # A command can upgrade the database that it opens, and one upgrade encrypts secrets.
    key = ("secret_key_file",) if "database" in names else ()
    known = (*names, *key) or tuple(setting_fields())

    def decorate(command: Command) -> Command:
        wrapped = _receiving_settings(command, known)
        options = [_option(name) for name in known]
        options.append(
            click.option(
                "--config",
                type=click.Path(path_type=Path, dir_okay=False),
                help="A TOML file of settings. Environment: PORTICO_CONFIG.",
            )
        )
        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def _option(name: str) -> Callable[[Command], Command]:
    described = setting_fields()[name]
    flag = f"--{name.replace('_', '-')}"
    default = described.default
    shown = str(default).lower() if isinstance(default, bool) else default
    text = f"{described.metadata['help']} Default: {shown}. Environment: PORTICO_{name.upper()}."
    if isinstance(default, bool):
        return click.option(f"{flag}/--no-{flag[2:]}", default=None, help=text)
    return click.option(flag, default=None, metavar=_NAMES[type(default)], help=text)


def _receiving_settings(command: Command, names: Iterable[str]) -> Command:
    known = tuple(names)

    def run(config: Path | None, **arguments: Any) -> None:  # noqa: ANN401  # click's values
        given = {name: arguments.pop(name) for name in known}
        flags = {name: value for name, value in given.items() if value is not None}
        for variable in unknown_variables(os.environ):
            click.echo(f"portico: {variable} is not a setting; it is ignored.", err=True)
        command(settings=load_settings(flags, os.environ, config), **arguments)

    run.__name__ = command.__name__
    run.__doc__ = command.__doc__
    # Options that the command already has move to the wrapper.
    run.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    return run


def create_missing_database(settings: Settings) -> None:
    """Create the file of a SQLite database if it is missing.

    Raises SecretKeyError before it creates anything if the key file cannot be used.
    """
    cipher = make_cipher(settings)
    key_file = cipher.file
    is_made_later = key_file.automatic and key_file.path is not None and not key_file.path.exists()
    if not is_made_later:
        cipher.read_keys()
    create_database_file(settings.database)


def run_with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Open an existing database, whatever its schema, for the length of one command.

    Raises MissingDatabase.
    """
    require_database(settings.database)

    async def run() -> T:
        database = open_database(settings.database, pool_size=settings.pool_size)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())


def run_as_operator(settings: Settings, work: Callable[[Runtime], Awaitable[T]]) -> T:
    """Open a current database as the operator for the length of one command."""

    async def run(database: Database) -> T:
        cipher = make_cipher(settings)
        await prepare_database(database, cipher, settings)
        return await work(await open_runtime(settings, database, cipher))

    return run_with_database(settings, run)


async def every_item(page_of: Callable[[ListQuery], Awaitable[Page[T]]]) -> list[T]:
    """Return the items of all pages of a list."""
    found: list[T] = []
    while True:
        page = await page_of(ListQuery(page=len(found) // _PAGE + 1, page_size=_PAGE))
        found += page.items
        if len(found) >= page.total or not page.items:
            return found
