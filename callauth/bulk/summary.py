"""Summary: how a bulk run stands at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from attrs import frozen

from .row import RowState


class StopReason(Enum):
    """Say why a run calls nobody any more, before all is done."""

    ASKED = "it was asked to stop"
    BUDGET = "the budget is used up"
    ACCOUNT = "the provider refuses the account"
    SOURCE = "the rest of the source cannot be read"


@frozen(kw_only=True)
class Summary:
    """Hold the counts of a run.

    ``read`` counts the texts of the source so far, ``duplicates`` those that were there
    already; ``is_read_whole`` says whether it has no more. ``spent`` is what the calls
    have cost, those of earlier runs of the ledger included, unknown ones, too.
    ``seconds`` is how long this run has lasted and ``called`` how many it has called.
    """

    counts: Mapping[RowState, int]
    read: int
    duplicates: int
    is_read_whole: bool
    called: int
    spent: float
    seconds: float
    stopped: StopReason | None

    @property
    def rows(self) -> int:
        """How many different numbers and bad texts there are so far."""
        return sum(self.counts.values())
