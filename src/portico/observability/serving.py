"""The metrics of a running server: the pipes of its workers and the listener that serves them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from threading import Thread

from portico.asgi.request_counts import RequestCounts
from portico.observability.hub import BuildLabels, MetricsHub, PipeToWorker
from portico.observability.listener import MetricsListener
from portico.observability.metrics import Sources, WorkerCollector
from portico.observability.pipes import Family, families_of


class ServedMetrics:
    """The metrics of a server whose workers are about to start.

    `address` is where to listen, None for nowhere. `build` is the version, its schema and its
    commit. `initial` returns the metrics of a worker that has done nothing. `backups` is the folder
    of scheduled backups. Raises OSError if the address cannot be used.
    """

    def __init__(
        self,
        workers: int,
        build: BuildLabels,
        address: tuple[str, int] | None,
        initial: Callable[[], list[Family]],
        backups: Path | None = None,
    ) -> None:
        self._hub = MetricsHub(workers, build, backups)
        self._initial = initial
        self._listener = None if address is None else MetricsListener(address, self._hub.exposition)
        self.open_pipe = self._hub.open_pipe
        self.note_death = self._hub.note_death

    def start_worker(self, pipe: PipeToWorker, start: Callable[[], None]) -> None:
        """Start a worker, which inherits its end of the pipe, and begin to read the other end."""
        start()
        self._hub.worker_started(pipe)

    def start(self) -> None:
        """Begin to answer. Call it when the first workers run: forking comes before threads."""
        Thread(target=self._run, name="portico-metrics", daemon=True).start()

    def _run(self) -> None:
        self._hub.add_initial(self._initial())
        if self._listener is not None:
            self._listener.serve_on_thread()
        self._hub.poll()


def initial_metrics(operations: Mapping[tuple[str, str], Collection[int]]) -> list[Family]:
    """Return the metrics of a worker that has done nothing, with all series of its operations."""
    sources = Sources(requests=RequestCounts(operations))
    return families_of(WorkerCollector(sources).collect())
