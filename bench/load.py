"""Runs the load generator wrk on its cores, with a script that sends the requests in turn."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.cores import CONNECTIONS, pinned
from bench.kinds import Load

SCRIPT = Path(__file__).parent / "lua" / "requests.lua"


class LoadFailed(Exception):
    """A request of the load failed, so its figures are not valid."""


@dataclass(frozen=True)
class Sample:
    """The figures of one load."""

    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True)
class Target:
    """The port, token, load-generator cores and number of connections of a load."""

    port: int
    token: str
    cores: tuple[int, ...]
    connections: int = CONNECTIONS


def write_requests(load: Load, path: Path) -> None:
    """Write the file that the script reads."""
    path.write_text("".join(f"{sent.path}\t{sent.body}\n" for sent in load.requests))


def run_load(load: Load, target: Target, requests: Path, seconds: float, tag: str) -> Sample:
    """Send the load for some seconds. Raises LoadFailed if a request fails."""
    sent = list(load.headers)
    if not sent:
        sent = [f"Authorization: Bearer {target.token}", "Accept: application/json"]
    if load.content_type:
        sent.append(f"Content-Type: {load.content_type}")
    headers = [part for each in sent for part in ("-H", each)]
    command = [
        *(
            "wrk",
            "-t1",
            f"-c{target.connections}",
            f"-d{_whole_seconds(seconds)}s",
            "--timeout",
            "30s",
        ),
        *("-s", str(SCRIPT), *headers, f"http://127.0.0.1:{target.port}/"),
        *("--", load.method, str(requests), tag),
    ]
    done = subprocess.run(
        pinned(command, target.cores), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise LoadFailed(f"wrk ended with {done.returncode}: {done.stderr or done.stdout}")
    return _read_sample(done.stdout, load.status)


def _whole_seconds(seconds: float) -> int:
    return max(1, round(seconds))


def _read_sample(output: str, status: int) -> Sample:
    line = next(text for text in reversed(output.splitlines()) if text.startswith("{"))
    seen = json.loads(line)
    if status >= 400:  # the load generator counts these as failures
        seen["failed_statuses"] -= seen["requests"]
    failures = {name: seen[name] for name in seen if name.startswith(("failed", "timeouts"))}
    if any(failures.values()):
        raise LoadFailed(f"{seen['requests']} requests, failures: {failures}")
    return Sample(
        requests=seen["requests"],
        per_second=seen["requests"] / (seen["microseconds"] / 1e6),
        p50_ms=seen["p50"] / 1000,
        p99_ms=seen["p99"] / 1000,
    )
