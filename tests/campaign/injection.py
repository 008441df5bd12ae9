"""Injection: which fault meets which request of a run."""

from __future__ import annotations

import random
from collections.abc import Mapping

from attrs import define, field

from callauth import PhoneNumber
from callauth.sandbox import (
    CutBody,
    Fault,
    Garbage,
    Hang,
    Latency,
    Refused,
    ResetAfter,
    ResetBefore,
    ServerError,
    TooMany,
)

# After these nothing is known: bytes left, and no complete valid answer came in time.
LOSSES: tuple[Fault, ...] = (
    ResetBefore(),
    ResetAfter(),
    CutBody(),
    Garbage(),
    Garbage(processed=False),
    Garbage(body=b'{"status": "true"}'),
    Garbage(body=b'{"status": true, "status": true}'),
    Garbage(body=b'{"success": true, "error": "", "data": []}'),
    Garbage(body=b"<html>", status=404, processed=False),
    Garbage(body=b'{"status": "success", "data": {"result": "NO_ANSWER"}}'),
    ServerError(status=500, processed=True),
    ServerError(status=502),
    ServerError(status=503, processed=True),
    Hang(),
    Hang(processed=True),
    Latency(12.0),
    Latency(12.0, late_arrival=True),
    Latency(40.0, late_arrival=True),
)
# The last check of a wait gives its answer 5 seconds; what comes sooner is no loss.
OTHERS: tuple[Fault, ...] = (
    Refused(),
    TooMany(),
    TooMany(1),
    TooMany(31),
    Latency(0.5),
    Latency(4.5),
    Latency(4.5, late_arrival=True),
)
FAULTS = LOSSES + OTHERS


@define(eq=False)
class Steps:
    """Meet the requests of a run with faults by their number, from 0."""

    plan: Mapping[int, Fault]
    step: int = 0
    met: list[tuple[str, Fault]] = field(factory=list)

    def __call__(
        self, provider: str, operation: str, phone: PhoneNumber | None
    ) -> Fault | None:
        fault = self.plan.get(self.step)
        self.step += 1
        if fault is not None:
            self.met.append((operation, fault))
        return fault


@define(eq=False)
class Chances:
    """Meet each request of a run with a random fault at that rate."""

    dice: random.Random
    rate: float
    met: list[tuple[str, Fault]] = field(factory=list)

    def __call__(
        self, provider: str, operation: str, phone: PhoneNumber | None
    ) -> Fault | None:
        if self.dice.random() >= self.rate:
            return None
        fault = self.dice.choice(FAULTS)
        self.met.append((operation, fault))
        return fault
