"""The log of slow requests: their operation, duration and database statements, never values."""

from __future__ import annotations

import logging

from portico.asgi.exchange import FinishedRequest, Observer
from portico.storage.engine.usage import RequestStatements

LOGGED_STATEMENTS = 20
"""Most statements of a line: those that took longest."""

LONGEST_STATEMENT = 1_000
"""Most characters of a statement's text in a line."""

logger = logging.getLogger("portico")


def log_slow_requests(least_seconds: float) -> Observer:
    """Return an observer that logs requests that took at least so many seconds."""

    def observe(finished: FinishedRequest) -> None:
        if finished.seconds >= least_seconds:
            _log(finished, finished.exchange.statements or RequestStatements())

    return observe


def _log(finished: FinishedRequest, statements: RequestStatements) -> None:
    milliseconds, in_database = _milliseconds(finished.seconds), _milliseconds(statements.seconds)
    slowest = sorted(statements.totals.items(), key=lambda item: -item[1].seconds)
    logger.warning(
        "Slow request: %s took %s ms, %s ms of them in the database.",
        finished.operation,
        milliseconds,
        in_database,
        extra={
            "event": "request.slow",
            "operation": finished.operation,
            "method": finished.scope["method"],
            "status": finished.status,
            "milliseconds": milliseconds,
            "databaseMilliseconds": in_database,
            "statements": [
                {
                    "sql": " ".join(sql.split())[:LONGEST_STATEMENT],
                    "count": total.count,
                    "milliseconds": _milliseconds(total.seconds),
                }
                for sql, total in slowest[:LOGGED_STATEMENTS]
            ],
            "transactionId": finished.exchange.transaction_id,
        },
    )


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)
