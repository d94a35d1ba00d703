"""The file of a backup: every change of it is noticed, and a hostile one costs nothing."""

from __future__ import annotations

import hashlib
import json
import tracemalloc
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import pytest

from portico.services.backups.creating import verify_backup
from portico.storage.backups import archive
from portico.storage.backups.archive import (
    encode_row,
    finish_archive,
    seal,
    written_rows,
)
from portico.storage.backups.manifest import (
    FORMAT,
    BackupError,
    DamagedBackup,
    Manifest,
    TableSummary,
)

MIB = 1024 * 1024


def make(path: Path, names: Iterable[str] = ("Acme", "Zürich")) -> Manifest:
    """A backup of one table with a few rows."""
    with ZipFile(path, "w") as file:
        with written_rows(file) as rows:
            for number, name in enumerate(names):
                rows.add("customer", (number, name, None, True))
        manifest = Manifest(
            format=FORMAT,
            portico="1.0",
            schema="0019",
            time=0,
            database="sqlite",
            customer_id=None,
            secret_keys=("0123456789abcdef",),
            lines_bytes=rows.tally.lines_bytes,
            tables=(rows.tally.summary("customer", ("id", "name", "note", "flag")),),
        )
        finish_archive(file, manifest)
    seal(path)
    return manifest


def forge(
    path: Path, members: Iterable[tuple[str, bytes]], compression: int = ZIP_DEFLATED
) -> None:
    """A file with any members and the right checksum, as somebody could make by hand."""
    with ZipFile(path, "w", compression) as file:
        for name, content in members:
            file.writestr(name, content)
        file.comment = b"sha256:" + b"0" * 64
    seal(path)


def manifest_of(rows: bytes, **changes: Any) -> bytes:  # noqa: ANN401  # any JSON value
    """The manifest of lines that are all of one table."""
    table = {
        "name": "customer",
        "columns": ["id", "name"],
        "rows": rows.count(b"\n"),
        "sha256": hashlib.sha256(rows).hexdigest(),
    }
    whole = {
        "format": FORMAT,
        "portico": "1.0",
        "schema": "0019",
        "time": 0,
        "database": "sqlite",
        "customer_id": None,
        "secret_keys": [],
        "lines_bytes": len(rows),
        "tables": [table],
    }
    return json.dumps(whole | changes).encode()


def refusal(path: Path) -> str:
    """Why a file is no backup. The sentence names it."""
    with pytest.raises(BackupError) as refused:
        verify_backup(path)
    assert str(path) in refused.value.reason
    return refused.value.reason


def test_backup_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    manifest = make(path)

    assert verify_backup(path) == manifest
    assert (manifest.rows, manifest.rows_of("customer"), manifest.rows_of("other")) == (2, 2, 0)
    with ZipFile(path) as file:
        assert file.testzip() is None
        assert file.read("rows.jsonl").splitlines()[0] == b'["customer",0,"Acme",null,true]'
    make(tmp_path / "same.zip")
    assert (tmp_path / "same.zip").read_bytes() == path.read_bytes()


def test_every_flipped_bit_and_every_cut_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    make(path)
    content = path.read_bytes()

    for place in range(0, len(content), 3):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        with pytest.raises(DamagedBackup):
            verify_backup(path)
    for length in (0, 1, 70, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        assert "does not end like a backup" in refusal(path)
    path.write_bytes(content + b"\n")
    assert "does not end like a backup" in refusal(path)
    path.unlink()
    assert "No such file" in refusal(path)


def test_other_archives_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "hostile.zip"
    rows = encode_row("customer", (1, "Acme"))
    manifest = manifest_of(rows)
    for members in (
        [("rows.jsonl", rows), ("../../etc/cron.d/x", manifest)],
        [("/etc/passwd", rows), ("manifest.json", manifest)],
        [("rows.jsonl", rows), ("manifest.json", manifest), ("x", b"")],
        [("manifest.json", manifest)],
        [],
    ):
        forge(path, members)
        assert "other parts" in refusal(path)
    assert list(tmp_path.iterdir()) == [path]
    forge(path, [("rows.jsonl", rows), ("manifest.json", b"[" * 100_000)])
    assert "manifest cannot be read" in refusal(path)
    forge(path, [("rows.jsonl", rows), ("manifest.json", b" " * 2 * MIB)])
    assert "larger than any manifest" in refusal(path)
    newer = manifest_of(rows, format=FORMAT + 1, portico="9.9", new=True)
    forge(path, [("rows.jsonl", rows), ("manifest.json", newer)])
    with pytest.raises(BackupError, match=r"Use Portico 9\.9 or newer"):
        verify_backup(path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'["customer",1]\n', "wrong number of values"),
        (b'["customer",1,"Acme"', "bytes"),
        (b'["other",1,"Acme"]\n', "does not name"),
        (b"[1,1,1]\n", "does not name"),
        (b"[]\n", "cannot be read"),
        (b'{"customer":1}\n', "cannot be read"),
        (b'["customer",1,{"a":1}]\n', "cannot be read"),
        (b'["customer",1,1.5]\n', "cannot be read"),
        (b"\xff\n", "cannot be read"),
    ],
)
def test_rows_that_are_none_are_refused(tmp_path: Path, line: bytes, reason: str) -> None:
    path = tmp_path / "forged.zip"
    forge(path, [("rows.jsonl", line), ("manifest.json", manifest_of(line))])

    assert reason in refusal(path)


def test_rows_must_be_those_of_the_manifest(tmp_path: Path) -> None:
    path = tmp_path / "forged.zip"
    one, other = (encode_row("customer", (number, "Acme")) for number in (1, 2))
    for rows, reason in (
        (one + one, "more than the"),
        (b"", "its manifest says"),
        (other, "checksum of the rows of customer"),
    ):
        forge(path, [("rows.jsonl", rows), ("manifest.json", manifest_of(one))])
        assert reason in refusal(path)
    tables = [{"name": "customer", "columns": ["id", "name"], "rows": 2, "sha256": "0" * 64}]
    forge(path, [("rows.jsonl", one), ("manifest.json", manifest_of(one, tables=tables))])
    assert "1 rows of customer, but its manifest says 2" in refusal(path)


def test_decompression_bomb_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.zip"
    size = archive.LONGEST_LINE + 8 * MIB
    manifest = manifest_of(b"", lines_bytes=size)
    forge(path, [("rows.jsonl", b" " * size), ("manifest.json", manifest)])
    assert path.stat().st_size < size // 500

    tracemalloc.start()
    try:
        assert "One of its rows has more than" in refusal(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 3 * archive.LONGEST_LINE

    # A manifest that hides the size does not help it.
    forge(path, [("rows.jsonl", b" " * size), ("manifest.json", manifest_of(b""))])
    assert "more than the 0 bytes" in refusal(path)


def test_backup_of_many_rows_is_read_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "large.zip"
    make(path, (f"{number:05}" + "x" * 5_000 for number in range(4_000)))

    tracemalloc.start()
    try:
        assert verify_backup(path).rows == 4_000
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 8 * MIB


def test_members_that_cannot_be_unpacked_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.zip"
    rows = encode_row("customer", (1, "Acme" * 1_000))
    forge(path, [("rows.jsonl", rows), ("manifest.json", manifest_of(rows))], ZIP_STORED)
    content = bytearray(path.read_bytes())
    content[content.index(b"Acme")] ^= 1
    path.write_bytes(content)
    seal(path)
    assert "cannot be unpacked" in refusal(path)


def test_summary_of_an_empty_table_is_that_of_nothing() -> None:
    empty = archive.Tally().summary("customer", ("id",))

    nothing = hashlib.sha256().hexdigest()
    assert empty == TableSummary(name="customer", columns=("id",), rows=0, sha256=nothing)
