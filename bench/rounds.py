"""Measures contestants in turn, for several rounds.

A machine that is slower for a while affects all of them, so a ratio compares two contestants within
a round, and the median of the rounds is the result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.cores import CONNECTIONS
from bench.http_client import UnexpectedAnswer
from bench.kinds import Load
from bench.load import LoadFailed, Sample, Target, run_load, write_requests

Timing = Callable[[str, float], Sample]
"""Measures a contestant for some seconds. The text makes the names that it writes unique."""

ENOUGH_REQUESTS = 3 * CONNECTIONS
LONGEST_SECONDS = 12.0


@dataclass(frozen=True)
class Contestant:
    """One side of a comparison: a check of its response, and a function that measures it."""

    label: str
    verify: Callable[[], object]
    measure: Timing


@dataclass(frozen=True)
class Comparison:
    """The samples of one kind of request, by contestant and round."""

    name: str
    title: str
    database: str
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def add(self, other: Comparison) -> None:
        """Add the samples of another run of the same comparison."""
        for label, samples in other.samples.items():
            self.samples.setdefault(label, []).extend(samples)

    def ratio(self, label: str, against: str) -> float | None:
        """Return the rate of one contestant as a multiple of another's, as median of the rounds."""
        if label not in self.samples or against not in self.samples:
            return None
        pairs = zip(self.samples[label], self.samples[against], strict=True)
        return median(mine.per_second / other.per_second for mine, other in pairs)

    def typical(self, label: str) -> Sample | None:
        """Return the medians of a contestant's figures."""
        found = self.samples.get(label)
        if not found:
            return None
        return Sample(
            requests=sum(sample.requests for sample in found),
            per_second=median(sample.per_second for sample in found),
            p50_ms=median(sample.p50_ms for sample in found),
            p99_ms=median(sample.p99_ms for sample in found),
        )


@dataclass(frozen=True)
class Pace:
    """The length and number of rounds."""

    seconds: float
    rounds: int

    @property
    def sendings(self) -> int:
        """Return the number of measurements of each contestant, including the warm-up."""
        return self.rounds + 1


def load_timing(load: Load, target: Target, *, folder: Path, label: str) -> Timing:
    """Return a timing in which the load generator sends this load."""
    requests = folder / f"{label}.requests"
    write_requests(load, requests)
    return lambda tag, seconds: run_load(load, target, requests, seconds, tag)


def compare(comparison: Comparison, contestants: list[Contestant], pace: Pace) -> Comparison:
    """Check, warm up and measure the contestants. Return the comparison with their samples."""
    for contestant in contestants:
        _attributed(contestant, contestant.verify)
    lengths = {each.label: _length(_measured(each, 0, pace.seconds), pace) for each in contestants}
    for turn in range(1, pace.rounds + 1):
        for contestant in contestants if turn % 2 else contestants[::-1]:
            sample = _measured(contestant, turn, lengths[contestant.label])
            comparison.samples.setdefault(contestant.label, []).append(sample)
    return comparison


def _length(warm_up: Sample, pace: Pace) -> float:
    """Return the length of a round, longer for a contestant with too few responses."""
    if warm_up.requests >= ENOUGH_REQUESTS:
        return pace.seconds
    needed = ENOUGH_REQUESTS / warm_up.per_second if warm_up.requests else LONGEST_SECONDS
    return max(pace.seconds, min(needed, LONGEST_SECONDS))


def _attributed(contestant: Contestant, verify: Callable[[], object]) -> None:
    try:
        verify()
    except UnexpectedAnswer as error:
        raise UnexpectedAnswer(f"{contestant.label}: {error}") from error


def _measured(contestant: Contestant, turn: int, seconds: float) -> Sample:
    try:
        sample = contestant.measure(f"{contestant.label} {turn}", seconds)
    except LoadFailed as error:
        raise LoadFailed(f"{contestant.label}: {error}") from error
    if turn > 0 and not sample.requests:
        raise LoadFailed(f"{contestant.label}: no answer in {seconds:.0f} seconds")
    return sample
