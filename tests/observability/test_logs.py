"""Log lines for people."""

from __future__ import annotations

import io
import logging
import re

import pytest

from portico.observability.logs import AccessLog, TextLines

pytestmark = pytest.mark.one_database


def record(message: str, **fields: object) -> logging.LogRecord:
    """A log record with fields."""
    made = logging.LogRecord("portico", logging.WARNING, "", 0, message, (), None)
    vars(made).update(fields)
    return made


def test_text_has_time_level_message_and_fields() -> None:
    line = TextLines().format(record("Not ready.", event="readiness.lost", peer="::1", count=2))

    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d  WARNING  Not ready\.  peer=::1  count=2", line
    )


def test_statements_of_a_slow_request_are_aligned() -> None:
    statements = [{"sql": "SELECT 1", "count": 2, "milliseconds": 12.5}]
    text = TextLines().format(record("Slow.", event="request.slow", statements=statements))

    assert text.splitlines()[1] == "     12.5 ms     2 x  SELECT 1"


def test_no_value_begins_a_line_of_its_own() -> None:
    text = TextLines().format(record("Odd\nname", peer="a\rb"))

    assert len(text.splitlines()) == 1
    assert r"Odd\nname" in text


def test_requests_are_in_columns() -> None:
    stream = io.BytesIO()
    log = AccessLog(stream, "text")
    fields = {"method": "GET", "path": "/p/a\nb", "peer": None, "transactionId": "7"}
    log._lines = [log._encode({**fields, "status": 200, "milliseconds": 1.5})]
    log.flush()

    assert re.fullmatch(
        rb"\S+ \S+  INFO     200      1\.50 ms  GET    /p/a\\nb  -  7\n", stream.getvalue()
    )
