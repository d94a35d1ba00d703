"""Metrics when something else fails: a disk that hangs, and a defect."""

from __future__ import annotations

import logging
import os
from http.client import HTTPConnection, RemoteDisconnected
from pathlib import Path
from threading import Thread

import pytest

from portico.observability.hub import MetricsHub
from portico.observability.listener import MetricsListener
from portico.observability.pipes import Exposition

pytestmark = pytest.mark.one_database
BUILD = ("1.0", "0001", "")


def test_a_disk_that_hangs_does_not_hold_up_the_main_process(tmp_path: Path) -> None:
    pipe = tmp_path / "last-failure.json"
    os.mkfifo(pipe)  # reading it waits for a writer
    hub = MetricsHub(1, BUILD, tmp_path)
    scrape = Thread(target=hub.exposition, daemon=True)
    death = Thread(target=hub.note_death, daemon=True)

    scrape.start()
    scrape.join(0.2)
    assert scrape.is_alive()
    death.start()
    death.join(2)

    assert not death.is_alive()
    pipe.write_bytes(b"{}")
    scrape.join(2)
    assert not scrape.is_alive()


def test_a_defect_of_the_metrics_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail(accept: str) -> Exposition:
        raise ValueError(accept)

    with MetricsListener(("127.0.0.1", 0), fail) as listener:
        listener.serve_on_thread()
        host, port = listener.server_address[:2]
        client = HTTPConnection(str(host), int(port), timeout=5)
        client.request("GET", "/metrics", headers={"Accept": "text/plain"})
        with caplog.at_level(logging.ERROR), pytest.raises(RemoteDisconnected):
            client.getresponse()
        client.close()
        listener.shutdown()

    (line,) = caplog.records
    assert line.message == "The metrics cannot be served."
    assert line.exc_info is not None
