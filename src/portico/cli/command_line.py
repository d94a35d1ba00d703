"""Commands that Portico prints for the operator, ready to paste into a shell."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from portico.services.people.first_steps import CommandLine, FirstStep
from portico.settings import Settings, has_password
from portico.storage.engine.database import sqlite_path


def command_line(settings: Settings) -> CommandLine:
    """Return the command line that runs `portico` on the same database, from any folder.

    A URL with a password is never printed. The command then names the file that has it, or reads
    PORTICO_DATABASE.
    """
    return CommandLine(
        program=_program(Path(sys.argv[0])), database_option=_database_option(settings)
    )


def first_step_text(step: FirstStep, line: CommandLine) -> str:
    """Return the next step of a new installation, with its command on a separate line."""
    if step.tenant is None:
        text = "There is no tenant yet. Create the first one in another terminal:"
    else:
        text = f"{step.tenant.name} has no administrator yet. Create one in another terminal:"
    return f"{text}\n\n{step.command(line)}\n"


def _program(started: Path) -> str:
    if started.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m portico"
    on_path = shutil.which(started.name)
    if on_path is not None and Path(on_path).absolute() == started.absolute():
        return started.name
    return shlex.quote(str(started.absolute()))


def _database_option(settings: Settings) -> str:
    path = sqlite_path(settings.database)
    if path is not None:
        return f"--database {shlex.quote(f'sqlite:///{path.absolute()}')}"
    if not has_password(settings.database):
        return f"--database {shlex.quote(settings.database)}"
    if settings.database_file:
        return f"--database-file {shlex.quote(str(Path(settings.database_file).absolute()))}"
    return '--database "$PORTICO_DATABASE"'
