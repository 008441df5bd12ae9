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
    """Hold one finished run."""

    flow: str
    belief: Belief
    began: datetime
    met: list[tuple[str, Fault]]

    @property
    def was_lost(self) -> bool:
        """Whether a fault made an answer unknowable."""
        return any(fault in LOSSES for _, fault in self.met)


def violations(world: World, run: Run) -> Iterator[str]:
    """Name every promise that the run broke."""
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
    if run.belief is Belief.UNKNOWN and not run.was_lost:
        yield "unknown without a lost answer"
    if not run.met and world.person.is_holder and run.belief is not Belief.CONFIRMED:
        yield f"nothing went wrong, and a holder was {run.belief.value}"
