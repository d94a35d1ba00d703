"""Whether a command can ask somebody: the one check before every question."""

from __future__ import annotations

import sys

from portico.domain.errors import PorticoError


class NoTerminal(PorticoError):
    """A command has a question and standard input is no terminal; the sentence says what to do."""

    code = "terminal.missing"


def require_terminal(otherwise: str) -> None:
    """Raise NoTerminal with the sentence `otherwise` unless standard input is a terminal."""
    if not sys.stdin.isatty():
        raise NoTerminal(otherwise)
