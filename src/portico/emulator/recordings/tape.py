"""The exchanges that a recorder has seen, with a bound on their number and size."""

from __future__ import annotations

from portico.emulator.recordings.exchanges import Exchange

EXCHANGE_LIMIT = 20_000
SIZE_LIMIT_BYTES = 256 * 1024 * 1024


class Tape:
    """Exchanges in the order of their answers. What exceeds the limits is counted and left out."""

    def __init__(
        self, exchange_limit: int = EXCHANGE_LIMIT, size_limit: int = SIZE_LIMIT_BYTES
    ) -> None:
        self._exchange_limit = exchange_limit
        self._size_left = size_limit
        self.exchanges: list[Exchange] = []
        self.lost_count = 0
        self.unreachable_count = 0

    def add(self, exchange: Exchange) -> None:
        """Add an exchange if there is room."""
        size = len(exchange.request_body) + len(exchange.answer_body)
        if len(self.exchanges) >= self._exchange_limit or size > self._size_left:
            self.lost_count += 1
            return
        self._size_left -= size
        self.exchanges.append(exchange)
