"""The file of a backup: a ZIP with the rows and the manifest, and a checksum of the whole file.

Each line of `rows.jsonl` is a JSON array: the name of the table, then the values of a row. The
comment at the end of the ZIP is the SHA-256 of everything before it, because a ZIP alone does not
notice changes between its parts. Reading never extracts a file, follows no name in the archive, and
holds one line in memory.
"""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, BadZipFile, LargeZipFile, ZipFile, ZipInfo

import msgspec

from portico.storage.backups.manifest import (
    DamagedBackup,
    Manifest,
    TableSummary,
    decode_manifest,
    encode_manifest,
)

Value = int | str | bool | None

ROWS, MANIFEST = "rows.jsonl", "manifest.json"
LONGEST_LINE = 32 * 1024 * 1024
"""Most bytes of a row. The largest real ones, stored answers to large bodies, have some 10 MiB."""

LARGEST_MANIFEST = 1024 * 1024
_CHUNK = 1024 * 1024
_DIGEST = 64
_COMMENT = b"sha256:" + b"0" * _DIGEST
_LINE = msgspec.json.Decoder(list[Value])
_ENCODER = msgspec.json.Encoder()
_NOT_READABLE = (BadZipFile, LargeZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)


class Tally:
    """Counts and hashes the lines of each table."""

    def __init__(self) -> None:
        self.lines_bytes = 0
        self._rows: dict[str, int] = {}
        self._sums: dict[str, Any] = {}

    def add(self, table: str, line: bytes) -> None:
        """Add a line, which ends in a line feed."""
        if table not in self._rows:
            self._rows[table], self._sums[table] = 0, hashlib.sha256()
        self._rows[table] += 1
        self._sums[table].update(line)
        self.lines_bytes += len(line)

    def summary(self, table: str, columns: Sequence[str]) -> TableSummary:
        """Return the summary of a table, which may have no line."""
        digest = self._sums.get(table, hashlib.sha256()).hexdigest()
        rows = self._rows.get(table, 0)
        return TableSummary(name=table, columns=tuple(columns), rows=rows, sha256=digest)


def encode_row(table: str, values: Sequence[Value]) -> bytes:
    """Return the line of a row."""
    return _ENCODER.encode((table, *values)) + b"\n"


class ArchiveWriter:
    """Writes the rows of a backup, then its manifest. Every method may raise OSError."""

    def __init__(self, rows: IO[bytes]) -> None:
        self._rows = rows
        self.tally = Tally()

    def add(self, table: str, values: Sequence[Value]) -> None:
        """Write one row."""
        line = encode_row(table, values)
        self.tally.add(table, line)
        self._rows.write(line)


@contextmanager
def written_rows(archive: ZipFile) -> Iterator[ArchiveWriter]:
    """Give the writer of the rows of a new archive for a block."""
    with archive.open(_member(ROWS), "w", force_zip64=True) as rows:
        yield ArchiveWriter(rows)


def finish_archive(archive: ZipFile, manifest: Manifest) -> None:
    """Write the manifest and reserve the place of the checksum. Close the archive afterwards."""
    archive.writestr(_member(MANIFEST), encode_manifest(manifest))
    archive.comment = _COMMENT


def seal(path: Path) -> None:
    """Write the checksum of a closed archive into its end, and sync it to disk. Raises OSError."""
    with path.open("r+b") as file:
        digest = _sum_of(file, path.stat().st_size - _DIGEST)
        file.seek(-_DIGEST, os.SEEK_END)
        file.write(digest.encode())
        file.flush()
        os.fsync(file.fileno())
        # Reading it back must come from the disk where the system allows it.
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def read_manifest(path: Path) -> Manifest:
    """Return the manifest of a backup whose checksum is right.

    Raises DamagedBackup, BackupError for the format of a newer Portico, or OSError.
    """
    _require_seal(path)
    with _opened(path) as archive, archive.open(MANIFEST) as member:
        return decode_manifest(member.read(LARGEST_MANIFEST + 1))


def read_rows(path: Path, manifest: Manifest) -> Iterator[tuple[TableSummary, list[Value]]]:
    """Yield every row with its table, in the order of the file.

    Raises DamagedBackup when a row does not match the manifest, at the latest after the last row:
    what is done with the rows must be undone then. Raises OSError.
    """
    tables = {each.name: each for each in manifest.tables}
    tally = Tally()
    with _opened(path) as archive, archive.open(ROWS) as member:
        for line in _lines(member, manifest.lines_bytes):
            table, values = _row(line, tables)
            tally.add(table.name, line)
            yield table, values
    for table in manifest.tables:
        found = tally.summary(table.name, table.columns)
        if found.rows != table.rows:
            raise DamagedBackup(
                f"It has {found.rows} rows of {table.name}, but its manifest says {table.rows}."
            )
        if found != table:
            raise DamagedBackup(f"The checksum of the rows of {table.name} is wrong.")


def _member(name: str) -> ZipInfo:
    """Return a member without a time, so that equal contents make equal files."""
    member = ZipInfo(name)
    member.compress_type = ZIP_DEFLATED
    member.external_attr = 0o600 << 16
    return member


def _require_seal(path: Path) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - len(_COMMENT)))
        comment = file.read(len(_COMMENT))
        if not re.fullmatch(rb"sha256:[0-9a-f]{64}", comment):
            raise DamagedBackup(
                "It does not end like a backup: it was cut off, changed, or is another kind of "
                "file."
            )
        file.seek(0)
        if _sum_of(file, size - _DIGEST) != comment[-_DIGEST:].decode():
            raise DamagedBackup("The checksum of the file is wrong: its content has changed.")


def _sum_of(file: IO[bytes], size: int) -> str:
    digest = hashlib.sha256()
    while size > 0 and (chunk := file.read(min(size, _CHUNK))):
        digest.update(chunk)
        size -= len(chunk)
    return digest.hexdigest()


@contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    """Open an archive with exactly the two members of a backup."""
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
            if [each.filename for each in members] != [ROWS, MANIFEST]:
                raise DamagedBackup("It has other parts than the rows and the manifest.")
            if members[1].file_size > LARGEST_MANIFEST:
                raise DamagedBackup("Its manifest is larger than any manifest of a backup.")
            yield archive
    except _NOT_READABLE as error:
        raise DamagedBackup(f"It cannot be unpacked: {error}.") from error


def _lines(member: IO[bytes], expected: int) -> Iterator[bytes]:
    """Yield the lines of a member, unless they are longer than a backup's."""
    rest: list[bytes] = []
    size, longest = 0, 0
    while chunk := member.read(_CHUNK):
        size += len(chunk)
        if size > expected:
            raise DamagedBackup(f"Its rows have more than the {expected} bytes of its manifest.")
        first, *lines = chunk.split(b"\n")
        rest.append(first)
        longest += len(first)
        if longest > LONGEST_LINE:
            raise DamagedBackup(f"One of its rows has more than {LONGEST_LINE} bytes.")
        for line in lines:
            yield b"".join(rest) + b"\n"
            rest, longest = [line], len(line)
    if any(rest) or size != expected:
        raise DamagedBackup(f"Its rows have {size} bytes, but its manifest says {expected}.")


def _row(line: bytes, tables: dict[str, TableSummary]) -> tuple[TableSummary, list[Value]]:
    try:
        name, *values = _LINE.decode(line)
    except (msgspec.MsgspecError, ValueError) as error:
        raise DamagedBackup(f"One of its rows cannot be read: {error}.") from None
    table = tables.get(name) if isinstance(name, str) else None
    if table is None:
        raise DamagedBackup(f"It has a row of {name!r:.80}, which its manifest does not name.")
    if len(values) != len(table.columns):
        raise DamagedBackup(f"A row of {table.name} has the wrong number of values.")
    return table, values
