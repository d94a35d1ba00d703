"""What a server saw of the `X-Forwarded-*` headers of one peer, which may be a reverse proxy."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(kw_only=True)
class ProxyPeer:
    """Counts of requests since a worker started.

    `trusted` is whether the server uses the headers of the peer. `requests` are those of the peer,
    and `all_requests` those of every peer. `time` is the last one's, in epoch seconds.
    """

    peer: str
    trusted: bool
    time: int = 0
    requests: int = 0
    with_for: int = 0
    with_proto: int = 0
    all_requests: int = 0

    @property
    def is_ignored(self) -> bool:
        """Return whether headers of a peer were ignored in most requests, so it may be a proxy."""
        forwarded = max(self.with_for, self.with_proto)
        return not self.trusted and forwarded * 2 > self.all_requests

    @property
    def missing_header(self) -> str:
        """Return the header that most requests of a trusted proxy lack, or ""."""
        if not self.trusted:
            return ""
        if self.with_for * 2 < self.requests:
            return "X-Forwarded-For"
        return "X-Forwarded-Proto" if self.with_proto * 2 < self.requests else ""
