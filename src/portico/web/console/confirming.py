"""Asking before something is deleted: what it is, what it touches."""

from __future__ import annotations

from dataclasses import dataclass


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
