from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import sleep

from callauth.cli.kinds import ANY_KEY, PROVIDERS, base_url_of
from callauth.cli.loopback import served
from callauth.sandbox import Sandbox
from tests.support.canaries import Canaries

from .bulk_runs import CHANNELS, PLAYED, listed, played, rows, states, words
from .commands import run


async def test_a_refused_account_stops_it(canaries: Canaries, numbers: Path) -> None:
    """It does not burn through the file."""
    listed(numbers, *(canaries.phone().e164 for _ in range(3)))
    async with Sandbox() as sandbox:
        sandbox.callpass.account.balance_kopecks = 0
        async with served(sandbox) as root:
            result = await asyncio.to_thread(
                run, *words(numbers), "--concurrency", "1", env=settings(root)
            )

    assert result.exit_code == 3
    assert "The provider refuses the account." in result.output
    assert rows(numbers) == []
    canaries.scan(result.output)


def settings(root: str) -> Mapping[str, str]:
    urls = {f"CALLAUTH_{p.upper()}_BASE_URL": base_url_of(p, root) for p in PROVIDERS}
    return {**urls, "CALLAUTH_CALLPASS_TOKEN": ANY_KEY}


def test_one_interrupt_finishes_what_was_placed(numbers: Path) -> None:
    """And the same command does the rest."""
    process = interrupted(numbers, speed=20)
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 3
    assert "no new calls; placed ones are finished" in errors
    assert "placed" not in summary(errors)
    assert resumed(numbers) == "confirmed"


def test_an_interrupt_ends_the_reader_of_the_errors_as_well(numbers: Path) -> None:
    """As in ``callauth bulk … 2>&1 | tee log``: the placed ones are finished."""
    process = started(numbers, speed=20)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stderr.close()
    process.send_signal(signal.SIGINT)
    with process.stdout:
        process.stdout.read()

    assert process.wait(timeout=20) == 3
    assert resumed(numbers) == "confirmed"


def test_one_interrupt_after_the_budget_finishes_what_was_placed(
    numbers: Path,
) -> None:
    """Only the second one stops now."""
    process = started(numbers, "--budget", "1", "--concurrency", "2", speed=1)
    assert process.stderr is not None
    assert process.stdout is not None
    process.stdout.readline()
    sleep(1.0)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)

    assert (process.returncode, json.loads(output)["state"]) == (3, "confirmed")
    assert "no new calls; placed ones are finished" in errors


def test_a_second_interrupt_stops_now(numbers: Path) -> None:
    """A call that rings for 3 seconds is not waited for; it is followed later."""
    process = interrupted(numbers, speed=0.05)
    assert process.stderr is not None
    while "no new calls" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)

    assert process.returncode == 3
    assert "stopping now" in errors
    assert "Traceback" not in errors


def test_an_interrupt_does_not_wait_for_the_next_turn(numbers: Path) -> None:
    """Which is 50 seconds away; nobody but the first is called any more."""
    process = started(numbers, "--rate", "0.001/s", speed=20)
    assert process.stdout is not None
    for expected in ("nobody", "confirmed"):
        assert expected in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)

    assert (process.returncode, output) == (3, "")
    assert "2 queued" in summary(errors)


def started(numbers: Path, *more: str, speed: float) -> subprocess.Popen[str]:
    """Start it with a text first that is no number, so that a result is there soon."""
    listed(numbers, "nobody", *numbers.read_text().split())
    ledger = str(numbers.with_name("run.db"))
    command = ["bulk", str(numbers), "--channel", CHANNELS[0], "--ledger", ledger]
    options = ["--sandbox", "--speed", str(speed), "--concurrency", "1", *more]
    return subprocess.Popen(
        [sys.executable, "-m", "callauth.cli", *command, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has interrupts ignored.
        preexec_fn=_hear_interrupts,  # noqa: PLW1509 - no thread is about to fork
    )


def interrupted(numbers: Path, *, speed: float) -> subprocess.Popen[str]:
    """Start it, and interrupt it once the first result is there."""
    process = started(numbers, speed=speed)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    return process


def summary(errors: str) -> str:
    (line,) = [line for line in errors.splitlines() if " numbers: " in line]
    return line


def resumed(numbers: Path) -> str:
    """Return how all that are numbers have ended, once it has gone on."""
    result = played(numbers)
    assert result.exit_code == 1, "one text is no number"
    (state,) = {str(row["state"]) for row in rows(numbers) if "text" not in row}
    return state


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_a_full_disk_stops_it(numbers: Path) -> None:
    """The ledger knows what was done, and the same command goes on."""
    full = run(*words(numbers), "--out", "/dev/full", *PLAYED)

    assert full.exit_code == 3
    assert "expected room for what is written, got ENOSPC" in full.output
    assert "The same command goes on" in full.output
    # Whoever was being called at that moment is unknown.
    assert played(numbers).exit_code in (0, 1)
    assert set(states(numbers)) <= {"confirmed", "unknown"}
    assert len(rows(numbers)) == 3


def test_a_reader_who_leaves_ends_it(numbers: Path) -> None:
    """``callauth bulk … | head -1`` calls nobody any more."""
    process = started(numbers, speed=20)
    assert process.stdout is not None
    process.stdout.close()

    assert process.stderr is not None
    with process.stderr:
        errors = process.stderr.read()
    assert process.wait(timeout=20) == 3
    assert "nobody reads the results any more" in errors
    assert "Traceback" not in errors
