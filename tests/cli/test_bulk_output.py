from __future__ import annotations

import json
import os
import stat
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callauth.bulk import BulkResult, MemoryLedger, Row, RowState
from callauth.bulk.job import Job
from callauth.cli.bulk_output import LeaseFile, ResultFile
from callauth.errors import ConfigurationError, StoreError
from callauth.models.lease import NumberLease
from callauth.models.phone import PhoneNumber
from callauth.models.pin import Pin
from tests.support.canaries import Canaries
from tests.support.refusals import refused

PHONE = PhoneNumber("+79997650001")
CALLED_AT = datetime(2026, 1, 1, tzinfo=UTC)
SETTLED_AT = datetime(2026, 1, 1, 0, 0, 4, 500_000, tzinfo=UTC)
LINE = {
    "phone": PHONE.e164,
    "state": "confirmed",
    "reason": "NORMAL_CLEARING",
    "called_at": "2026-01-01T00:00:00+00:00",
    "settled_at": "2026-01-01T00:00:04.500000+00:00",
    "seconds": 4.5,
    "row": 1,
}


def row() -> Row:
    return Row(
        id=1,
        phone=PHONE,
        state=RowState.CONFIRMED,
        called_at=CALLED_AT,
        settled_at=SETTLED_AT,
        reason="NORMAL_CLEARING",
    )


def result(pin: Pin | None = None) -> BulkResult:
    return BulkResult.of(row(), pin)


def bad_text(text: str) -> BulkResult:
    bad = Row(id=0, phone=None, text=text, state=RowState.REFUSED, reason="no number")
    return BulkResult.of(bad)


def written(path: Path, *results: BulkResult, shows_pins: bool = False) -> str:
    file = ResultFile(path, shows_pins=shows_pins)
    if path.suffix == ".csv":
        file._lines.write(file._spelling.heading)
    for each in results:
        file.write(each)
    file.close()
    return _text(path)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


async def resumed(path: Path, *, shows_pins: bool) -> str:
    """Return what a run writes whose ledger holds the row."""
    ledger = MemoryLedger()
    await ledger.add([row(), Row(id=0, phone=None)], Job(channel="any"))
    with closing(ResultFile(path, shows_pins=shows_pins)) as file:
        await file.fill(ledger, is_new=False)
        file.begin()
    return _text(path)


def test_a_result_is_a_line_of_json(tmp_path: Path) -> None:
    """The pin only for those who ask for it."""
    pin = Pin("0123456")

    hidden = written(tmp_path / "a.jsonl", result(pin))
    shown = written(tmp_path / "b.txt", result(pin), shows_pins=True)

    assert json.loads(hidden) == LINE
    assert json.loads(shown) == {**LINE, "pin": "0123456"}


def test_a_result_is_a_row_of_csv_by_the_ending(tmp_path: Path) -> None:
    """A text in the last column, quoted as it needs."""
    text = written(tmp_path / "a.CSV", result(), bad_text('a "b", c'))
    rows = written(tmp_path / "a.csv", result(), bad_text('a "b", c')).splitlines()

    assert text.splitlines() == rows[1:]
    assert rows == [
        "phone,state,reason,called_at,settled_at,seconds,row,text",
        (
            f"{PHONE.e164},confirmed,NORMAL_CLEARING,2026-01-01T00:00:00+00:00,"
            "2026-01-01T00:00:04.500000+00:00,4.5,1,"
        ),
        ',refused,no number,,,,,"a ""b"", c"',
    ]


def test_results_are_for_the_owner_only(tmp_path: Path) -> None:
    """They hold whole numbers, and pins."""
    path = tmp_path / "a.jsonl"
    written(path, result())

    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_each_line_is_there_at_once(tmp_path: Path) -> None:
    """Somebody may read along."""
    path = tmp_path / "a.jsonl"
    file = ResultFile(path, shows_pins=False)

    file.write(result())

    assert json.loads(path.read_text()) == LINE
    file.close()


def test_a_full_disk_is_told() -> None:
    """What was called is in the ledger, so nothing is lost."""
    file = ResultFile(Path("/dev/full"), shows_pins=False)

    with refused(StoreError, match="expected room for what is written, got ENOSPC"):
        file.write(result())

    file.close()


def test_what_never_begins_leaves_the_old_file(tmp_path: Path) -> None:
    """A run that is refused has no results."""
    path = tmp_path / "a.jsonl"
    path.write_text("old")

    ResultFile(path, shows_pins=False).close()

    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
async def test_a_resumed_file_is_made_of_the_ledger(
    tmp_path: Path, ending: str
) -> None:
    """What was settled, once, whatever the file held; the pins from the file."""
    path = tmp_path / f"a.{ending}"
    before = written(path, result(Pin("0123456")), shows_pins=True)
    path.write_text(before + before.splitlines()[-1][:40], encoding="utf-8")

    after = await resumed(path, shows_pins=True)

    assert after == before


async def test_a_pin_of_another_call_is_not_taken_over(tmp_path: Path) -> None:
    """A number may have been called in another job, too."""
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({**LINE, "called_at": "2025", "pin": "0123456"}) + "\n")

    after = await resumed(path, shows_pins=True)

    assert json.loads(after) == {**LINE, "pin": None}


async def test_pins_are_not_thrown_away(tmp_path: Path) -> None:
    """Not by a run that shows none."""
    path = tmp_path / "a.jsonl"
    before = written(path, result(Pin("0123456")), shows_pins=True)

    with refused(ConfigurationError, match="holds pins that would be lost"):
        await resumed(path, shows_pins=False)

    assert path.read_text() == before


async def test_a_file_that_is_not_ours_holds_no_pins(tmp_path: Path) -> None:
    """Whatever is in it, it is replaced as told."""
    path = tmp_path / "a.jsonl"
    path.write_text('[]\n"pin"\n{"pin": 5}\nhello\n' + "[" * 10_000 + "\n")

    assert json.loads(await resumed(path, shows_pins=False)) == LINE


def lease(canaries: Canaries) -> NumberLease:
    return NumberLease.from_sent_at(
        number=canaries.phone(), user=PHONE, lease_id=1, sent_at=CALLED_AT
    )


def test_a_lease_is_added_with_its_link(canaries: Canaries, tmp_path: Path) -> None:
    """A script that follows the file must not lose its place."""
    path, given = tmp_path / "leases.jsonl", lease(canaries)
    path.write_text("old\n")
    file = LeaseFile(path)

    file.write(given)

    assert json.loads(path.read_text().splitlines()[1]) == {
        "phone": PHONE.e164,
        "number": given.number.e164,
        "tel": f"tel:{given.number.e164}",
        "show_until": "2026-01-01T00:01:55+00:00",
    }
    file.close()


def test_a_reader_of_leases_who_leaves_is_missed(
    canaries: Canaries, tmp_path: Path
) -> None:
    """Nobody would be told what to dial."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    file = LeaseFile(pipe)
    os.close(reader)

    with refused(StoreError, match="expected somebody who reads --emit"):
        file.write(lease(canaries))

    file.close()
