"""What an operator sees of a running server: log lines in JSON, one for each request."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from datetime import UTC, datetime
from time import time
from typing import BinaryIO

import msgspec

_OF_EVERY_RECORD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the exception if there is one.

    What the caller gives as `extra` follows: the name of an `event`, and its fields. Events also
    tell the process id and, in a worker, its number.
    """

    def __init__(self, worker: int | None) -> None:
        super().__init__()
        self._worker = worker

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record."""
        line: dict[str, object] = {
            "time": _moment(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {
            name: value for name, value in vars(record).items() if name not in _OF_EVERY_RECORD
        }
        if "event" in line:
            line |= {"pid": record.process}
            if self._worker is not None:
                line |= {"worker": self._worker}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class AccessLog:
    """Writes a line for each request, a tenth of a second's lines at a time.

    One write for each line would cost a hot read more than the read itself.
    """

    FLUSH_SECONDS = 0.1

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._lines: list[bytes] = []

    def __call__(self, fields: dict[str, object]) -> None:
        """Takes the fields of one line; must be called on the event loop."""
        if not self._lines:
            asyncio.get_running_loop().call_later(self.FLUSH_SECONDS, self.flush)
        self._lines.append(msgspec.json.encode({"time": _moment(time()), **fields}))

    def flush(self) -> None:
        """Writes the lines that wait."""
        lines, self._lines = self._lines, []
        if lines:
            self._stream.write(b"\n".join(lines) + b"\n")
            self._stream.flush()


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def configure_logging(level: str, *, worker: int | None = None) -> None:
    """Sends every log line of this process to standard error. `worker` is a worker's number."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(worker))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # At "info" it lists its plugins.
    logging.getLogger("alembic").setLevel(logging.WARNING)
