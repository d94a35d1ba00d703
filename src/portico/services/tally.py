"""Counts of what people do on one process, which the metrics read when they are collected."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass(slots=True)
class Tally:
    """Sign-ins that succeeded by channel, refused turns to hash a password, and openings."""

    sign_ins: Counter[str] = field(default_factory=Counter)
    openings: int = 0
