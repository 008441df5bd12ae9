from __future__ import annotations

import re

import anyio
import pytest
from attrs import define, evolve

from callauth.bulk import RowState, StopReason, Summary
from callauth.cli.bulk_figures import Speedometer, Terms
from callauth.cli.bulk_progress import BulkProgress
from callauth.transport.clock import ManualClock

TERMS = Terms(ends_placed=False, shows_cost=False, budget=None, is_played=False)


def summary(*, called: int = 0, seconds: float = 0.0, **counts: int) -> Summary:
    return Summary(
        counts={RowState(name): number for name, number in counts.items()},
        read=100,
        duplicates=0,
        is_read_whole=True,
        called=called,
        spent=called * 2.0,
        seconds=seconds,
        stopped=None,
    )


@define
class Course:
    """Stand in for a run: it is as it is told at each look."""

    summaries: list[Summary]

    def summary(self) -> Summary:
        return self.summaries.pop(0) if len(self.summaries) > 1 else self.summaries[0]


def progress(*summaries: Summary, terms: Terms = TERMS) -> BulkProgress:
    clock = ManualClock()
    meter = Speedometer(Course(list(summaries)), terms, clock)
    return BulkProgress(meter, clock)


async def shown(
    told: BulkProgress, capsys: pytest.CaptureFixture[str], seconds: float = 5.5
) -> str:
    with anyio.CancelScope() as scope:
        told.clock.call_later(seconds, scope.cancel)
        await told.show()
    return capsys.readouterr().err


BEGUN = summary(queued=100)
HALF = summary(
    called=50, seconds=5.0, confirmed=38, no_answer=2, calling=1, placed=9, queued=50
)


async def test_a_file_gets_a_line_every_five_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Somebody who reads a log sees how far it is, how fast, and for how long."""
    line = await shown(progress(BEGUN, HALF), capsys)

    assert line == (
        "  5 s  40 of 100 done: 38 confirmed, 2 no answer; 10 under way; "
        "10.0 calls/s; 8 s left\n"
    )


async def test_money_is_shown_to_who_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """With the limit, if there is one."""
    terms = evolve(TERMS, shows_cost=True, budget=1000.0)

    line = await shown(progress(BEGUN, HALF, terms=terms), capsys)

    assert "; spent 100 of 1,000; " in line


async def test_a_robots_call_is_done_once_it_is_placed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nobody tells how it ends."""
    terms = evolve(TERMS, ends_placed=True)

    line = await shown(progress(BEGUN, HALF, terms=terms), capsys)

    assert "49 of 100 done: 9 placed, 38 confirmed" in line
    assert "; 1 under way; " in line


async def test_while_the_source_is_read_no_end_is_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A pipe may bring more."""
    line = await shown(progress(BEGUN, evolve(HALF, is_read_whole=False)), capsys)

    assert "40 done of 100 read so far" in line
    assert "left" not in line


async def test_a_run_that_stops_makes_no_new_calls(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Only those that were placed are waited for."""
    line = await shown(progress(BEGUN, evolve(HALF, stopped=StopReason.ASKED)), capsys)

    assert line.endswith("; 10 under way; no new calls\n")


async def test_the_speed_is_that_of_the_last_half_minute(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A slow start would spoil the average for hours."""
    steps = [summary(called=0, seconds=5.0 * n, queued=100) for n in range(8)]
    fast = evolve(HALF, called=300, seconds=40.0)

    lines = await shown(progress(*steps, fast), capsys, seconds=40.5)

    assert "10.0 calls/s; 45 s left" in lines.splitlines()[-1]


@pytest.mark.parametrize("width", ["60", "80"])
async def test_on_a_terminal_it_moves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: str
) -> None:
    """A bar and a line of figures, that fit."""
    for name, value in {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": width}.items():
        monkeypatch.setenv(name, value)

    picture = await shown(progress(BEGUN, HALF), capsys, seconds=0.5)

    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", picture)
    assert "━ 40 of 100 done" in plain
    assert "confirmed 38  no answer 2" in plain
    assert all(len(line) <= int(width) for line in re.split(r"[\r\n]", plain))


async def test_what_is_told_goes_above_what_moves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise the next picture would be drawn over it."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    told = progress(HALF)

    async with anyio.create_task_group() as group:
        group.start_soon(told.show)
        await told.clock.sleep(0.3)
        told.say("something")
        group.cancel_scope.cancel()

    assert "something\n" in capsys.readouterr().err
