"""Reading a file of recorded exchanges, a cassette or a HAR file by its content."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from portico.emulator.recordings.cassettes import exchanges_in_cassette
from portico.emulator.recordings.exchanges import Exchange, RecordingError
from portico.emulator.recordings.har import exchanges_in_har

FILE_LIMIT_BYTES = 256 * 1024 * 1024


def read_recording(path: Path) -> list[Exchange]:
    """Return the exchanges of a file, in the order of the recording. Raises RecordingError."""
    document = _parsed(read_text(path), str(path))
    if isinstance(document, Mapping) and "log" in document:
        return list(exchanges_in_har(document, str(path)))
    return list(exchanges_in_cassette(document, str(path)))


def read_text(path: Path) -> str:
    """Return the text of a file. Raises RecordingError."""
    try:
        if path.stat().st_size > FILE_LIMIT_BYTES:
            raise RecordingError(
                f"{path}: It is larger than {FILE_LIMIT_BYTES >> 20} MiB. Split it."
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise RecordingError(f"{path}: It cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise RecordingError(f"{path}: It is not UTF-8 text.") from None


def parse_yaml(text: str, name: str) -> object:
    """Return the value of a YAML text. Raises RecordingError with the line."""
    import yaml  # takes longer to load than `portico --help` may take

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return yaml.load(text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        line = f" line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise RecordingError(f"{name}{line}: It is not YAML: {error.problem}.") from None
    except yaml.YAMLError as error:
        raise RecordingError(f"{name}: It is not YAML: {error}.") from None


def _parsed(text: str, name: str) -> object:
    if not text.lstrip().startswith("{"):
        return parse_yaml(text, name)
    try:
        return json.loads(text)
    except ValueError as error:
        raise RecordingError(f"{name}: It is not JSON: {error}.") from None
