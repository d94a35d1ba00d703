"""The lifespan of the application: starts before the listeners open, and ends after them."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import ASGIApp

from portico.domain.errors import Unavailable


class StartupFailed(Unavailable):
    """The application reported that it cannot start."""


class Lifespan:
    """Runs the lifespan of an application. `state` is what the application stored for requests."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._messages: asyncio.Queue[dict[str, str]] = asyncio.Queue(2)
        self._answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue(2)
        self._task: asyncio.Task[None] | None = None
        self.state: dict[str, Any] = {}

    async def start(self) -> None:
        """Start the application.

        Raises the application's own error, or StartupFailed if it only reports a message.
        """
        scope: Any = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        app: Any = self._app
        self._task = asyncio.create_task(app(scope, self._messages.get, self._answers.put))
        await self._exchange("startup")

    async def stop(self) -> None:
        """Stop the application. Raises like `start`."""
        await self._exchange("shutdown")
        if self._task is not None:
            await self._task

    async def _exchange(self, phase: str) -> None:
        assert self._task is not None
        await self._messages.put({"type": f"lifespan.{phase}"})
        answer = asyncio.ensure_future(self._answers.get())
        await asyncio.wait((answer, self._task), return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            await self._end()  # raises the error with which the application ended
            return
        message = answer.result()
        if message["type"] == f"lifespan.{phase}.failed":
            await asyncio.wait((self._task,), timeout=1)
            if self._task.done():
                await self._end()
            raise StartupFailed(message.get("message") or f"The application failed at {phase}.")

    async def _end(self) -> None:
        """Wait for the end of the application, and raise its error without the group around it."""
        assert self._task is not None
        try:
            await self._task
        except BaseExceptionGroup as group:
            error: BaseException = group
            while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
                (error,) = error.exceptions
            raise error from None
