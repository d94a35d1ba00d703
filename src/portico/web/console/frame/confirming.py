"""The page that asks before something is deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response

from portico.services.work import UnitOfWork
from portico.web.console.frame.conflicts import Conflict
from portico.web.console.frame.page import Console


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """A question whether to delete (or another `action`) what is at `href`.

    `words` and `touched` describe the effect, `title` and `button` say what happens. "Cancel" leads
    to `cancel`, or to the last of `crumbs`. `refused` is the reason why the deletion failed;
    `conflict` describes a change that happened after the page was opened. `possible` is false when
    nothing is left to do.
    """

    words: str
    touched: tuple[str, ...] = ()
    undoable: bool = False
    cancel: str = ""
    action: str = "delete"
    title: str = ""
    button: str = ""
    href: str = ""
    crumbs: Sequence[tuple[str, str]] = ()
    revision: str = ""
    possible: bool = True
    refused: str = ""
    conflict: Conflict | None = None


async def ask(
    console: Console, work: UnitOfWork, question: Confirmation, *, nav: str, status: int = 200
) -> Response:
    """Show the page that asks."""
    return await console.page("confirm.html", work, question, nav=nav, status=status)
