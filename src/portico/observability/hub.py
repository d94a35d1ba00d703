"""The metrics of all workers together, in the main process.

Each worker has a pipe and a thread that reads it, so a worker that hangs keeps nobody waiting. Its
last values count until it answers again or ends. A counter never falls: the totals of workers that
have ended are kept.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, wait
from contextlib import suppress
from functools import partial
from multiprocessing import Pipe
from pathlib import Path
from queue import SimpleQueue
from threading import Condition, Thread
from time import monotonic

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from portico.observability.listing import MAIN_METRICS
from portico.observability.metrics import Values, make_metric
from portico.observability.pipes import (
    Answer,
    AskForAll,
    Collect,
    Exposition,
    Family,
    Snapshot,
    ToWorker,
    families_of,
    receive_from_worker,
    send,
)
from portico.services.backups.looks import Looks
from portico.storage.backups.folder import LastBackup, last_backup

SCRAPE_SECONDS = 2.0
"""How long a scrape waits for workers, and for a disk with backups, that do not answer."""

POLL_SECONDS = 5.0
"""How often workers are asked between scrapes. A worker that is killed loses so much at most."""

SILENT_SECONDS = 20.0
"""A worker that has not answered for so long is not waited for, until it answers again."""

logger = logging.getLogger("portico")

_LASTING = {"counter", "histogram"}
_OF_PROCESS = ("process_", "python_")
_Series = tuple[str, tuple[tuple[str, str], ...]]
_Values = dict[_Series, float]


BuildLabels = tuple[str, str, str]
"""The version, the schema and the commit of this build."""


class PipeToWorker:
    """A pipe to one worker, which inherits `of_worker`."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.connection, self.of_worker = Pipe()
        self.families: list[Family] = []
        self.asked = 0.0
        self.answered = 0.0
        self.is_open = False
        self._outbox: SimpleQueue[ToWorker | None] = SimpleQueue()

    def put(self, message: ToWorker) -> None:
        """Send a message soon. `send_all` must run, because a full pipe makes the sender wait.

        The queue is bounded: a worker is asked again only when it has answered, and has at most
        `MOST_WAITING` questions of its own.
        """
        self._outbox.put(message)

    def send_all(self) -> None:
        """Send messages until `end`, then close the pipe."""
        while (message := self._outbox.get()) is not None:
            with suppress(OSError):  # the worker has ended, which the thread that reads finds out
                send(self.connection, message)
        self.connection.close()

    def end(self) -> None:
        """Let `send_all` return. Call it when nothing more can be read."""
        self._outbox.put(None)

    @property
    def is_pending(self) -> bool:
        """Whether the worker was asked and has not answered."""
        return self.asked > self.answered


class MetricsHub(Collector):
    """Collects the metrics of all workers.

    `workers` is the number that should run. `backups` is the folder of scheduled backups.
    """

    def __init__(self, workers: int, labels: BuildLabels, backups: Path | None = None) -> None:
        self._looks = None if backups is None else Looks(partial(last_backup, backups))
        self._backup_made = 0
        self._workers = workers
        self._build = labels
        self._families: dict[str, Family] = {}
        self._none: dict[str, _Values] = {}
        self._ended: dict[str, _Values] = {}
        self._links: list[PipeToWorker] = []
        self._changed = Condition()
        self._deaths = 0
        self._own = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self._own)
        self._all = CollectorRegistry()
        self._all.register(self)

    def add_initial(self, families: Iterable[Family]) -> None:
        """Add the metrics of a worker that has done nothing, so that every series exists."""
        with self._changed:
            for family in families:
                self._families[family.name] = family
                _add(self._ended if family.kind in _LASTING else self._none, family, factor=0)

    def open_pipe(self, number: int) -> PipeToWorker:
        """Return a new pipe to the worker with a number, which is about to start."""
        return PipeToWorker(number)

    def note_death(self) -> None:
        """Count a worker that ended without being asked to."""
        with self._changed:
            self._deaths += 1

    def worker_started(self, link: PipeToWorker) -> None:
        """Begin to read a pipe whose worker has its own copy of the other end."""
        link.of_worker.close()
        link.is_open = True
        with self._changed:
            self._links.append(link)
        for work in (partial(self._read, link), link.send_all):
            Thread(target=work, name="portico-metrics", daemon=True).start()

    def exposition(self, accept: str = "") -> Exposition:
        """Return the metrics of this process and of all workers, in a format for `accept`.

        It waits for at most `SCRAPE_SECONDS`.
        """
        deadline = monotonic() + SCRAPE_SECONDS
        look = None if self._looks is None else self._looks.start()
        self._gather(SCRAPE_SECONDS)
        if look is not None:
            self._learn(look, deadline)
        encode, content_type = choose_encoder(accept)
        return Exposition(content_type, encode(self._all))

    def collect(self) -> Iterable[Metric]:
        """Yield all metrics: counters of all workers there were, gauges of those that answer."""
        own = families_of(self._own.collect())
        with self._changed:
            families = dict(self._families)
            totals = {name: dict(values) for name, values in (self._ended | self._none).items()}
            for number, each, lasting_only in self._sent(own):
                for family in _labelled(number, each):
                    if family.kind in _LASTING or not lasting_only:
                        families.setdefault(family.name, family)
                        _add(totals, family)
            mine = self._main_values()
        for described in MAIN_METRICS:
            yield make_metric(described, mine[described.name])
        for family in families.values():
            metric = Metric(family.name, family.help, family.kind)
            for (name, labels), value in totals.get(family.name, {}).items():
                metric.add_sample(name, dict(labels), value)
            yield metric

    def _sent(self, own: list[Family]) -> Iterable[tuple[str, list[Family], bool]]:
        """Yield the families of each process, and whether its gauges are too old to be true."""
        yield "main", own, False
        for link in self._links:
            yield str(link.number), link.families, link.is_pending

    def _main_values(self) -> Mapping[str, Values]:
        answering = sum(link.answered > 0 and not link.is_pending for link in self._links)
        return {
            "portico_build_info": [(self._build, 1)],
            "portico_workers": [((), self._workers)],
            "portico_workers_answering": [((), answering)],
            "portico_backup_scheduled": [((), int(self._looks is not None))],
            "portico_backup_last_success_timestamp_seconds": [((), self._backup_made)],
            "portico_worker_deaths_total": [((), self._deaths)],
        }

    def _gather(self, seconds: float) -> None:
        self._ask(check=True)
        with self._changed:
            self._changed.wait_for(self._is_complete, timeout=seconds)

    def _learn(self, look: Future[LastBackup], deadline: float) -> None:
        """Take over the time of the newest backup, if the disk answers before the deadline."""
        done, _ = wait([look], timeout=max(0.0, deadline - monotonic()))
        if done:
            made = None
            with suppress(OSError):  # an unreadable folder hides no metric, and the alert fires
                made = look.result().time
            self._backup_made = made or 0

    def _is_complete(self) -> bool:
        now = monotonic()
        return not any(
            link.is_pending and now - link.asked < SILENT_SECONDS for link in self._links
        )

    def poll(self) -> None:
        """Ask the workers from time to time, so that little is lost of each. Never returns."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: False, timeout=POLL_SECONDS)
            self._ask(check=False)

    def _ask(self, *, check: bool) -> None:
        with self._changed:
            links = [link for link in self._links if not link.is_pending]
            for link in links:
                link.asked = monotonic()
        for link in links:
            link.put(Collect(check))

    def _read(self, link: PipeToWorker) -> None:
        try:
            while True:
                message = receive_from_worker(link.connection)
                if isinstance(message, AskForAll):
                    answer = partial(self._answer, link, message)
                    Thread(target=answer, name="portico-metrics", daemon=True).start()
                else:
                    self._keep(link, message)
        except (EOFError, OSError):
            self._end(link)

    def _answer(self, link: PipeToWorker, message: AskForAll) -> None:
        exposition = None
        try:
            exposition = self.exposition(message.accept)
        except Exception:  # a question without an answer would keep its place for ever
            logger.exception("The metrics cannot be served.", extra={"event": "metrics.failed"})
        link.put(Answer(message.question, exposition))

    def _keep(self, link: PipeToWorker, message: Snapshot) -> None:
        with self._changed:
            link.families = message.families
            link.answered = monotonic()
            self._changed.notify_all()

    def _end(self, link: PipeToWorker) -> None:
        """Add the last counters of a worker that has ended to the totals."""
        with self._changed:
            self._links.remove(link)
            for family in _labelled(str(link.number), link.families):
                if family.kind in _LASTING:
                    self._families.setdefault(family.name, family)
                    _add(self._ended, family)
            self._changed.notify_all()
        link.end()


def _labelled(process: str, families: Iterable[Family]) -> Iterable[Family]:
    """Yield families, those about the process itself with a label that names it."""
    for family in families:
        if family.name.startswith(_OF_PROCESS):
            label = {"process": process}
            samples = [(name, label | labels, value) for name, labels, value in family.samples]
            yield Family(family.name, family.kind, family.help, samples)
        else:
            yield family


def _add(totals: dict[str, _Values], family: Family, *, factor: int = 1) -> None:
    values = totals.setdefault(family.name, {})
    for name, labels, value in family.samples:
        series = (name, tuple(labels.items()))
        values[series] = values.get(series, 0.0) + factor * value
