"""How commands are written when they are printed: so that they work when they are pasted."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from portico.services.people.first_steps import CommandLine, FirstStep
from portico.settings import Settings, has_password
from portico.storage.engine.database import sqlite_path


def command_line(settings: Settings) -> CommandLine:
    """Return how to run `portico` on the same database, from any folder.

    A URL with a password is never printed; its command takes it from PORTICO_DATABASE.
    """
    return CommandLine(
        program=_program(Path(sys.argv[0])), database_option=_database_option(settings.database)
    )


def first_step_text(step: FirstStep, line: CommandLine) -> str:
    """Return what a fresh installation needs next, with the command on a line of its own."""
    if step.tenant is None:
        words = "There is no tenant yet. Create the first one in another terminal:"
    else:
        words = f"{step.tenant.name} has no administrator yet. Create one in another terminal:"
    return f"{words}\n\n{step.command(line)}\n"


def _program(started: Path) -> str:
    if started.name == "__main__.py":
        return f"{shlex.quote(sys.executable)} -m portico"
    found = shutil.which(started.name)
    if found is not None and Path(found).absolute() == started.absolute():
        return started.name
    return shlex.quote(str(started.absolute()))


def _database_option(url: str) -> str:
    path = sqlite_path(url)
    if path is not None:
        return f"--database {shlex.quote(f'sqlite:///{path.absolute()}')}"
    return (
        '--database "$PORTICO_DATABASE"' if has_password(url) else f"--database {shlex.quote(url)}"
    )
