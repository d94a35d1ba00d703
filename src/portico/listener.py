"""The listening socket: opened by Portico, or handed over by systemd (`LISTEN_FDS`).

All workers accept from one socket, so a connection that waits in its queue outlives every worker.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import MutableMapping

from portico.settings import InvalidSetting, Settings

BACKLOG = 1024
_FIRST_PASSED = 3  # SD_LISTEN_FDS_START of sd_listen_fds(3)
_VARIABLES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


def open_listener(settings: Settings, environment: MutableMapping[str, str]) -> socket.socket:
    """Return the bound socket that the server listens on.

    A socket from systemd has precedence over `--host` and `--port`. Its variables are removed from
    the environment. Raises InvalidSetting, with the reason, if Portico cannot listen.
    """
    passed = _passed_by_systemd(environment)
    listener = _bound(settings) if passed is None else _checked(passed)
    # Accepted connections inherit it. Without it, small answers wait for acknowledgements.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def listening_address(listener: socket.socket) -> tuple[str, int]:
    """Return the host and the port of a listener."""
    host, port = listener.getsockname()[:2]
    return str(host), int(port)


def close_listener_in_worker(listener: int) -> None:
    """Accept no more connections in this process. Other processes still accept from the queue.

    `listener` is the file descriptor. The server cannot stop accepting while it finishes its
    connections, so each descriptor of the listener becomes one that nobody connects to.
    """
    identity = _identity(listener)
    with socket.create_server(("127.0.0.1", 0), backlog=1) as unused:
        unused.setblocking(False)  # the server would otherwise wait in accept(2)
        for descriptor in open_descriptors():
            if _identity(descriptor) == identity:
                os.dup2(unused.fileno(), descriptor, inheritable=False)


def has_connections(port: int) -> bool:
    """Return whether this process holds a connection that came in on a port."""
    return any(_is_connection(each, port) for each in open_descriptors())


def open_descriptors() -> list[int]:
    """Return the open file descriptors of this process."""
    return [int(each) for each in os.listdir("/dev/fd")]  # noqa: PTH208  # names, not paths


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:  # it was closed meanwhile
        return None
    return found.st_dev, found.st_ino


def _is_connection(descriptor: int, port: int) -> bool:
    try:
        with socket.socket(fileno=os.dup(descriptor)) as candidate:
            if candidate.family not in (socket.AF_INET, socket.AF_INET6):
                return False
            candidate.getpeername()
            return bool(candidate.getsockname()[1] == port)
    except OSError:  # closed meanwhile, no socket, or a socket without a peer
        return False


def _bound(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
    except OSError as error:
        listener.close()
        where = f"{settings.host}:{settings.port}"
        if error.errno == errno.EADDRINUSE:
            raise InvalidSetting(
                f"Another program listens on {where}. Choose another port with --port."
            ) from None
        raise InvalidSetting(f"--host: cannot listen on {where}: {error.strerror}.") from None
    return listener


def _passed_by_systemd(environment: MutableMapping[str, str]) -> socket.socket | None:
    process, count, _ = (environment.pop(name, "") for name in _VARIABLES)
    if process != str(os.getpid()) or not count:
        return None
    if count != "1":
        raise InvalidSetting(
            f"systemd passed {count} sockets. Leave one ListenStream= in the socket unit."
        )
    try:
        return socket.socket(fileno=_FIRST_PASSED)
    except OSError as error:
        raise InvalidSetting(f"LISTEN_FDS: no socket was passed: {error.strerror}.") from None


def _checked(listener: socket.socket) -> socket.socket:
    """Return a passed socket that a child of this process does not inherit by accident."""
    is_tcp = listener.family in (socket.AF_INET, socket.AF_INET6)
    if not is_tcp or listener.type != socket.SOCK_STREAM:
        raise InvalidSetting(
            "The socket from systemd is not a TCP socket. Use ListenStream= with an address and a "
            "port in the socket unit, for example ListenStream=127.0.0.1:8080."
        )
    listener.set_inheritable(False)
    return listener
