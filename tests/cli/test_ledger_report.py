from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callauth.bulk import Row, RowState, SQLiteLedger
from callauth.bulk.job import Job
from callauth.models.phone import PhoneNumber
from tests.support.canaries import Canaries

from .commands import run

_NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
_JOB = Job(channel="flash_call:callpass", read=4, duplicates=1, is_read_whole=True)
_HOLDS = """
import asyncio, sys
from callauth.bulk import SQLiteLedger

async def hold():
    await SQLiteLedger(sys.argv[1]).open()
    print("open", flush=True)
    sys.stdin.read()

asyncio.run(hold())
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Return a ledger of nobody's numbers."""
    path = tmp_path / "run.db"
    write(path, *(f"+7999000000{place}" for place in range(3)))
    return path


def write(path: Path, confirmed: str, busy: str, unknown: str) -> None:
    rows = [
        _row(confirmed, RowState.CONFIRMED, "NORMAL_CLEARING"),
        _row(busy, RowState.BUSY, "USER_BUSY"),
        _row(unknown, RowState.UNKNOWN, "AnswerLost"),
    ]
    asyncio.run(_add(SQLiteLedger(path), rows))


def _row(digits: str, state: RowState, reason: str) -> Row:
    return Row(
        id=0,
        phone=PhoneNumber(digits),
        state=state,
        called_at=_NOON,
        settled_at=_NOON + timedelta(seconds=12),
        reason=reason,
    )


async def _add(ledger: SQLiteLedger, rows: list[Row]) -> None:
    await ledger.open()
    await ledger.add(rows, _JOB)
    await ledger.aclose()


def words(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_the_figures_are_printed(ledger: Path) -> None:
    """They are those of the page."""
    result = run("report", str(ledger), "--cost", "1.5")

    assert (result.exit_code, result.stderr) == (0, "")
    lines = words(result.stdout)
    assert lines[0][:2] == ["Channel", "flash_call:callpass."]
    for line in (
        "confirmed 1 33.3 % ██████████",
        "calls: 3, spent: 4.50",
        "2026-11-22 12:00:12 3 1 1 1",
        "10 to 15 s 3 100.0 % ██████████████████████████████",
        "NORMAL_CLEARING 1 33.3 % ██████████",
        "999 3 AnswerLost 1, NORMAL_CLEARING 1, USER_BUSY 1",
        "3 +7999•••0002 2026-11-22 12:00:00 2026-11-22 12:00:12 AnswerLost",
    ):
        assert line.split() in lines


def test_a_pipe_gets_plain_text(ledger: Path) -> None:
    """It is searched and stored."""
    assert "\x1b" not in run("report", str(ledger)).stdout


@pytest.mark.parametrize("columns", [80, 100])
def test_no_line_is_cut(ledger: Path, columns: int) -> None:
    """A usual window is enough."""
    result = run("report", str(ledger), env={"COLUMNS": str(columns)})

    assert "…" not in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= columns


@pytest.mark.parametrize(("columns", "bar"), [(40, 0), (50, 10), (60, 20)])
def test_bars_give_way_to_figures(ledger: Path, columns: int, bar: int) -> None:
    """Beside whole bars a narrow window had one digit in each line."""
    result = run("report", str(ledger), env={"COLUMNS": str(columns)})

    assert f"10 to 15 s 3 100.0 % {'█' * bar}".split() in words(result.stdout)


def test_nobody_knows_the_spend_without_the_cost(ledger: Path) -> None:
    """It says how to tell it."""
    assert "calls: 3, spent: not known, see --cost" in run("report", str(ledger)).stdout


def test_an_empty_ledger_has_a_report(tmp_path: Path) -> None:
    """The run may have died at once."""
    path = tmp_path / "run.db"
    asyncio.run(_open(path))

    result = run("report", str(path), "--html", str(tmp_path / "a.html"))

    assert result.exit_code == 0
    assert result.stdout.startswith("The ledger belongs to no job yet.\n")
    assert result.stdout.count("none") == 6


async def _open(path: Path) -> None:
    ledger = SQLiteLedger(path)
    await ledger.open()
    await ledger.aclose()


def test_numbers_are_masked(tmp_path: Path, canaries: Canaries) -> None:
    """Terminals are shared, and pages are passed on."""
    path, html = tmp_path / "run.db", tmp_path / "report.html"
    phones = [canaries.phone() for _ in range(3)]
    write(path, *(phone.e164 for phone in phones))

    result = run("report", str(path), "--html", str(html))

    canaries.scan(result.output, "the terminal")
    canaries.scan_file(html)
    assert phones[2].masked in result.stdout
    assert phones[2].masked in html.read_text("utf-8")


def test_whole_numbers_are_shown_to_who_asks(ledger: Path, tmp_path: Path) -> None:
    """Somebody has to look at them."""
    html = tmp_path / "report.html"

    result = run("report", str(ledger), "--html", str(html), "--show-numbers")

    assert "+79990000002" in result.stdout
    assert "+79990000002" in html.read_text("utf-8")


def test_the_page_has_the_figures(ledger: Path, tmp_path: Path) -> None:
    """It replaces the page of yesterday."""
    html = tmp_path / "report.html"
    html.write_text("old", "utf-8")

    result = run("report", str(ledger), "--html", str(html), "--cost", "2")

    assert result.exit_code == 0
    assert html.read_text("utf-8").startswith("<!doctype html>")
    assert "<dd>6.00</dd>" in html.read_text("utf-8")


def test_a_report_changes_no_row(ledger: Path) -> None:
    """What was being called is settled by the run, not by who looks at it."""
    before = _contents(ledger)

    run("report", str(ledger))

    assert _contents(ledger) == before


def _contents(path: Path) -> list[str]:
    with sqlite3.connect(path) as connection:
        found = list(connection.iterdump())
    connection.close()
    return found


def test_the_ledger_is_not_overwritten(ledger: Path) -> None:
    """Without it everybody would be called again."""
    before = _contents(ledger)

    result = run("report", str(ledger), "--html", str(ledger))

    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "callauth: expected a page in another file than the ledger\n"
    )
    assert _contents(ledger) == before


def test_a_ledger_in_use_is_refused(ledger: Path) -> None:
    """Its run has it alone, so that nobody is called twice."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDS, str(ledger)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        result = run("report", str(ledger))
        holder.kill()

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == (
        "callauth: expected a store that others let go of in time, got SQLITE_BUSY; "
        "is a run at work on this ledger?\n"
    )


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A slip of the pen must not leave an empty ledger."""
    result = run("report", str(tmp_path / "run.db"))

    assert result.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def _empty(path: Path) -> None:
    path.touch()


def _text(path: Path) -> None:
    path.write_text("phone\n" * 100, "utf-8")


def _database(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE people (name)")
    connection.close()


@pytest.mark.parametrize("make", [_empty, _text, _database])
def test_another_file_is_left_as_it_is(
    make: Callable[[Path], None], tmp_path: Path
) -> None:
    """To open it as a ledger would make one of it."""
    path = tmp_path / "run.db"
    make(path)
    before = path.read_bytes()

    result = run("report", str(path))

    assert result.exit_code == 2
    assert (
        result.stderr == "callauth: expected a ledger of callauth, got another file\n"
    )
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_page_that_cannot_be_written_is_told_in_one_line(
    ledger: Path, tmp_path: Path
) -> None:
    """The figures were printed all the same."""
    result = run("report", str(ledger), "--html", str(tmp_path / "none" / "a.html"))

    assert result.exit_code == 2
    assert result.stderr == (
        "callauth: expected a page that can be written, got FileNotFoundError\n"
    )
    assert "confirmed" in result.stdout


def test_a_negative_cost_is_refused(ledger: Path) -> None:
    """Nobody is paid for being called."""
    assert run("report", str(ledger), "--cost", "-1").exit_code == 2
