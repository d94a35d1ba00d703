"""Writes what a recorder has seen: a cassette and a seed, both without secrets."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from portico.emulator.recordings.exchanges import RecordingError
from portico.emulator.recordings.initial_state import initial_state
from portico.emulator.recordings.redaction import redact, require_no_secrets
from portico.emulator.recordings.tape import Tape
from portico.emulator.recordings.writing import as_cassette
from portico.emulator.seeds.rendering import as_json, as_yaml


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What was written, as a sentence, and whether the recording has everything."""

    text: str
    is_complete: bool


def require_writable(path: Path) -> None:
    """Raise RecordingError if a file cannot be written, before there is anything to lose."""
    folder = path.absolute().parent
    if not folder.is_dir():
        raise RecordingError(f"{path} cannot be written: {folder} is no folder. Create it first.")
    if not os.access(folder, os.W_OK):
        raise RecordingError(f"{path} cannot be written: {folder} is not writable.")


def save_recording(tape: Tape, out: Path, seed_out: Path | None) -> Saved:
    """Write a cassette and, if a path is given, a seed. Raises RecordingError."""
    exchanges = redact(tape.exchanges)
    files = {out: as_cassette(exchanges)}
    if seed_out is not None:
        seed = initial_state(exchanges, out.stem)
        files[seed_out] = as_json(seed) if seed_out.suffix == ".json" else as_yaml(seed)
    for text in files.values():
        require_no_secrets(text, tape.exchanges)
    for path, text in files.items():
        _write(path, text)
    names = " and ".join(map(str, files))
    sentences = [f"Recorded {_exchanges(len(exchanges))} in {names}."]
    if tape.lost_count:
        sentences.append(f"{_exchanges(tape.lost_count)} did not fit; record less at once.")
    if tape.unreachable_count:
        sentences.append(f"{_exchanges(tape.unreachable_count)} did not reach the vendor.")
    is_complete = bool(exchanges) and not tape.lost_count and not tape.unreachable_count
    return Saved(text=" ".join(sentences), is_complete=is_complete)


def _exchanges(count: int) -> str:
    return "1 exchange" if count == 1 else f"{count} exchanges"


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError as error:
        raise RecordingError(f"{path} cannot be written: {error.strerror}.") from None
