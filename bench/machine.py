"""Describes the machine and the versions of a measurement."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

SYNCS = 50


def describe(folder: Path) -> dict[str, str]:
    """Return the machine, the disk of the databases and the versions of the contestants."""
    return describe_machine(folder) | {
        "Reference": versions_of_reference(),
        "Load generator": f"{_first_words('wrk', '--version')}, 16 connections",
    }


def describe_machine(folder: Path) -> dict[str, str]:
    """Return the machine, the disk of the databases and the versions that serve."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "Processor": f"{_processor()}, {cores} cores",
        "Memory": f"{memory:.0f} GiB",
        "Disk": f"{_file_system(folder)}, {_sync_ms(folder):.2f} ms for a 4 KiB write and fsync",
        "System": f"{_distribution()}, Linux {platform.release()}",
        "Python": platform.python_version(),
        "Server": f"Granian {version('granian')}",
    }


def versions_of_reference() -> str:
    names = ("fastapi", "pydantic", "sqlalchemy", "aiosqlite", "asyncpg", "pyjwt")
    return ", ".join(f"{name} {version(name)}" for name in names)


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def _file_system(folder: Path) -> str:
    command = ["stat", "--file-system", "--format", "%T", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _sync_ms(folder: Path) -> float:
    """Return the median time of a small write with fsync, in milliseconds."""
    took = []
    with (folder / "sync-probe").open("wb", buffering=0) as probe:
        for _ in range(SYNCS):
            start = time.perf_counter()
            probe.write(bytes(4096))
            os.fsync(probe.fileno())
            took.append(time.perf_counter() - start)
    return sorted(took)[SYNCS // 2] * 1000


def _first_words(*command: str) -> str:
    """Return the name and version that a program prints, ignoring its exit status."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    words = (done.stdout + done.stderr).split()
    return " ".join(words[:2])
