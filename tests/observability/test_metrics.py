"""`/metrics`: what it has from the start, what it counts, and that no counter ever falls."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import httpx
import pytest
from prometheus_client.samples import Sample

from portico.observability.listing import list_metrics
from tests.faults.trouble import children_of
from tests.harness import LINKS, served, upgrade
from tests.observability.conftest import Watched
from tests.scrapes import Scrape

pytestmark = pytest.mark.one_database
PATIENCE_SECONDS = 60.0


def test_every_series_exists_before_its_first_event(watched: Watched) -> None:
    scrape = watched.scrape()

    told = {
        metric.name: (metric.type, metric.documentation, _labels(metric.samples))
        for metric in scrape.metrics
    }
    assert told == {
        each.name.removesuffix("_total"): (each.kind, each.help, frozenset(each.labels))
        for each in list_metrics()
    }
    # Nobody has deleted a policy or opened a link, and no worker has died.
    for name, labels in (
        ("portico_requests_total", {"operation": "delete_aup", "status": "503"}),
        ("portico_request_duration_seconds_bucket", {"operation": "delete_aup", "le": "+Inf"}),
        ("portico_sign_ins_total", {"channel": "console", "result": "locked"}),
        ("portico_portal_openings_total", {}),
        ("portico_password_queue_rejected_total", {}),
        ("portico_worker_deaths_total", {}),
    ):
        assert any(series == name and own >= labels.items() for series, own in scrape.values), (
            name,
            labels,
        )


def _labels(samples: Iterable[Sample]) -> frozenset[str]:
    return frozenset(name for each in samples for name in each.labels) - {"le"}


def test_requests_are_counted_over_all_workers(watched: Watched) -> None:
    admin, before = watched.admin, watched.scrape()
    query = {"search": "name EQ counted"}
    for _ in range(20):  # on new connections, so that both workers serve some
        with httpx.Client(base_url=watched.server.url) as client:
            headers = {"Authorization": f"Bearer {admin.token}"}
            listed = client.get(admin.path(LINKS), params=query, headers=headers)
            assert listed.status_code == 200
            assert client.request("INVENTED", "/7/wiki").status_code == 404
    wrong = {"client_id": admin.credentials.client_id, "client_secret": "wrong"}
    assert watched.server.http.post("/signin", data=wrong).status_code == 401
    after = watched.scrape()

    def more(name: str, **labels: str) -> float:
        return after.total(name, **labels) - before.total(name, **labels)

    listing = {"operation": "list_links", "method": "GET"}
    assert more("portico_requests_total", **listing, status="200") == 20
    assert more("portico_request_duration_seconds_count", **listing) == 20
    assert more("portico_request_duration_seconds_bucket", **listing, le="+Inf") == 20
    assert more("portico_request_duration_seconds_sum", **listing) > 0
    unmatched = {"operation": "unmatched", "method": "OTHER", "status": "404"}
    assert more("portico_requests_total", **unmatched) == 20
    # Each worker computes the answer once, unless it served none of the requests.
    misses = more("portico_cache_misses_total")
    assert misses in {1, 2}
    assert more("portico_cache_hits_total") == 20 - misses
    assert more("portico_database_statements_total", kind="revision") >= 20 - misses
    assert more("portico_database_seconds_total", kind="read") > 0
    assert more("portico_sign_ins_total", channel="api", result="credentials") == 1
    assert after.total("portico_workers_answering") == 2
    assert after.total("portico_cache_bytes") > 0


def test_labels_are_bounded(watched: Watched) -> None:
    for method in ("X1", "X2", "GET"):
        watched.server.http.request(method, f"/p/{method}?q=1")
    scrape = watched.scrape()

    labels = {name for _, own in scrape.values for name, _ in own}
    assert labels == {"le", *(label for each in list_metrics() for label in each.labels)}
    assert not labels & {"tenant", "customer", "path", "host", "peer"}
    values = {value for _, own in scrape.values for _, value in own}
    assert not values & {"X1", "X2", watched.admin.customer_id}


def test_main_listener_serves_all_metrics_on_request(watched: Watched) -> None:
    scrape = Scrape(f"{watched.server.url}/metrics")
    again = watched.scrape()

    assert scrape.total("portico_workers_answering") == 2
    again.assert_not_below(scrape)
    assert httpx.get(f"{watched.metrics}/more").status_code == 404


def test_no_counter_falls_when_workers_hang_die_or_are_replaced(watched: Watched) -> None:
    server = watched.server
    earlier = _watch_until(
        watched, watched.scrape(), lambda now: now.total("portico_workers_ready") == 2
    )
    first, second = children_of(server.process.pid)

    os.kill(first, signal.SIGSTOP)
    began = time.monotonic()
    stuck = watched.scrape()
    waited = time.monotonic() - began
    os.kill(first, signal.SIGCONT)
    stuck.assert_not_below(earlier)
    assert waited < 5
    assert stuck.total("portico_workers_answering") == 1
    earlier = _watch_until(watched, stuck, lambda now: now.total("portico_workers_answering") == 2)

    os.kill(second, signal.SIGKILL)
    died = {"portico_worker_deaths_total": 1.0, "portico_workers_ready": 2.0}
    killed = _watch_until(
        watched, earlier, lambda now: all(now.total(name) == each for name, each in died.items())
    )
    # What the worker had served is still there, to the last request.
    assert killed.total("portico_requests_total") == earlier.total("portico_requests_total")

    old = set(children_of(server.process.pid))
    server.process.send_signal(signal.SIGHUP)
    replaced = _watch_until(
        watched,
        killed,
        lambda now: (
            not old & set(children_of(server.process.pid))
            and now.total("portico_workers_ready") == 2
        ),
    )
    assert replaced.total("portico_worker_deaths_total") == 1
    assert replaced.total("portico_requests_total") == killed.total("portico_requests_total")


def _watch_until(watched: Watched, earlier: Scrape, done: Callable[[Scrape], bool]) -> Scrape:
    """Scrapes until something is so, and compares each scrape with the one before."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        now = watched.scrape()
        now.assert_not_below(earlier)
        if done(now):
            return now
        assert time.monotonic() < deadline
        earlier = now
        time.sleep(0.2)


def test_an_address_that_is_taken_is_named(watched: Watched, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'portico.db'}"
    upgrade(url)
    taken = httpx.URL(watched.metrics).netloc.decode()
    with (
        pytest.raises(AssertionError) as stopped,
        served(url, tmp_path / "server.log", "--metrics-listen", taken),
    ):
        pass

    assert f"--metrics-listen: cannot listen on {taken}: Address already in use." in str(stopped)
