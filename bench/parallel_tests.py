"""Measures 200 tests with a tenant each, in parallel, as a user of `portico.testing` has them.

Beside the wall time it prints the processor time of all processes, stand-ins included, which
depends less on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WANTED_SECONDS = 20.0
TESTS = """
import pytest


@pytest.mark.parametrize("number", range({count}))
def test_link(portico_legacy_client, portico_journal, number):
    links = portico_legacy_client.zpa.user_portal_link
    _, _, error = links.add_portal_link(name=f"Link {{number}}", link="wiki.example.com")
    assert error is None
    assert [link.name for link in links.list_portal_link()[0]] == [f"Link {{number}}"]
    assert portico_journal.count(operation="create_link") == 1
"""


def measure(folder: Path, tests: int, workers: int) -> tuple[float, float]:
    """Return the wall and processor seconds of one run, from the start of pytest to its end."""
    (folder / "test_links.py").write_text(TESTS.format(count=tests))
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "test_links.py"]
    started, used = time.perf_counter(), _processor_seconds()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started, _processor_seconds() - used


def _processor_seconds() -> float:
    """Return what the ended child processes used, and theirs."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def main() -> None:
    """Run the tests, and print how long they took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        rounds = [
            measure(Path(folder), options.tests, options.workers) for _ in range(options.rounds)
        ]
    best, processor = (min(each) for each in zip(*rounds, strict=True))
    sys.stdout.write(
        f"{options.tests} tests with a tenant each, {options.workers} workers, "
        f"{os.cpu_count()} cores: {best:.1f} s ({WANTED_SECONDS:.0f} s wanted), "
        f"processor time {processor:.1f} s\n"
    )


if __name__ == "__main__":
    main()
