"""Computes rows of ratios from samples. A row is Portico in one setting on one kind of request."""

from __future__ import annotations

from dataclasses import dataclass

from bench.load import Sample
from bench.rounds import Comparison

TARGETS: dict[tuple[str, str, str, str], float] = {
    ("list-20", "sqlite", "hot", "limit"): 0.6,
    ("list-20", "sqlite", "hot", "reference"): 40,
    ("list-500", "sqlite", "hot", "limit"): 0.7,
    ("list-500", "sqlite", "hot", "reference"): 80,
    ("single", "sqlite", "hot", "limit"): 0.6,
    ("single", "sqlite", "hot", "reference"): 15,
    ("list-20", "postgresql", "hot", "limit"): 0.35,
    ("list-20", "postgresql", "hot", "reference"): 20,
    ("list-20", "sqlite", "cold", "reference"): 8,
    ("list-20", "postgresql", "cold", "reference"): 5,
    ("create", "sqlite", "hot", "reference"): 4,
    ("create", "postgresql", "hot", "reference"): 2,
    ("bulk", "sqlite", "hot", "portico-singles"): 20,
    ("bulk", "postgresql", "hot", "portico-singles"): 20,
    ("signin", "sqlite", "hot", "limit"): 0.3,
    ("signin", "postgresql", "hot", "limit"): 0.3,
    ("token", "sqlite", "hot", "limit"): 0.3,
    ("token", "postgresql", "hot", "limit"): 0.3,
    ("list-20-workers", "sqlite", "two workers", "portico-1"): 1.7,
    ("single-workers", "sqlite", "two workers", "portico-1"): 1.7,
}
"""The targets: smallest ratio by kind, database, setting and contestant."""

SETTINGS = {"hot": "portico", "cold": "portico-cold", "two workers": "portico-2"}
"""The contestant that is Portico in each setting."""

OPPONENTS = ("limit", "reference", "json-server", "prism")


@dataclass(frozen=True)
class Ratio:
    """The rate of Portico as a multiple of an opponent's, and the target."""

    value: float
    target: float | None

    @property
    def met(self) -> bool | None:
        return None if self.target is None else self.value >= self.target


@dataclass(frozen=True)
class Row:
    """Portico in one setting on one kind of request."""

    name: str
    title: str
    database: str
    setting: str
    portico: Sample
    rates: dict[str, float]
    ratios: dict[str, Ratio]


@dataclass(frozen=True)
class Note:
    """A ratio of other comparisons: bulk and single creates, two workers and one."""

    title: str
    database: str
    ratio: Ratio


def rows(comparisons: list[Comparison]) -> list[Row]:
    """Return the rows of the main table."""
    found = []
    for comparison in comparisons:
        for setting in ("hot", "cold"):
            typical = comparison.typical(SETTINGS[setting])
            if typical is not None and "portico-2" not in comparison.samples:
                found.append(_row(comparison, setting, typical))
    return found


def _row(comparison: Comparison, setting: str, portico: Sample) -> Row:
    rates, ratios = {}, {}
    for opponent in OPPONENTS:
        sample = comparison.typical(opponent)
        ratio = ratio_of(comparison, setting, opponent)
        if sample is not None and ratio is not None:
            rates[opponent], ratios[opponent] = sample.per_second, ratio
    return Row(
        comparison.name,
        comparison.title,
        comparison.database,
        setting,
        portico,
        rates,
        ratios,
    )


def ratio_of(comparison: Comparison, setting: str, against: str) -> Ratio | None:
    """Return the ratio with its target, or None if it was not measured."""
    value = comparison.ratio(SETTINGS[setting], against)
    if value is None:
        return None
    key = (comparison.name, comparison.database, setting, against)
    return Ratio(value, TARGETS.get(key))


def notes(comparisons: list[Comparison]) -> list[Note]:
    """Return the ratios of the other comparisons."""
    found = []
    for comparison in comparisons:
        for title, ratio in _noted(comparison):
            if ratio is not None:
                found.append(Note(title, comparison.database, ratio))
    return found


def _noted(comparison: Comparison) -> list[tuple[str, Ratio | None]]:
    title = comparison.title
    return [
        (
            f"{title}: two workers on two cores, compared with one on one, 16 connections each",
            ratio_of(comparison, "two workers", "portico-1"),
        ),
        (f"{title}: the same for the limit", _plain(comparison, "limit-2", "limit-1")),
        (
            f"{title}: two workers, compared with one whose load generator has the other core",
            ratio_of(comparison, "two workers", "portico"),
        ),
        (
            f"{title}: two workers with 16 connections in total, compared with one with 16",
            _plain(comparison, "portico-2-sharing", "portico-1"),
        ),
        (
            f"{title}, compared with 500 creates, one client",
            ratio_of(comparison, "hot", "portico-singles"),
        ),
        (
            f"{title}: the same for the reference",
            _plain(comparison, "reference", "reference-singles"),
        ),
    ]


def _plain(comparison: Comparison, label: str, against: str) -> Ratio | None:
    value = comparison.ratio(label, against)
    return None if value is None else Ratio(value, None)


def missed(comparisons: list[Comparison]) -> int:
    """Return the number of missed targets."""
    ratios = [ratio for row in rows(comparisons) for ratio in row.ratios.values()]
    ratios += [note.ratio for note in notes(comparisons)]
    return sum(ratio.met is False for ratio in ratios)
