"""Requests that the server itself refuses: the status, and a sentence that says what to do."""

from __future__ import annotations

from typing import ClassVar


class Refusal(Exception):
    """A request is answered with `status` and `sentence` instead of reaching the application."""

    status: ClassVar[int]

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class InvalidTarget(Refusal):
    """The request target names no path, or no valid host and port."""

    status = 400


class ForeignHost(Refusal):
    """The proxy does not pass on requests to the host."""

    status = 403


class Unreachable(Refusal):
    """The other host does not accept a connection."""

    status = 502


class TooManyTunnels(Refusal):
    """The proxy has as many connections to other hosts as it may have."""

    status = 503

    def __init__(self, limit: int) -> None:
        super().__init__(f"Portico already passes on {limit} connections. Close some of them.")
