"""The check that a command makes before it asks a question."""

from __future__ import annotations

import sys

from portico.domain.errors import PorticoError


class NoTerminal(PorticoError):
    """A command must ask, but standard input is not a terminal. The message says what to do."""

    code = "terminal.missing"


def require_terminal(otherwise: str) -> None:
    """Raise NoTerminal with the message `otherwise` unless standard input is a terminal."""
    if not sys.stdin.isatty():
        raise NoTerminal(otherwise)
