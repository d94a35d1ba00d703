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
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Thread

from portico.observability.pipes import Exposition

AT_ONCE = 4
"""Most connections that are served at once. Others are closed."""

IDLE_SECONDS = 10.0
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
        self._places = BoundedSemaphore(AT_ONCE)
        super().__init__(address, _Handler)
        # A worker that is forked must not keep the port.
        os.register_at_fork(after_in_child=self.socket.close)

    def serve_on_thread(self) -> None:
        """Answer from now on."""
        Thread(target=self.serve_forever, name="portico-metrics", daemon=True).start()

    def process_request(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]  # its own is wider
        """Serve a connection on a thread, or close it if too many are open."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket.socket, client_address: object) -> None:  # type: ignore[override]  # its own is wider
        """Serve one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Log a failure, and say nothing of a client that has gone."""
        if not isinstance(sys.exception(), OSError):
            logger.exception("The metrics cannot be served.", extra={"event": "metrics.failed"})


class _Handler(BaseHTTPRequestHandler):
    timeout = IDLE_SECONDS
    server: MetricsListener

    def do_GET(self) -> None:  # the name that the library wants
        """Answer `/metrics`, and 404 for any other path."""
        if self.path.partition("?")[0] != PATH:
            self.send_error(HTTPStatus.NOT_FOUND, explain=f"The metrics are at {PATH}.")
            return
        answer = self.server.expose(self.headers.get("Accept", ""))
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
