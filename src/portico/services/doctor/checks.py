"""Checks of an installation: what they get, what they return, and running them in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from portico.domain.errors import PorticoError
from portico.domain.people.providers import IdentityProvider
from portico.domain.records import Clock
from portico.services.people.first_steps import CommandLine
from portico.storage.engine.connections import Database
from portico.storage.secrets.secret_cipher import SecretCipher

CHECK_SECONDS = 15.0
"""How long a check may take before it counts as not checked."""

LISTED = 3
"""How many names a result lists."""


class Level(StrEnum):
    """The result of a check, from good to bad."""

    OK = "ok"
    NOT_CHECKED = "not checked"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Result:
    """What a check found, why it matters, and the command to type. All are for the operator."""

    level: Level
    found: str
    why: str = ""
    command: str = ""


def good(found: str) -> Result:
    """Return the result of a check that found no fault."""
    return Result(Level.OK, found)


def warn(found: str, why: str, command: str) -> Result:
    """Return the result of a check that found something to correct soon."""
    return Result(Level.WARN, found, why, command)


def fail(found: str, why: str, command: str) -> Result:
    """Return the result of a check that found something broken."""
    return Result(Level.FAIL, found, why, command)


def not_checked(reason: str) -> Result:
    """Return the result of a check that could not run."""
    return Result(Level.NOT_CHECKED, reason)


def listed(names: Sequence[str]) -> str:
    """Return the first names as text, and how many more there are."""
    rest = len(names) - LISTED
    text = ", ".join(names[:LISTED])
    return f"{text} and {rest} more" if rest > 0 else text


@dataclass(frozen=True, kw_only=True)
class Machine:
    """Facts about this process and the machine. `free_bytes` returns the free space at a path."""

    python: tuple[int, int]
    sqlite: tuple[int, ...]
    open_files: int
    user_id: int
    free_bytes: Callable[[Path], int]


@dataclass(frozen=True, kw_only=True)
class Examined:
    """The installation that is examined. `path` is the SQLite file, or None for PostgreSQL.

    `private_files` must be readable by their owner only. `backups` is the folder of scheduled
    backups, made every `backup_seconds`, or None. `managed_suffix` ends the domains that Portico
    computes. `reach` raises Unavailable if a provider cannot be used. `line` writes commands.
    """

    database: Database
    cipher: SecretCipher
    clock: Clock
    path: Path | None
    private_files: Sequence[Path]
    backups: Path | None
    backup_seconds: int
    managed_suffix: str
    reach: Callable[[IdentityProvider], Awaitable[None]]
    line: CommandLine
    machine: Machine

    @property
    def now(self) -> int:
        """The present moment in epoch seconds."""
        return int(self.clock())


@dataclass(frozen=True, kw_only=True)
class Check:
    """A check: its name, the question that it answers, and the checks that must not fail first."""

    name: str
    question: str
    run: Callable[[Examined], Awaitable[Result]]
    needs: tuple[str, ...] = ()


async def run_checks(
    examined: Examined, checks: Sequence[Check], names: Sequence[str]
) -> Mapping[str, Result]:
    """Return the results of the named checks, by name and in order."""
    results: dict[str, Result] = {}
    wanted = {name for each in checks if each.name in names for name in (each.name, *each.needs)}
    for check in checks:
        if check.name in wanted:
            results[check.name] = await _run_after(check, examined, results)
    return {name: result for name, result in results.items() if name in names}


async def _run_after(check: Check, examined: Examined, results: Mapping[str, Result]) -> Result:
    for name in check.needs:
        if results[name].level in {Level.FAIL, Level.NOT_CHECKED}:
            return not_checked(f"It needs the check {name}, which did not succeed.")
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            return await check.run(examined)
    except TimeoutError:
        return not_checked(f"It took longer than {CHECK_SECONDS:g} seconds.")
    except PorticoError as error:
        return not_checked(error.reason)
    except OSError as error:
        return not_checked(f"{error.filename or 'The system'}: {error.strerror}.")
