"""The listener of `/metrics`, on an address of its own.

A thread of the main process serves it, so it answers while every worker is busy.
"""

from __future__ import annotations

import gzip
import logging
import os
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread, Timer

from portico.observability.pipes import Exposition

SCRAPES_AT_ONCE = 4
"""Most scrapes that are collected at once. Others get 503."""

CONNECTIONS_AT_ONCE = 32
"""Most connections. Others get 503 before they are read."""

CONNECTION_SECONDS = 10.0
"""How long a connection may take, from its first byte to its last."""

BUSY = f"{SCRAPES_AT_ONCE} scrapes are in progress already. Try again in a moment."
_FULL = f"{CONNECTIONS_AT_ONCE} connections are open already. Try again in a moment."
_NOT_READ = (
    f"HTTP/1.0 503 Service Unavailable\r\nContent-Type: text/plain\r\n\r\n{_FULL}\n".encode()
)

PATH = "/metrics"
Expose = Callable[[str], Exposition]

logger = logging.getLogger("portico")


class MetricsListener(ThreadingHTTPServer):
    """Serves `/metrics`. It listens from the start; `serve_on_thread` begins to answer.

    Raises OSError if the address cannot be used.
    """

    daemon_threads = True

    def __init__(self, address: tuple[str, int], expose: Expose) -> None:
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self.expose = expose
        self.scrapes = BoundedSemaphore(SCRAPES_AT_ONCE)
        self._connections = BoundedSemaphore(CONNECTIONS_AT_ONCE)
        super().__init__(address, _Handler)
        # A worker that is forked must not keep the port.
        os.register_at_fork(after_in_child=self.socket.close)

    def serve_on_thread(self) -> None:
        """Answer from now on."""
        Thread(target=self.serve_forever, name="portico-metrics", daemon=True).start()

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]  # its own is wider
        """Serve a connection on a thread, or turn it away if too many are open."""
        if not self._connections.acquire(blocking=False):
            request.setblocking(False)
            with suppress(OSError):
                request.send(_NOT_READ)
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]  # its own is wider
        """Serve one connection, and end it at its deadline."""
        deadline = Timer(CONNECTION_SECONDS, _end, (request,))
        deadline.daemon = True
        deadline.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            deadline.cancel()
            self._connections.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Log a failure, and say nothing of a client that has gone."""
        if not isinstance(sys.exception(), OSError):
            logger.exception("The metrics cannot be served.", extra={"event": "metrics.failed"})


def _end(request: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        request.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: MetricsListener

    def do_GET(self) -> None:  # the name that the library wants
        """Answer `/metrics`, and 404 for any other path."""
        if self.path.partition("?")[0] != PATH:
            self.send_error(HTTPStatus.NOT_FOUND, explain=f"The metrics are at {PATH}.")
            return
        # Only while it collects: clients that send or read slowly keep nobody from scraping.
        if not self.server.scrapes.acquire(blocking=False):
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE, explain=BUSY)
            return
        try:
            answer = self.server.expose(self.headers.get("Accept", ""))
        finally:
            self.server.scrapes.release()
        content = answer.content
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", answer.content_type)
        if "gzip" in self.headers.get("Accept-Encoding", ""):
            content = gzip.compress(content, compresslevel=1)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Write no log line: a scrape every few seconds is not worth one."""
