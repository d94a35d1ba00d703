"""Which core does what: a server has one to itself, everything that drives it has another.

And over how many connections the load comes, which decides how much of it a worker sees at once.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

CONNECTIONS = 16
"""Of the load generator to each worker."""


class TooFewCores(Exception):
    """The machine cannot keep the server and the load generator apart."""


@dataclass(frozen=True)
class Layout:
    """The cores of one comparison, and how many connections its load has."""

    server: tuple[int, ...]
    load: tuple[int, ...]
    connections: int = CONNECTIONS


@dataclass(frozen=True)
class Cores:
    """Where everything runs.

    Two workers on a machine of two cores leave none for the load generator, which then shares
    both; so that this does not distort the comparison, the one worker that they are compared
    with shares its only core with the load generator too. Each of the two has as many connections
    as the one; `two_workers_sharing` have that many between them, so that fewer requests wait at
    each, and each request costs it more turns of its loop.
    """

    apart: Layout
    one_worker: Layout
    two_workers: Layout
    two_workers_sharing: Layout


def assign_cores() -> Cores:
    """The layouts of this machine. Raises TooFewCores."""
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
    """The command, kept to those cores with all it starts."""
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]
