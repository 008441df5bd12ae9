from __future__ import annotations

from collections.abc import AsyncIterator
from random import Random

import anyio
import pytest

from callauth.cli.console import Console
from callauth.cli.performance import Performance
from callauth.cli.progress import Progress
from callauth.cli.scenario import parts_of
from callauth.sandbox import Sandbox
from callauth.transport.clock import ManualClock
from tests.support.canaries import Canaries

from .test_tally import YES, ended


@pytest.fixture
async def performance(canaries: Canaries) -> AsyncIterator[Performance]:
    parts = parts_of([canaries.phone() for _ in range(3)], Random(0))
    async with Sandbox(clock=ManualClock()) as sandbox:
        yield Performance(sandbox, parts)


async def first_lines(
    performance: Performance, capsys: pytest.CaptureFixture[str]
) -> str:
    progress = Progress(Console(), performance, ManualClock())
    with anyio.CancelScope() as scope:
        progress.clock.call_later(3.5, scope.cancel)
        await progress.show()
    return capsys.readouterr().out


async def test_a_file_gets_a_line_every_three_seconds(
    performance: Performance, canaries: Canaries, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody who reads a log sees that it goes on."""
    performance.finished.append(ended(canaries, YES))

    assert await first_lines(performance, capsys) == "  3 s  1 of 3 done: 1 confirmed\n"


async def test_the_first_line_says_that_it_has_begun(
    performance: Performance, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is done yet."""
    shown = await first_lines(performance, capsys)

    assert shown == "  3 s  the first calls are being placed\n"


async def test_those_who_do_nothing_are_waited_for(
    performance: Performance, canaries: Canaries, capsys: pytest.CaptureFixture[str]
) -> None:
    """Otherwise the demo would seem to hang for its last seconds."""
    performance.finished.append(ended(canaries, YES))
    await performance.sandbox.clock.sleep(60.0)

    shown = await first_lines(performance, capsys)

    assert "; 2 neither type nor dial, until their time is over" in _joined(shown)


@pytest.mark.parametrize("is_terminal", [True, False])
async def test_it_ends_when_nobody_reads(
    performance: Performance, monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool
) -> None:
    """``callauth demo | head -1`` need not run to its end."""
    if is_terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
    console = Console()
    console.is_closed = True

    await Progress(console, performance, ManualClock()).accompany()

    assert performance.finished == []


def _joined(shown: str) -> str:
    return " ".join(shown.split())
