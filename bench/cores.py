"""Which core does what: a server has one to itself, everything that drives it has another."""

from __future__ import annotations

import os
from dataclasses import dataclass


class TooFewCores(Exception):
    """The machine cannot keep the server and the load generator apart."""


@dataclass(frozen=True)
class Layout:
    """The cores of one comparison."""

    server: tuple[int, ...]
    load: tuple[int, ...]


@dataclass(frozen=True)
class Cores:
    """Where everything runs.

    Two workers on a machine of two cores leave none for the load generator, which then shares
    both; so that this does not distort the comparison, the one worker that they are compared
    with shares its only core with the load generator too.
    """

    apart: Layout
    one_worker: Layout
    two_workers: Layout


def assign_cores() -> Cores:
    """The layouts of this machine. Raises TooFewCores."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise TooFewCores("The benchmark needs two cores: one for the server, one for the load.")
    first, both, spare = (cores[0],), (cores[0], cores[1]), tuple(cores[2:3])
    return Cores(
        apart=Layout(server=first, load=(cores[1],)),
        one_worker=Layout(server=first, load=spare or first),
        two_workers=Layout(server=both, load=spare or both),
    )


def pinned(command: list[str], cores: tuple[int, ...]) -> list[str]:
    """The command, kept to those cores with all it starts."""
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]
