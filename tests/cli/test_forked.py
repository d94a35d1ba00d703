"""A server that tests fork is to the system what a started one is, or tests would prove little."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack, chdir
from pathlib import Path

import pytest

from tests.faults.trouble import children_of
from tests.forked import PROGRAM
from tests.harness import READY_SECONDS, Server, served, start_server

# The signals, the rights and the mask of a process (proc(5)).
ALIKE = ("Umask", "SigBlk", "SigIgn", "SigCgt", "CapEff", "CapBnd", "NoNewPrivs")


def status_of(process_id: int) -> dict[str, str]:
    """What the kernel tells of a process and has to be alike."""
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    told = dict(line.split(":", 1) for line in lines)
    return {name: told[name].strip() for name in ALIKE}


def files_of(process_id: int) -> set[str]:
    """What a process has open besides its input: the kinds of pipes and sockets, paths of files."""
    numbers = Path(f"/proc/{process_id}/fd").iterdir()
    return {str(each.readlink()).partition(":[")[0] for each in numbers if each.name != "0"}


def seen(server: Server) -> list[object]:
    """The main process and the worker as the system sees them."""
    main = server.process.pid
    assert os.getsid(main) == os.getpgid(main) == main
    (worker,) = children_of(main)
    return [
        (
            status_of(each),
            files_of(each),
            Path(f"/proc/{each}/cwd").readlink(),
            Path(f"/proc/{each}/limits").read_text(),
        )
        for each in (main, worker)
    ]


def alike(one: Server, other: Server) -> bool:
    """Whether both look the same to the system now, with no file that is open for a moment."""
    try:
        return seen(one) == seen(other)
    except FileNotFoundError:  # Closed while it was looked at.
        return False


def test_forked_server_is_like_a_started_one(database: str, tmp_path: Path) -> None:
    log = Path("server.log")
    environment = {"PORTICO_LOG_LEVEL": "warning"}
    umask = os.umask(0o027)
    try:
        with ExitStack() as stack:
            stack.enter_context(chdir(tmp_path))
            forked, started = (
                stack.enter_context(served(database, log, environment=environment, program=program))
                for program in ((), PROGRAM)
            )
            deadline = time.monotonic() + READY_SECONDS
            while not alike(forked, started):
                assert time.monotonic() < deadline, (seen(forked), seen(started))
                time.sleep(0.02)
    finally:
        os.umask(umask)

    assert "server.started" not in (tmp_path / log).read_text()


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 0), (signal.SIGKILL, -9)]
)
def test_end_of_a_forked_server_is_told(
    database: str, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    with served(database, tmp_path / "server.log") as server:
        server.process.send_signal(number)
        assert server.process.wait(20) == server.process.poll() == status
        server.http.close()


def test_sentence_of_a_forked_server_that_refuses_is_told(database: str, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=r"^The server stopped at once:\nportico: [^\n]+\n$"):
        start_server(database, tmp_path / "server.log", "--public-url", "nowhere")
