from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from callauth.cli.kinds import ANY_KEY
from callauth.sandbox import Answer

from .bulk_runs import CHANNELS, listed, played, rows, states, words
from .bulk_samples import people
from .commands import run


@pytest.mark.parametrize(
    ("channel", "state"),
    [
        (CHANNELS[0], "confirmed"),
        (CHANNELS[1], "placed"),
        (CHANNELS[2], "confirmed"),
        (CHANNELS[3], "confirmed"),
    ],
)
def test_every_number_of_a_file_is_verified(
    numbers: Path, channel: str, state: str
) -> None:
    """Through each channel, with its number, its moments and its place."""
    result = played(numbers, channel)

    found = rows(numbers)
    assert (result.exit_code, states(numbers)) == (0, [state] * 3)
    assert sorted(str(row["phone"]) for row in found) == numbers.read_text().split()
    assert {row["row"] for row in found} == {1, 2, 3}
    assert all(float(str(row["seconds"])) > 0 for row in found)
    assert not any("pin" in row or "text" in row for row in found)


def test_the_summary_tells_how_many_ended_how(numbers: Path) -> None:
    """It is what one looks at when it is over; no number is in it."""
    result = played(numbers, CHANNELS[0], "--cost", "0.5")

    assert "3 numbers: 3 confirmed\n3 calls in " in result.output
    assert result.output.endswith("; spent 1.50.\n")
    assert "+7" not in result.output


def test_the_same_command_goes_on_and_calls_nobody_twice(numbers: Path) -> None:
    """And the file of results is complete then."""
    first = played(numbers, CHANNELS[0], "--budget", "2")
    again = played(numbers)

    assert (first.exit_code, again.exit_code) == (3, 0)
    assert "the next call would cost more than --budget" in first.output.lower()
    assert "1 call in " in again.output
    assert states(numbers) == ["confirmed"] * 3


def test_what_was_lost_is_unknown_and_not_called_again(tmp_path: Path) -> None:
    """The exit code tells scripts to look at it."""
    lost = next(people(Answer.ANSWERS, is_lost=True))
    numbers = listed(tmp_path / "numbers.txt", lost)

    first, again = played(numbers), played(numbers)

    assert (first.exit_code, again.exit_code) == (1, 1)
    assert states(numbers) == ["unknown"]
    assert "0 calls in " in again.output


def test_a_text_that_is_no_number_is_refused_and_shown(numbers: Path) -> None:
    """Somebody has to look for it in the source."""
    listed(numbers, *numbers.read_text().split(), "nobody")

    result = played(numbers)

    (bad,) = [row for row in rows(numbers) if "text" in row]
    assert result.exit_code == 1
    assert (bad["phone"], bad["state"], bad["text"]) == (None, "refused", "nobody")


def test_results_go_to_standard_output_and_nothing_else_does(numbers: Path) -> None:
    """They are piped on; a run that settles nothing writes nothing there."""
    ledger = str(numbers.with_name("run.db"))
    command = ("bulk", str(numbers), "--channel", CHANNELS[0], "--ledger", ledger)
    options = ("--sandbox", "--speed", "200", "--quiet")

    first, again = run(*command, *options), run(*command, *options)

    assert [json.loads(line)["state"] for line in first.output.splitlines()] == [
        "confirmed"
    ] * 3
    assert again.output == ""


def test_a_csv_file_is_read_by_column_and_written(tmp_path: Path) -> None:
    """What a spreadsheet takes."""
    (phone,) = islice(people(Answer.BUSY), 1)
    numbers = listed(tmp_path / "numbers.csv", "phone,mobile", f"none,{phone}")
    out = tmp_path / "out.csv"

    result = played(
        numbers, CHANNELS[0], "--column", "mobile", "--out", str(out), "--show-pins"
    )

    (row,) = csv.DictReader(out.read_text().splitlines())
    assert result.exit_code == 0
    assert (row["phone"], row["state"], row["text"]) == (phone, "busy", "")
    assert len(row["pin"]) == 7


def test_pins_of_an_earlier_run_are_kept(numbers: Path) -> None:
    """They are written nowhere else."""
    played(numbers, CHANNELS[0], "--budget", "2", "--show-pins")
    before = {row["phone"]: row["pin"] for row in rows(numbers)}

    result = played(numbers, CHANNELS[0], "--show-pins")

    after = {row["phone"]: row["pin"] for row in rows(numbers)}
    assert (result.exit_code, len(before), len(after)) == (0, 2, 3)
    assert after.items() >= before.items()
    assert all(isinstance(pin, str) and len(pin) == 7 for pin in after.values())


def test_pins_are_not_overwritten(numbers: Path) -> None:
    """By a run that shows none, or one of another job."""
    played(numbers, CHANNELS[0], "--show-pins")
    before = rows(numbers)

    hidden = played(numbers)
    numbers.with_name("run.db").rename(numbers.with_name("old.db"))
    another = played(numbers, CHANNELS[0], "--show-pins")

    assert (hidden.exit_code, another.exit_code) == (2, 2)
    assert hidden.output.startswith("callauth: expected another file for --out")
    assert rows(numbers) == before


@pytest.mark.parametrize("is_other_source", [True, False])
def test_the_ledger_of_another_job_is_refused(
    numbers: Path, *, is_other_source: bool
) -> None:
    """In one line, and the results stay as they were."""
    played(numbers)
    before = rows(numbers)
    if is_other_source:
        listed(numbers, *islice(people(Answer.BUSY), 3))

    result = played(numbers, CHANNELS[0] if is_other_source else CHANNELS[1])

    assert result.exit_code == 2
    assert result.output.startswith("callauth: expected the ")
    assert (result.output.count("\n"), rows(numbers)) == (1, before)
    assert not numbers.with_name("out.jsonl.part").exists()


def test_a_rehearsal_is_another_job_than_the_real_one(numbers: Path) -> None:
    """Otherwise the real one would find everything done."""
    played(numbers)

    result = run(*words(numbers), env={"CALLAUTH_CALLPASS_TOKEN": ANY_KEY})

    assert result.exit_code == 2
    assert (
        "expected the channel 'flash_call:callpass (sandbox)' of this ledger's job, "
        "got 'flash_call:callpass'"
    ) in result.output


def test_numbers_to_dial_are_handed_out(numbers: Path, tmp_path: Path) -> None:
    """A script tells people while the run waits for them."""
    emitted = tmp_path / "leases.jsonl"

    played(numbers, CHANNELS[2], "--emit", str(emitted))

    leases = [json.loads(line) for line in emitted.read_text().splitlines()]
    assert sorted(each["phone"] for each in leases) == numbers.read_text().split()
    assert all(each["tel"] == f"tel:{each['number']}" for each in leases)


def test_a_dry_run_counts_and_calls_nobody(numbers: Path) -> None:
    """It needs neither credentials nor a ledger."""
    lines = numbers.read_text().split()
    listed(numbers, *lines, lines[0].replace("+7", "8 "), "nobody")
    options = ("--cost", "2", "--budget", "5", "--rate", "0.5/s")

    result = run(*words(numbers, CHANNELS[0], "--dry-run", *options))

    assert result.exit_code == 0
    assert result.output == (
        "5 read: 3 numbers to call, 1 duplicate, 1 no number.\n"
        "All calls cost 6, at 2 each.\n"
        "The budget is enough for 2 of them.\n"
        "At 0.5/s they take 6 s at least.\n"
        "Nobody was called.\n"
    )
    assert [path.name for path in numbers.parent.iterdir()] == ["numbers.txt"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("--rate 0/s", "expected a number above 0 and /s"),
        ("--rate fast", "expected a number above 0 and /s"),
        ("--checks -1", "expected a number above 0 and /s"),
        ("--concurrency 0", "0 is not in the range"),
        ("--budget nan", "expected a cost and a budget"),
        ("--budget inf", "expected a cost and a budget that are finite"),
        ("--cost inf --budget 5", "expected a cost and a budget that are finite"),
        ("--cost nan --dry-run", "expected a cost and a budget that are finite"),
        ("--column phone", "expected a file with columns"),
        ("--emit leases.jsonl", "expected --emit with a reverse_call"),
        ("--channel reverse_call:telefonip", "expected --emit FILE"),
        ("--resume-unknown always", "'always' is not 'never'"),
        ("--out run.db --ledger run.db", "expected different files"),
        ("--out run.db-wal", "expected different files"),
        ("--ledger out.jsonl.part", "expected different files"),
        ("--out nowhere/out.jsonl", "expected a file that can be written, got ENOENT"),
    ],
)
def test_bad_usage_is_refused(
    numbers: Path, monkeypatch: pytest.MonkeyPatch, more: str, message: str
) -> None:
    """Nobody is called."""
    monkeypatch.chdir(numbers.parent)
    env = {"CALLAUTH_CALLPASS_TOKEN": ANY_KEY}

    result = run(*words(numbers), *more.split(), env=env)

    assert result.exit_code == 2
    assert message in " ".join(result.output.split())
    assert not numbers.with_name("out.jsonl").exists()


def test_a_ledger_is_needed(numbers: Path) -> None:
    """Without one, what was called would be forgotten."""
    result = run("bulk", str(numbers), "--channel", CHANNELS[0])

    assert (result.exit_code, result.output) == (
        2,
        "callauth: expected --ledger FILE, or --dry-run\n",
    )


def test_missing_credentials_are_named(numbers: Path) -> None:
    """Before any file is made."""
    result = run(*words(numbers))

    assert result.exit_code == 2
    assert result.output == (
        "callauth: expected the environment variables CALLAUTH_CALLPASS_TOKEN; "
        "or try --sandbox or --dry-run\n"
    )
    assert [path.name for path in numbers.parent.iterdir()] == ["numbers.txt"]


def test_halves_of_characters_are_refused_as_any_text(tmp_path: Path) -> None:
    """JSON can spell what no file can keep."""
    numbers = listed(tmp_path / "numbers.jsonl", json.dumps({"phone": "\ud800"}))

    result = played(numbers)

    assert (result.exit_code, states(numbers)) == (1, ["refused"])


def test_numbers_are_read_from_standard_input(tmp_path: Path) -> None:
    """As another program finds them."""
    ledger = str(tmp_path / "run.db")
    command = ["bulk", "-", "--channel", CHANNELS[0], "--ledger", ledger]
    options = ["--sandbox", "--speed", "20", "--quiet"]

    ended = subprocess.run(
        [sys.executable, "-m", "callauth.cli", *command, *options],
        input=f"{next(people(Answer.BUSY))}\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout)["state"] == "busy"


def test_numbers_are_typed_at_a_terminal(tmp_path: Path) -> None:
    """Each is called as soon as its line ends, and Ctrl-D ends them."""
    ledger = str(tmp_path / "run.db")
    command = ["bulk", "-", "--channel", CHANNELS[0], "--ledger", ledger]
    options = ["--sandbox", "--speed", "20", "--quiet"]
    keyboard, terminal = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "callauth.cli", *command, *options],
        stdin=terminal,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for number in islice(people(Answer.BUSY), 2):
            os.write(keyboard, f"{number}\n".encode())
            assert json.loads(process.stdout.readline())["phone"] == number
        os.write(keyboard, b"\x04")
        assert process.wait(timeout=30) == 0
    os.close(terminal)
    os.close(keyboard)
