"""Options that commands share, and opening the database for one command."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from portico.domain.records import MAX_ID, Page
from portico.domain.search import ListQuery
from portico.domain.tenancy.identity import Role
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
    """Return a decorator that adds options for the named settings, or for all, and `--config`.

    The command receives one `settings` argument.
    """

    # Opening a database can upgrade it, and one upgrade encrypts secrets.
    further = ("database_file", "secret_key_file") if "database" in names else ()
    selected = (*names, *further) or tuple(setting_fields())

    def decorate(command: Command) -> Command:
        wrapped = _receiving_settings(command, selected)
        options = [_option(name) for name in selected]
        options.append(
            click.option(
                "--config",
                type=click.Path(path_type=Path, dir_okay=False),
                help="TOML file with settings. Environment: PORTICO_CONFIG.",
            )
        )
        for option in reversed(options):
            wrapped = option(wrapped)
        return wrapped

    return decorate


def _option(name: str) -> Callable[[Command], Command]:
    setting = setting_fields()[name]
    flag = f"--{name.replace('_', '-')}"
    default = setting.default
    default_text = str(default).lower() if isinstance(default, bool) else default
    text = (
        f"{setting.metadata['help']} Default: {default_text}. Environment: PORTICO_{name.upper()}."
    )
    if isinstance(default, bool):
        return click.option(f"{flag}/--no-{flag[2:]}", default=None, help=text)
    return click.option(flag, default=None, metavar=_NAMES[type(default)], help=text)


def _receiving_settings(command: Command, names: Iterable[str]) -> Command:
    selected = tuple(names)

    def run(config: Path | None, **arguments: Any) -> None:  # noqa: ANN401  # click's values
        given = {name: arguments.pop(name) for name in selected}
        flags = {name: value for name, value in given.items() if value is not None}
        for variable in unknown_variables(os.environ):
            click.echo(f"portico: {variable} is not a setting and is ignored.", err=True)
        command(settings=load_settings(flags, os.environ, config), **arguments)

    run.__name__ = command.__name__
    run.__doc__ = command.__doc__
    # click reads the options of the wrapper only.
    run.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    return run


def customer_option(text: str) -> Callable[[Command], Command]:
    """Return the required option `--customer`, with its help text."""
    return click.option("--customer", "customer_id", type=ID, required=True, help=text)


CUSTOMER = customer_option("The tenant's id.")


def role_options(holder: str, *, limited: str) -> Callable[[Command], Command]:
    """Return a decorator that adds `--role` and `--microtenant`.

    `holder` has the role, and `limited` is what the microtenant limits.
    """
    role = click.option(
        "--role",
        type=click.Choice([role.value for role in Role], case_sensitive=False),
        default=Role.ADMIN.value,
        show_default=True,
        help=f"Whether the {holder} can change anything (admin) or only read (viewer).",
    )
    microtenant = click.option(
        "--microtenant",
        "microtenant_id",
        type=MICROTENANT_ID,
        help=f"Limit the {limited} to one microtenant.",
    )
    return lambda command: role(microtenant(command))


def create_missing_database(settings: Settings) -> None:
    """Create the file of a SQLite database if it does not exist.

    Raises SecretKeyError, before creating anything, if the key file cannot be used.
    """
    cipher = make_cipher(settings)
    key_file = cipher.file
    is_created_later = (
        key_file.automatic and key_file.path is not None and not key_file.path.exists()
    )
    if not is_created_later:
        cipher.read_keys()
    create_database_file(settings.database)


def run_with_database(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """Run `work` on an existing database of any schema, and return its result.

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
    items: list[T] = []
    while True:
        page = await page_of(ListQuery(page=len(items) // _PAGE + 1, page_size=_PAGE))
        items += page.items
        if len(items) >= page.total or not page.items:
            return items
