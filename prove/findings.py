"""What an experiment found, and the place that it works in."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.own_postgres import OwnPostgres
from tests.harness import upgrade

Figure = int | float | str


class NotPossible(Exception):
    """The machine lacks what an experiment needs. The message says what."""


@dataclass(frozen=True)
class Finding:
    """The result of an experiment: a sentence, its figures, and what went wrong."""

    sentence: str
    figures: dict[str, Figure]
    faults: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Experiment:
    """One row of the page. `run` gets a scale, where 1.0 is the full size, and an empty folder."""

    name: str
    title: str
    full: str
    duration: str
    run: Callable[[float, Path], Finding]


def at_least_one(full: int, scale: float) -> int:
    """Return the size of a scaled experiment."""
    return max(1, round(full * scale))


@contextmanager
def sqlite_database(folder: Path) -> Iterator[str]:
    """The URL of a new SQLite database with the newest schema."""
    url = f"sqlite:///{folder / 'portico.db'}"
    upgrade(url)
    yield url


@contextmanager
def own_postgres(*, empty: bool = False) -> Iterator[OwnPostgres]:
    """A new PostgreSQL. Its database has the newest schema, unless it must be empty."""
    # A short path: a Unix socket's may have about 100 characters.
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        postgres = OwnPostgres(Path(name) / "data")
        try:
            if not empty:
                upgrade(postgres.url)
            yield postgres
        finally:
            postgres.remove()


@contextmanager
def postgres_database(_folder: Path) -> Iterator[str]:
    """The URL of a database on a PostgreSQL of its own."""
    with own_postgres() as postgres:
        yield postgres.url
