"""The options of a stand-in, which `portico emulate` and `portico run` share."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from portico.cli.stand_in.traffic_options import TRAFFIC_OPTIONS
from portico.emulation.state_folder import StandInError, StateFolder, default_state_folder

if TYPE_CHECKING:
    from portico.emulation.running import EmulateOptions

URL_VARIABLE = "PORTICO_EMULATOR_URL"
_TENANTS = click.IntRange(0, 1_000)
_PORT = click.IntRange(0, 65_535)
Command = Callable[..., Any]


def _vanity_domain(_: click.Context, __: click.Parameter, name: str) -> str:
    """Return a name that can be the first part of a host name. Raises BadParameter."""
    if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?", name):
        raise click.BadParameter(
            f"{name!r} cannot be the first part of a host name. Use letters, digits and hyphens, "
            "as in portico for portico.zslogin.net."
        )
    return name


state_folder_option = click.option(
    "--state-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with the process id, the log and the addresses of a stand-in in the background. "
    "One runs in each folder.  [default: ~/.local/state/portico/emulate]",
)

_PRIVATE = (
    click.option(
        "--direct",
        metavar="HOST",
        multiple=True,
        help="A host that clients reach directly. Repeat the option for several.",
    ),
    click.option(
        "--pass-through",
        is_flag=True,
        help="Let the proxy connect to every host that is not the vendor's.",
    ),
    click.option(
        "--seed",
        metavar="FILE",
        help="Seed to create everything from: a YAML or JSON file, or a built-in one: demo, "
        "empty or vendor-tests.",
    ),
    click.option(
        "--tenants",
        type=_TENANTS,
        help="Number of tenants that an empty database gets without a seed, each with an API "
        "client.  [default: 1]",
    ),
    click.option(
        "--clock",
        metavar="TIME",
        help="Freeze the clock at this time, for example 2030-01-31T12:00:00Z. By default it "
        "shows the real time.",
    ),
    click.option(
        "--cloud", default="production", show_default=True, help="Name of the vendor's cloud."
    ),
    click.option(
        "--vanity-domain",
        default="portico",
        callback=_vanity_domain,
        show_default=True,
        help="The vanity domain for clients that sign in by OneAPI.",
    ),
    *TRAFFIC_OPTIONS,
    click.option(
        "--ca-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="Folder of the certificate authority.  [default: ~/.local/share/portico/ca]",
    ),
)
_LISTENING = (
    click.option(
        "--port", type=_PORT, default=0, help="Port of plain HTTP. By default any free port."
    ),
    click.option(
        "--tls-port", type=_PORT, default=0, help="Port of HTTPS. By default any free port."
    ),
    click.option(
        "--proxy-port",
        type=_PORT,
        default=0,
        help="Port of the forward proxy. By default any free port.",
    ),
    click.option(
        "--database",
        type=click.Path(path_type=Path, dir_okay=False),
        help="SQLite file to use and keep. By default a temporary one.",
    ),
    click.option(
        "--env-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File to write the variables to that clients read, with mode 0600.",
    ),
    state_folder_option,
)


def private_stand_in_options(command: Command) -> Command:
    """Add the options of a stand-in that serves one command."""
    return _with(command, _PRIVATE)


def stand_in_options(command: Command) -> Command:
    """Add the options of a stand-in, with its ports and files."""
    return _with(command, (*_PRIVATE, *_LISTENING))


def _with(command: Command, options: tuple[Callable[[Command], Command], ...]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def emulate_options(options: Mapping[str, Any]) -> EmulateOptions:
    """Return what the options on the command line ask for. Raises PorticoError."""
    from portico.emulation.running import EmulateOptions
    from portico.emulation.traffic import TrafficOptions
    from portico.settings import load_settings

    values = dict(options)
    clock = values.pop("clock")
    traffic = {name: values.pop(name) for name in ("limits", "chaos", "seed_number")}
    traffic["reports"] = values.pop("report")
    values |= first_tenants(values.pop("seed"), values.pop("tenants"))
    return EmulateOptions(
        **values,
        frozen_at=None if clock is None else _moment(clock),
        settings=load_settings({}, os.environ),
        traffic=TrafficOptions(**traffic),
    )


def first_tenants(seed: str | None, tenants: int | None) -> dict[str, Any]:
    """Return the options that say what an empty database gets. Raises SeedError."""
    if seed is None:
        return {} if tenants is None else {"tenants": tenants}
    if tenants is not None:
        raise click.UsageError("--tenants is for a stand-in without --seed.")
    from portico.emulation.seeding import open_seed

    return {"seed": open_seed(seed)}


def _moment(text: str) -> float:
    from portico.emulator.clock import EARLIEST, LATEST

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise click.BadParameter(
            "Write a time with its zone, for example 2030-01-31T12:00:00Z.", param_hint="--clock"
        )
    if not EARLIEST <= moment.timestamp() <= LATEST:
        raise click.BadParameter(
            "The clock can show times of the years 2000 to 2049.", param_hint="--clock"
        )
    return moment.timestamp()


def chosen_folder(state_dir: Path | None) -> StateFolder:
    """Return the state folder of an option, or the user's."""
    return StateFolder(state_dir or default_state_folder(os.environ))


def stand_in_address(url: str | None, state_dir: Path | None) -> str:
    """Return the address of the stand-in that is meant. Raises StandInError."""
    named = url or (None if state_dir else os.environ.get(URL_VARIABLE))
    if named:
        return named
    folder = chosen_folder(state_dir)
    folder.require_running()
    access = folder.access()
    if access is None:
        raise StandInError("The stand-in is starting. Run `portico emulate wait` first.")
    return access.url
