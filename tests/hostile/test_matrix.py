from __future__ import annotations

import anyio
import pytest

from tests.support.canaries import Canaries

from .callers import CALLERS, Planted
from .haste import pauses
from .kinds import KINDS
from .trial import Trial, all_trials, attempt, faults

_LATE_SECONDS = 0.1


# Apart from each other, since a deadline of half a second is too short for a handshake
# while a processor is busy with dozens of others.
@pytest.mark.parametrize("ends", [True, False], ids=["that ends", "without an end"])
async def test_every_operation_survives_every_kind_of_server(
    ends: bool,  # noqa: FBT001 - a parameter
    canaries: Canaries,
) -> None:
    """Whatever a server does, the caller must know whether a phone may ring."""
    planted, found = Planted.by(canaries), list[str]()
    trials = [trial for trial in all_trials() if KINDS[trial.kind].ends is ends]
    overruns: dict[Trial, float] = {}
    limit = anyio.CapacityLimiter(32)

    async def judge(trial: Trial) -> None:
        async with limit:
            result = await attempt(trial, planted)
        found.extend(faults(trial, result, planted))
        overruns[trial] = result.overrun

    async with pauses() as paused, anyio.create_task_group() as group:
        for trial in trials:
            group.start_soon(judge, trial)

    bound = _LATE_SECONDS + paused.longest
    late = [f"{trial}: {s:.3f} s late" for trial, s in overruns.items() if s > bound]
    assert found + late == []
    assert len(overruns) == len(trials)


def test_the_table_holds_all_that_was_promised() -> None:
    """A cell that is left out by mistake is a promise that nobody keeps."""
    trials = all_trials()

    assert len(KINDS) >= 80
    assert len(CALLERS) == 11
    assert len(trials) == len({str(trial) for trial in trials}) > 1700
