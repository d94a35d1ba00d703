"""Databases for seeds: empty ones, copied from a template, and what is planted into them."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from portico.emulator.seeds.exporting import export_seed
from portico.emulator.seeds.format import Seed
from portico.emulator.seeds.planting import Planted, plant
from portico.emulator.seeds.reading import SeedFile, parse_seed
from portico.emulator.seeds.sources import Source
from portico.services.runtime import Runtime
from tests.harness import as_operator, upgrade

T = TypeVar("T")
SUFFIX = "p.zscalerportal.net"


class Databases:
    """Makes SQLite databases without tenants in a folder, quickly."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._template = folder / "template.db"
        self._numbers = itertools.count(1)
        upgrade(f"sqlite:///{self._template}")

    def new(self) -> str:
        """The URL of another empty database."""
        path = self._folder / f"{next(self._numbers)}.db"
        for source in self._folder.glob("template.*"):
            shutil.copyfile(source, path.with_suffix(source.suffix))
        return f"sqlite:///{path}"


class PlantedSeed:
    """A database of its own with a seed in it."""

    def __init__(self, url: str, file: SeedFile) -> None:
        self.url = url
        self.file = file
        self.planted: Planted = self.run(
            lambda runtime: plant(runtime, file, managed_suffix=SUFFIX)
        )

    def run(self, work: Callable[[Runtime], Awaitable[T]]) -> T:
        """The result of the operator's work on the database."""
        return as_operator(self.url, work)

    def export(self, *, with_secrets: bool = True) -> Seed:
        """The present state as a seed."""
        secrets = self.planted.secrets if with_secrets else {}
        return self.run(lambda runtime: export_seed(runtime, name="export", secrets=secrets))


def parsed(text: str, name: str = "seed.yaml", **environment: str) -> SeedFile:
    """The seed in a text."""
    return parse_seed(text.encode(), Source(name=name), plain_secrets=True, environment=environment)
