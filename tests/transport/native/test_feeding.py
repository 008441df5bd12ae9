from __future__ import annotations

import asyncio
import random

import pytest

from tests.support.refusals import refused

from .feeding import fed
from .framing import framed
from .honest import honest
from .virtual import Stuck, VirtualLoop


def test_wild_answers_break_no_promise() -> None:
    """However they are cut, and whatever came before on a connection."""
    tally = fed(10_000, seed=1)

    assert tally.broken == []
    assert tally.faults >= 10_000
    assert tally.kinds["read"] > 4000
    assert tally.kinds["lost"] > 3000


def test_one_integer_reproduces_what_is_fed() -> None:
    """A finding is worth as much as its repetition."""
    assert fed(2000, seed=7) == fed(2000, seed=7)


def test_the_second_opinion_backs_honest_answers_and_no_part_of_them() -> None:
    """A judge who backs everything would be a defect."""
    dice = random.Random(1)
    for number in range(300):
        sure = honest(dice, b"%d" % number)
        whole = framed(sure.said, is_ended=True)
        cut = framed(sure.said[: dice.randrange(len(sure.said))], is_ended=True)

        assert whole is not None
        assert (whole.status, whole.body) == (sure.status, sure.body)
        assert (whole.is_whole, whole.is_last) == (True, sure.is_last)
        assert sure.ends_late or cut is None or not cut.is_whole


@pytest.mark.parametrize(
    ("after", "size"), [(b"", 40), (b"\r\n", 40), (b"HTTP/1.1 200 OK", 40)]
)
def test_the_second_opinion_sees_what_follows(after: bytes, size: int) -> None:
    """Only where an answer ends may another request begin."""
    said = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    found = framed(said + after, is_ended=False)

    assert found is not None
    assert (found.size, found.body) == (size, b"{}")


def test_virtual_time_passes_without_waiting() -> None:
    """And whoever waits for ever is noticed."""

    async def sleep() -> float:
        loop = asyncio.get_running_loop()
        before = loop.time()
        await asyncio.sleep(3600.0)
        return loop.time() - before

    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(sleep()) == pytest.approx(3600.0)
    with (
        refused(Stuck),
        asyncio.Runner(loop_factory=VirtualLoop) as runner,
    ):
        runner.run(wait())
