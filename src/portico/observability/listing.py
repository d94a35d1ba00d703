"""The list of all metrics: name, kind, help and labels.

The collectors, the reference page, and the checks of the dashboard and of the alerts use it. It
imports nothing, so that tools can read it.
"""

from __future__ import annotations

from typing import Literal, NamedTuple


class Described(NamedTuple):
    """A metric. The name of a counter ends in `_total`. `help` is one sentence."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()


WORKER_METRICS = (
    Described(
        "portico_requests_total",
        "counter",
        "Requests that have ended. A status of disconnected means that the client left before the "
        "response began.",
        ("operation", "method", "status"),
    ),
    Described(
        "portico_request_duration_seconds",
        "histogram",
        "Time from the arrival of a request to the end of its response.",
        ("operation", "method"),
    ),
    Described("portico_cache_hits_total", "counter", "API reads answered from the response cache."),
    Described(
        "portico_cache_misses_total",
        "counter",
        "API reads whose response was computed, because the cache had none that is current.",
    ),
    Described("portico_cache_bytes", "gauge", "Memory that cached responses take."),
    Described("portico_cache_limit_bytes", "gauge", "Memory that cached responses can take."),
    Described(
        "portico_database_statements_total",
        "counter",
        "Database statements. The wait for a turn to write is a write, and the one query of a "
        "cached read is a revision.",
        ("kind",),
    ),
    Described(
        "portico_database_seconds_total",
        "counter",
        "Time that requests and background work waited for database statements. SQLite's "
        "revisions are not timed.",
        ("kind",),
    ),
    Described(
        "portico_database_connections",
        "gauge",
        "Size of the PostgreSQL pools, or the number of SQLite's threads for slow reads.",
    ),
    Described(
        "portico_database_connections_in_use",
        "gauge",
        "Connections of the PostgreSQL pools, or SQLite's threads for slow reads, in use.",
    ),
    Described(
        "portico_database_readers_waiting", "gauge", "Slow reads that wait for a connection."
    ),
    Described("portico_database_writers_waiting", "gauge", "Writes that wait for their turn."),
    Described(
        "portico_password_queue_waiting",
        "gauge",
        "Sign-ins that wait for their password to be checked, by the kind of device.",
        ("device",),
    ),
    Described(
        "portico_password_queue_limit",
        "gauge",
        "Places in the queue for passwords. A sign-in that finds none is turned away.",
        ("device",),
    ),
    Described("portico_password_queue_running", "gauge", "Passwords that are being hashed."),
    Described(
        "portico_password_queue_rejected_total",
        "counter",
        "Sign-ins that were turned away, because the queue was full or they had waited too long.",
    ),
    Described(
        "portico_sign_ins_total",
        "counter",
        "Sign-ins by result: success, or why it failed. A sign-in through a provider that succeeds "
        "counts for the console or the portal.",
        ("channel", "result"),
    ),
    Described("portico_portal_openings_total", "counter", "Links opened from portal pages."),
    Described(
        "portico_workers_ready",
        "gauge",
        "Workers whose last readiness check succeeded. Each scrape starts the next check.",
    ),
)
"""What each worker collects. The main process adds the values of all workers."""

MAIN_METRICS = (
    Described(
        "portico_build_info",
        "gauge",
        "Always 1. The labels are the version, its database schema, and the commit if known.",
        ("version", "schema", "commit"),
    ),
    Described("portico_workers", "gauge", "Workers that should run, from the setting workers."),
    Described("portico_workers_answering", "gauge", "Workers that answered this scrape in time."),
    Described(
        "portico_backup_scheduled", "gauge", "1 if the setting backup_dir asks for backups, else 0."
    ),
    Described(
        "portico_backup_last_success_timestamp_seconds",
        "gauge",
        "Time of the newest scheduled backup, 0 if there is none. The last one known if the disk "
        "does not answer.",
    ),
    Described(
        "portico_worker_deaths_total",
        "counter",
        "Workers that ended without being asked to.",
    ),
)
"""What the main process adds itself."""

_PROCESS = ("process",)
PROCESS_METRICS = (
    Described("process_virtual_memory_bytes", "gauge", "Virtual memory size in bytes.", _PROCESS),
    Described("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.", _PROCESS),
    Described(
        "process_start_time_seconds",
        "gauge",
        "Start time of the process since unix epoch in seconds.",
        _PROCESS,
    ),
    Described(
        "process_cpu_seconds_total",
        "counter",
        "Total user and system CPU time spent in seconds.",
        _PROCESS,
    ),
    Described("process_open_fds", "gauge", "Number of open file descriptors.", _PROCESS),
    Described("process_max_fds", "gauge", "Maximum number of open file descriptors.", _PROCESS),
    Described(
        "python_gc_objects_collected_total",
        "counter",
        "Objects collected during gc",
        ("process", "generation"),
    ),
    Described(
        "python_gc_objects_uncollectable_total",
        "counter",
        "Uncollectable objects found during GC",
        ("process", "generation"),
    ),
    Described(
        "python_gc_collections_total",
        "counter",
        "Number of times this generation was collected",
        ("process", "generation"),
    ),
    Described(
        "python_info",
        "gauge",
        "Python platform information",
        ("process", "version", "implementation", "major", "minor", "patchlevel"),
    ),
)
"""What prometheus-client collects in every process. `process` is `main` or the worker's number."""


def list_metrics() -> tuple[Described, ...]:
    """Return every metric of `/metrics`, by name."""
    return tuple(sorted((*WORKER_METRICS, *MAIN_METRICS, *PROCESS_METRICS)))
