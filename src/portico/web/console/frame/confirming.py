"""Asking before something is deleted: what it is, what it touches."""

from __future__ import annotations

from dataclasses import dataclass

from portico.services.work import UnitOfWork
from portico.web.console.frame.page import Answer, Console


@dataclass(frozen=True, kw_only=True)
class Confirmation:
    """What the page shows that asks; `refused` says why it was not done."""

    title: str
    crumbs: tuple[tuple[str, str], ...]
    words: str
    action: str
    button: str
    cancel: str
    touched: tuple[str, ...] = ()
    revision: str = ""
    refused: str = ""
    undoable: bool = False


async def ask(console: Console, work: UnitOfWork, asked: Confirmation, *, place: str) -> Answer:
    """The page that asks; `place` is where the menu stands."""
    status = 422 if asked.refused else 200
    return await console.page("confirm.html", work, asked, place=place, status=status)
