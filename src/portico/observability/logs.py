"""Logging: messages and events, and one access-log line for each request, as JSON or text."""

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


class TextLines(logging.Formatter):
    """Formats a record for people: local time, level, message, and the fields of `extra`.

    The statements of a slow request follow, one to a line.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        fields = {
            name: value
            for name, value in vars(record).items()
            if name not in _STANDARD_ATTRIBUTES and name not in {"event", "statements"}
        }
        shown = "  ".join(f"{name}={value}" for name, value in fields.items() if value is not None)
        text = f"{_local_time(record.created)}  {record.levelname:<7}  {record.getMessage()}"
        lines = [_one_line(f"{text}  {shown}" if shown else text)]
        for each in getattr(record, "statements", ()):
            timed = f"{each['milliseconds']:>9.1f} ms {each['count']:>5} x  {each['sql']}"
            lines.append(_one_line(timed))
        if record.exc_info:
            lines.append(self.formatException(record.exc_info))
        return "\n".join(lines)


class AccessLog:
    """Writes a line for each request, all lines of a tenth of a second at once.

    One write for each line would cost more than a cached read.
    """

    FLUSH_SECONDS = 0.1

    def __init__(self, stream: BinaryIO, log_format: str = "json") -> None:
        self._stream = stream
        self._encode = _text_of_request if log_format == "text" else _json_of_request
        self._lines: list[bytes] = []

    def __call__(self, fields: dict[str, object]) -> None:
        """Add a line with these fields. Must be called on the event loop."""
        if not self._lines:
            asyncio.get_running_loop().call_later(self.FLUSH_SECONDS, self.flush)
        self._lines.append(self._encode(fields))

    def flush(self) -> None:
        """Write the pending lines."""
        lines, self._lines = self._lines, []
        if lines:
            self._stream.write(b"\n".join(lines) + b"\n")
            self._stream.flush()


def _json_of_request(fields: dict[str, object]) -> bytes:
    return msgspec.json.encode({"time": _timestamp(time()), **fields})


def _text_of_request(fields: dict[str, object]) -> bytes:
    text = (
        f"{_local_time(time())}  INFO     {fields['status']!s:>3} {fields['milliseconds']:>9.2f} ms"
        f"  {fields['method']!s:<7}{fields['path']!s}  {fields['peer'] or '-'}"
        f"  {fields['transactionId']}"
    )
    return _one_line(text).encode(errors="backslashreplace")


def _local_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _one_line(text: str) -> str:
    """Return a text without control characters, so that no request can invent a log line."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)


def _timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")


def configure_logging(level: str, log_format: str = "json", *, worker: int | None = None) -> None:
    """Send every log line of this process to standard error, in the format json or text.

    `worker` is its worker number.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(TextLines() if log_format == "text" else JsonLines(worker))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    # At level "info", Alembic lists its plugins.
    logging.getLogger("alembic").setLevel(logging.WARNING)
