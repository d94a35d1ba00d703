"""The results of all experiments, in a file that a run updates row by row."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from prove.findings import Figure

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "prove" / "results.json"


class Result(msgspec.Struct, kw_only=True):
    """One experiment as it last ran. `scale` is the share of the full size."""

    date: str
    version: str
    scale: float
    seconds: float
    machine: dict[str, str]
    sentence: str
    figures: dict[str, Figure]
    faults: list[str]


def read_results(path: Path = RESULTS) -> dict[str, Result]:
    """Return the last result of each experiment that ever ran."""
    if not path.exists():
        return {}
    return msgspec.json.decode(path.read_bytes(), type=dict[str, Result])


def store_result(name: str, result: Result, path: Path = RESULTS) -> None:
    """Replace the result of one experiment, and leave the others."""
    whole = read_results(path) | {name: result}
    plain = json.dumps(msgspec.to_builtins(whole), indent=1, sort_keys=True, ensure_ascii=False)
    path.write_text(plain + "\n", "utf-8")
