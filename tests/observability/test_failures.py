"""Metrics when something else fails: a disk that hangs, and a defect."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Semaphore

import httpx
import pytest
from prometheus_client.registry import CollectorRegistry

from portico.observability.hub import SCRAPE_SECONDS, MetricsHub
from portico.observability.listener import (
    CONNECTIONS_AT_ONCE,
    SCRAPES_AT_ONCE,
    Expose,
    MetricsListener,
)
from portico.observability.pipes import (
    MOST_WAITING,
    Answer,
    AskForAll,
    Exposition,
    Family,
    NoMetrics,
    Snapshot,
    WorkerReporter,
    receive_from_worker,
    send,
)
from portico.storage.backups.folder import scheduled_name
from tests.faults.trouble import at_once
from tests.harness import served, upgrade
from tests.scrapes import Scrape

pytestmark = pytest.mark.one_database
BUILD = ("1.0", "0001", "")
PATIENCE_SECONDS = 20.0
REQUEST = b"GET /metrics HTTP/1.0\r\n\r\n"


@pytest.fixture
def hanging_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a backup of 2026-01-02, whose disk hangs from the next reading on."""
    (tmp_path / "portico-20260102T030405Z.zip").touch()
    yield tmp_path
    os.close(os.open(tmp_path / "last-failure.json", os.O_RDWR))  # lets the reading end


def hang(folder: Path) -> None:
    """Makes the next reading of a folder of backups wait."""
    os.mkfifo(folder / "last-failure.json")  # reading it waits for a writer


def test_a_disk_that_hangs_holds_up_neither_scrapes_nor_the_main_process(
    hanging_folder: Path,
) -> None:
    hub = MetricsHub(1, BUILD, hanging_folder)
    known = b"portico_backup_last_success_timestamp_seconds 1.767323045e+09"
    assert known in hub.exposition().content
    hang(hanging_folder)

    threads = threading.active_count()
    with ThreadPoolExecutor(8) as pool:
        began = time.monotonic()
        scrapes = [pool.submit(hub.exposition) for _ in range(8)]
        hub.note_death()
        assert time.monotonic() - began < SCRAPE_SECONDS
        during = threading.active_count()
        contents = [each.result(timeout=PATIENCE_SECONDS).content for each in scrapes]

    assert all(known in content for content in contents)
    assert all(b"portico_worker_deaths_total 1.0" in content for content in contents)
    assert during - threads <= 8 + 1  # the scrapes, and one that reads
    assert threading.active_count() == threads + 1


def test_main_listener_bounds_scrapes_that_wait_for_a_disk(hanging_folder: Path) -> None:
    database = f"sqlite:///{hanging_folder / 'portico.db'}"
    upgrade(database)
    newest = scheduled_name(int(time.time()))
    (hanging_folder / newest).touch()  # so that none is due
    options = ("--metrics-on-main", "--backup-dir", str(hanging_folder))
    with served(database, hanging_folder / "server.log", *options) as server:
        url = f"{server.url}/metrics"
        made = Scrape(url).total("portico_backup_last_success_timestamp_seconds")
        assert newest == scheduled_name(int(made))
        hang(hanging_folder)
        answers = at_once(16, lambda _: httpx.get(url, timeout=30))
        later = Scrape(url)

    refused = [each.text for each in answers if each.status_code != 200]
    assert len(answers) - len(refused) >= MOST_WAITING
    assert set(refused) == {"4 scrapes are waiting already. Try again in a moment.\n"}
    assert later.total("portico_backup_last_success_timestamp_seconds") == made


def test_a_worker_that_hangs_while_it_gets_metrics_holds_up_no_scrape() -> None:
    hub = MetricsHub(1, BUILD)
    hub.add_initial([Family("padding", "gauge", "x" * 1_000_000, [("padding", {}, 1.0)])])
    link = hub.open_pipe(1)
    worker = Connection(os.dup(link.of_worker.fileno()))
    hub.worker_started(link)
    send(worker, Snapshot([]))
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not link.answered and time.monotonic() < deadline:
        time.sleep(0.01)
    send(worker, AskForAll(0, ""))  # and reads no answer, which is too long for the pipe

    with ThreadPoolExecutor(1) as pool:
        for _ in range(2):
            scrape = pool.submit(hub.exposition).result(timeout=PATIENCE_SECONDS)
            assert b"portico_workers_answering 0.0" in scrape.content
    worker.close()


def test_a_worker_whose_main_process_hangs_turns_scrapes_away() -> None:
    main, of_worker = Pipe()

    def answer_one(content: bytes) -> None:
        question = receive_from_worker(main)
        assert isinstance(question, AskForAll)
        send(main, Answer(question.question, Exposition("text/plain", content)))

    async def ask_all() -> tuple[list[str], str, str]:
        reporter = WorkerReporter(of_worker)
        reporter.start(CollectorRegistry(), lambda: None)

        async def ask(seconds: float) -> str:
            try:
                return (await reporter.ask_for_all("", seconds)).content.decode()
            except NoMetrics as reason:
                return str(reason)

        too_late = [await ask(0.05) for _ in range(MOST_WAITING)]
        refused = await ask(0.05)
        for _ in range(MOST_WAITING):
            answer_one(b"late")
        assert not main.poll()  # the refused scrape asked nothing
        answer = asyncio.create_task(asyncio.to_thread(answer_one, b"in time"))
        while (content := await ask(PATIENCE_SECONDS)) == refused:
            await asyncio.sleep(0.01)
        await answer
        return too_late, refused, content

    too_late, refused, content = asyncio.run(ask_all())
    main.close()

    assert all("did not send the metrics in time" in reason for reason in too_late)
    assert refused == "4 scrapes are waiting already. Try again in a moment."
    assert content == "in time"


def test_a_scrape_beyond_the_bound_gets_503() -> None:
    collecting, done = Semaphore(0), threading.Event()

    def expose(accept: str) -> Exposition:
        collecting.release()
        assert done.wait(PATIENCE_SECONDS)
        return Exposition("text/plain", b"portico_workers 1\n")

    with listening(expose) as url, ThreadPoolExecutor(SCRAPES_AT_ONCE) as pool:
        scrapes = [pool.submit(httpx.get, url, timeout=30) for _ in range(SCRAPES_AT_ONCE)]
        for _ in scrapes:
            assert collecting.acquire(timeout=PATIENCE_SECONDS)
        refused = httpx.get(url)
        done.set()
        assert [each.result().status_code for each in scrapes] == [200] * SCRAPES_AT_ONCE
        assert httpx.get(url).status_code == 200

    assert refused.status_code == 503
    assert "4 scrapes are in progress already. Try again in a moment." in refused.text


def test_clients_that_send_or_read_slowly_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portico.observability.listener.CONNECTION_SECONDS", 0.5)
    content = b"portico_workers 1\n" * 1_000_000
    with listening(lambda accept: Exposition("text/plain", content)) as url, ExitStack() as stack:
        readers = [connect(stack, url, REQUEST) for _ in range(SCRAPES_AT_ONCE)]
        senders = [connect(stack, url, REQUEST[:-2]) for _ in range(SCRAPES_AT_ONCE)]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not all([is_ended(each) for each in senders]):  # a byte now and then does not help
            assert time.monotonic() < deadline
            time.sleep(0.05)
        got = [read_all(each) for each in readers]

    assert all(len(each) < len(content) for each in got)


def test_slow_clients_leave_room_for_scrapes_up_to_a_bound() -> None:
    with (
        listening(lambda accept: Exposition("text/plain", b"content")) as url,
        ExitStack() as stack,
    ):
        slow = [connect(stack, url, REQUEST[:-2]) for _ in range(SCRAPES_AT_ONCE)]
        assert read_all(connect(stack, url, REQUEST)).endswith(b"content")
        slow += [connect(stack, url, b"") for _ in range(CONNECTIONS_AT_ONCE - len(slow))]
        turned_away = read_all(connect(stack, url, b""))
        for each in slow:
            each.close()

        deadline = time.monotonic() + PATIENCE_SECONDS
        while not read_all(connect(stack, url, REQUEST)).endswith(b"content"):
            assert time.monotonic() < deadline

    assert turned_away.startswith(b"HTTP/1.0 503 ")
    assert b"32 connections are open already. Try again in a moment." in turned_away


def connect(stack: ExitStack, url: str, request: bytes) -> socket.socket:
    """A connection to a listener that has sent so much of a request."""
    where = httpx.URL(url)
    client = stack.enter_context(socket.create_connection((where.host, where.port or 0)))
    client.settimeout(PATIENCE_SECONDS)
    client.sendall(request)
    return client


def read_all(client: socket.socket) -> bytes:
    """What a server sends until it closes a connection."""
    try:
        return b"".join(iter(partial(client.recv, 65_536), b""))
    except ConnectionResetError:
        return b""


def is_ended(client: socket.socket) -> bool:
    """Sends one more byte of a request; whether the server has closed the connection."""
    try:
        client.sendall(b"x")
        return client.recv(1, socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


@contextmanager
def listening(expose: Expose) -> Iterator[str]:
    """The address of a listener that serves some metrics."""
    with MetricsListener(("127.0.0.1", 0), expose) as listener:
        listener.serve_on_thread()
        yield f"http://127.0.0.1:{listener.server_address[1]}/metrics"
        listener.shutdown()


def test_a_defect_of_the_metrics_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail(accept: str) -> Exposition:
        raise ValueError(accept)

    with (
        listening(fail) as url,
        caplog.at_level(logging.ERROR),
        pytest.raises(httpx.RemoteProtocolError),
    ):
        httpx.get(url)

    (line,) = caplog.records
    assert line.message == "The metrics cannot be served."
    assert line.exc_info is not None
