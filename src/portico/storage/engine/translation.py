"""Turns the errors of a driver into Portico's at the end of a block.

A class and not a generator, because every request enters several of these blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from portico.domain.errors import PorticoError

Translate = Callable[[BaseException], PorticoError | None]
"""Return the error to raise in place of another one, or None to leave that one."""


class Translated:
    """A block, or any number of them, whose errors are translated."""

    __slots__ = ("_translate",)

    def __init__(self, translate: Translate) -> None:
        self._translate = translate

    def __enter__(self) -> None:
        """Begin a block."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """End a block. Raises the translation of its error, if there is one."""
        if error is not None and (translation := self._translate(error)) is not None:
            raise translation from error
