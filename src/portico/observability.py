"""Logging: JSON lines for messages and events, and one access-log line for each request."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from time import time
from typing import BinaryIO

import msgspec

_STANDARD_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON: time, level, logger, message and, if any, exception.

    The values of `extra` follow: the name of an `event` and its fields. An event also has the
    process id and, in a worker, the number of the worker.
    """

    def __init__(self, worker: int | None) -> None:
        super().__init__()
        self._worker = worker

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        line: dict[str, object] = {
            "time": _timestamp(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {
            name: value for name, value in vars(record).items() if name not in _STANDARD_ATTRIBUTES
        }
        if "event" in line:
            line |= {"pid": record.process}
            if self._worker is not None:
                line |= {"worker": self._worker}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class AccessLog:
    """Writes a line for each request, all lines of a tenth of a second at once.

    One write for each line would cost more than a cached read.
    """

    FLUSH_SECONDS = 0.1

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lines: list[bytes] = []

    def __call__(self, fields: dict[str, object]) -> None:
        """Add a line with these fields. Must be called on the event loop."""
        if not self._lines:
            asyncio.get_running_loop().call_later(self.FLUSH_SECONDS, self.flush)
        self._lines.append(msgspec.json.encode({"time": _timestamp(time()), **fields}))

    def flush(self) -> None:
        """Write the pending lines."""
        lines, self._lines = self._lines, []
        if lines:
            self._stream.write(b"\n".join(lines) + b"\n")
            self._stream.flush()


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def configure_logging(level: str, *, worker: int | None = None) -> None:
    """Send every log line of this process to standard error. `worker` is its worker number."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(worker))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # At level "info", Alembic lists its plugins.
    logging.getLogger("alembic").setLevel(logging.WARNING)
