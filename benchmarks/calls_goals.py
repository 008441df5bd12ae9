"""The figures to reach, most of them medians of ratios, one for each round."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from calls_client import BURST, COST, RATE
from calls_runs import SENDS, SYSTEM_CALLS

Samples: TypeAlias = Mapping[str, Mapping[str, list[Mapping[str, float]]]]
"""What each client found in every round, by setting and by name."""

ONE, MANY, MORE = "1 at once", "32 at once", "256 at once"
OVER_TLS = "32 at once over TLS"
TRACED = "1 at once, traced"
_OURS = "callauth_native"


@dataclass(frozen=True)
class Place:
    """Say which figure of which client is meant, and how many calls were at once."""

    client: str
    at_once: str
    figure: str

    def values(self, samples: Samples) -> list[float]:
        """Return one for each round, none when it was not measured."""
        rounds = samples.get(self.at_once, {}).get(self.client, [])
        return [found[self.figure] for found in rounds]

    def by_cpu(self) -> Place:
        """Return what it costs there."""
        return Place(self.client, self.at_once, COST)

    def __str__(self) -> str:
        return f"{self.client}, {self.at_once}"


@dataclass(frozen=True)
class Judged:
    """Hold what was found for a goal; None when a client of it was not measured.

    ``by_cpu`` is the same for a rate when CPU is what limits it, which the work of
    others on this machine does not change as much.
    """

    figure: str
    wanted: str
    found: float | None = None
    lowest: float | None = None
    highest: float | None = None
    by_cpu: float | None = None
    is_reached: bool | None = None


@dataclass(frozen=True)
class Goal:
    """Hold what a figure has to be, itself or over another one."""

    place: Place
    over: Place | None
    bound: float
    is_most: bool = False

    def judged(self, samples: Samples) -> Judged:
        """Return what was found, and whether that is enough."""
        figure = f"{self.place.figure} of {self.place}"
        if self.over is not None:
            figure += f", over {self.over}"
        wanted = f"{'at most' if self.is_most else 'at least'} {self.bound:g}"
        ratios = _ratios(samples, self.place, self.over)
        if not ratios:
            return Judged(figure, wanted)
        found = statistics.median(ratios)
        return Judged(
            figure,
            wanted,
            found=_short(found),
            lowest=_short(min(ratios)),
            highest=_short(max(ratios)),
            by_cpu=self._by_cpu(samples),
            is_reached=found <= self.bound if self.is_most else found >= self.bound,
        )

    def _by_cpu(self, samples: Samples) -> float | None:
        if self.over is None or self.place.figure != RATE:
            return None
        costs = _ratios(samples, self.over.by_cpu(), self.place.by_cpu())
        return _short(statistics.median(costs))


def _ratios(samples: Samples, place: Place, over: Place | None) -> list[float]:
    values = place.values(samples)
    if over is None:
        return values
    others = over.values(samples)
    if not values or not others:
        return []
    return [a / b for a, b in zip(values, others, strict=True)]


def _short(value: float) -> float:
    return float(f"{value:.3g}")


def _rate(ours: str, theirs: str, at_once: str, bound: float) -> Goal:
    place, over = (Place(name, at_once, RATE) for name in (ours, theirs))
    return Goal(place, over, bound)


def _burst(theirs: str, bound: float) -> Goal:
    place, over = (Place(name, MANY, BURST) for name in (_OURS, theirs))
    return Goal(place, over, bound, is_most=True)


GOALS = (
    _rate(_OURS, "pyreqwest", MANY, 1.0),
    _rate(_OURS, "aiohttp", MANY, 2.8),
    _rate(_OURS, "httpx2", MANY, 12),
    _rate(_OURS, "httpx", MANY, 30),
    _rate(_OURS, "aiohttp", OVER_TLS, 2.2),
    Goal(Place(_OURS, MORE, COST), Place(_OURS, ONE, COST), 1.25, is_most=True),
    Goal(Place(_OURS, TRACED, SYSTEM_CALLS), None, 10, is_most=True),
    Goal(Place(_OURS, TRACED, SENDS), None, 1, is_most=True),
    _rate("callauth_aiohttp", "aiohttp", MANY, 1.0),
    _rate("callauth_httpx", "httpx", MANY, 3.0),
    _rate("callauth_httpx", "httpx", MORE, 3.5),
    _burst("httpx", 0.1),
    _burst("aiohttp", 0.6),
)
