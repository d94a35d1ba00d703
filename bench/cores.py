"""Assigns cores and connections: the server has one core, the load generator another one.

The number of connections decides how many requests wait at a worker.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

CONNECTIONS = 16
"""The number of connections of the load generator to each worker."""


class TooFewCores(Exception):
    """The machine cannot keep the server and the load generator apart."""


@dataclass(frozen=True)
class Layout:
    """The cores of one comparison, and the number of connections of its load."""

    server: tuple[int, ...]
    load: tuple[int, ...]
    connections: int = CONNECTIONS


@dataclass(frozen=True)
class Cores:
    """The layouts of all comparisons.

    On a machine with two cores, two workers share both with the load generator. For a fair
    comparison, the one worker (`one_worker`) then shares its core with the load generator too. Each
    of the two workers has as many connections as the one; `two_workers_sharing` has that many in
    total, so fewer requests wait at each, and each request costs more turns of the event loop.
    """

    apart: Layout
    one_worker: Layout
    two_workers: Layout
    two_workers_sharing: Layout


def assign_cores() -> Cores:
    """Return the layouts of this machine. Raises TooFewCores."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise TooFewCores("The benchmark needs two cores: one for the server, one for the load.")
    first, both, spare = (cores[0],), (cores[0], cores[1]), tuple(cores[2:3])
    sharing = Layout(server=both, load=spare or both)
    return Cores(
        apart=Layout(server=first, load=(cores[1],)),
        one_worker=Layout(server=first, load=spare or first),
        two_workers=replace(sharing, connections=2 * CONNECTIONS),
        two_workers_sharing=sharing,
    )


def pinned(command: list[str], cores: tuple[int, ...]) -> list[str]:
    """Return the command, restricted to these cores with all processes that it starts."""
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]
