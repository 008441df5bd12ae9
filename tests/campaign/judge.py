"""Judge: holds what the application believes against the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from attrs import frozen

from callauth.sandbox import Fault

from .flows import Belief
from .injection import LOSSES
from .world import World


@frozen(kw_only=True)
class Run:
    """Hold one finished run.

    ``met`` is all that went wrong, None when something else may have: on a socket.
    """

    flow: str
    belief: Belief
    began: datetime
    met: list[tuple[str, Fault]] | None


def violations(world: World, run: Run) -> Iterator[str]:
    """Name every promise that the run broke.

    Whether somebody was doubted without a reason can only be judged when all that went
    wrong is known.
    """
    yield from _lies(world, run)
    if run.met is not None:
        yield from _needless_doubts(world, run, [fault for _, fault in run.met])


def _lies(world: World, run: Run) -> Iterator[str]:
    rings = len(world.sandbox.ledger.rings(world.phone))
    if rings > 1:
        yield f"rang {rings} times"
    if run.belief is Belief.CONFIRMED:
        if not world.sandbox.ledger.backs(world.phone, since=run.began):
            yield "confirmed what the ledger does not back"
        if not world.person.is_holder:
            yield "confirmed somebody who proved nothing"
    if run.belief in (Belief.NOT_SENT, Belief.REFUSED) and rings:
        yield f"{run.belief.value}, and the phone rang"


def _needless_doubts(world: World, run: Run, faults: list[Fault]) -> Iterator[str]:
    if run.belief is Belief.UNKNOWN and not any(fault in LOSSES for fault in faults):
        yield "unknown without a lost answer"
    if not faults and world.person.is_holder and run.belief is not Belief.CONFIRMED:
        yield f"nothing went wrong, and a holder was {run.belief.value}"
