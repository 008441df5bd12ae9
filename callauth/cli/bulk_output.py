"""Output: the results of a bulk run as JSON Lines or CSV, and the numbers to dial.

The file of a resumed run is written anew from the ledger, next to the old one, and
takes its place with the first result: a run that is refused leaves it as it was.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

from attrs import evolve, frozen

from ..bulk import BulkResult, Ledger
from ..errors import ConfigurationError, StoreError
from ..models.lease import NumberLease
from ..models.pin import Pin
from .bulk_lines import Lines

_Pins: TypeAlias = Mapping[tuple[str, str], str]

# What an earlier run has settled is written so much at a time.
_LINES_AT_ONCE = 1000
_COLUMNS = ("phone", "state", "reason", "called_at", "settled_at", "seconds", "row")


@frozen
class Spelling:
    """Say how a result is written."""

    is_csv: bool
    shows_pins: bool

    @classmethod
    def of(cls, path: Path | None, *, shows_pins: bool) -> Spelling:
        """Return that of a file by its ending; anything but .csv is JSON Lines."""
        return cls(path is not None and path.suffix.lower() == ".csv", shows_pins)

    @property
    def heading(self) -> str:
        """The first line of a file, empty for JSON Lines."""
        pin = ("pin",) if self.shows_pins else ()
        return _csv_line((*_COLUMNS, *pin, "text")) if self.is_csv else ""

    def line(self, result: BulkResult) -> str:
        """Return the line of one result."""
        values = _values(result)
        if self.shows_pins:
            values["pin"] = None if result.pin is None else result.pin.reveal()
        if self.is_csv:
            return _csv_line((*values.values(), result.text))
        if result.phone is None:
            values["text"] = result.text
        return json.dumps(values) + "\n"


def draft_of(path: Path) -> Path:
    """Return where a file of results is written before it takes its place."""
    return path.with_name(f"{path.name}.part")


class ResultFile:
    """Write results to a file, or to standard output for None.

    With ``shows_pins`` the pins that an earlier run left in the file are kept: they are
    written nowhere else. Raises ConfigurationError when they would be lost.
    """

    def __init__(self, path: Path | None, *, shows_pins: bool) -> None:
        self._spelling = Spelling.of(path, shows_pins=shows_pins)
        # What a link points to is replaced, not the link.
        self._path = None if path is None else path.resolve()
        self._draft: Path | None = None
        if self._path is not None and (self._path.is_file() or not self._path.exists()):
            self._draft = draft_of(self._path)
        self._lines = Lines(self._draft or self._path)
        self._is_begun = False

    @property
    def is_closed(self) -> bool:
        """Whether nobody reads any more."""
        return self._lines.is_closed

    async def fill(self, ledger: Ledger, *, is_new: bool) -> None:
        """Write down what was settled before."""
        pins = self._old_pins(is_new=is_new)
        if self._path is not None:
            self._lines.write(self._spelling.heading)
        if self._draft is None or is_new:
            return
        lines: list[str] = []
        async for row in ledger.rows():
            if row.is_settled:
                result = BulkResult.of(row)
                pin = pins.get(_call_of(_values(result))) if pins else None
                if pin is not None:
                    result = evolve(result, pin=Pin(pin))
                lines.append(self._spelling.line(result))
            if len(lines) == _LINES_AT_ONCE:
                self._lines.write("".join(lines))
                lines.clear()
        self._lines.write("".join(lines))

    def write(self, result: BulkResult) -> None:
        """Write one result."""
        self.begin()
        self._lines.write(self._spelling.line(result))

    def begin(self) -> None:
        """Take the place of the old file."""
        if not self._is_begun and self._draft is not None and self._path is not None:
            self._draft.replace(self._path)
        self._is_begun = True

    def close(self) -> None:
        """Close it; what has not begun is thrown away."""
        self._lines.close()
        if not self._is_begun and self._draft is not None:
            self._draft.unlink(missing_ok=True)

    def _old_pins(self, *, is_new: bool) -> _Pins:
        if self._draft is None or self._path is None or not self._path.exists():
            return {}
        found = _pins_of(self._path, is_csv=self._spelling.is_csv)
        first = next(found, None)
        if first is None:
            return {}
        if is_new or not self._spelling.shows_pins:
            raise ConfigurationError(
                "expected another file for --out: this one holds pins that would be "
                "lost"
            )
        return dict([first, *found])


class LeaseFile:
    """Write each number to dial at the end of a file, as soon as it exists."""

    def __init__(self, path: Path) -> None:
        self._lines = Lines(path, appends=True)
        self.close: Callable[[], None] = self._lines.close

    def write(self, lease: NumberLease) -> None:
        """Write who is to dial which number until when, and the link that does it.

        Raises StoreError when nobody reads it, since then nobody dials either.
        """
        self._lines.write(_lease_line(lease))
        if self._lines.is_closed:
            raise StoreError("expected somebody who reads --emit until the end")


def _lease_line(lease: NumberLease) -> str:
    values = {
        "phone": lease.user.e164,
        "number": lease.number.e164,
        "tel": lease.tel_uri,
        "show_until": lease.show_until.isoformat(),
    }
    return json.dumps(values) + "\n"


def _values(result: BulkResult) -> dict[str, str | float | None]:
    called, settled, seconds = result.called_at, result.settled_at, result.seconds
    return {
        "phone": None if result.phone is None else result.phone.e164,
        "state": result.state.value,
        "reason": result.reason,
        "called_at": None if called is None else called.isoformat(),
        "settled_at": None if settled is None else settled.isoformat(),
        "seconds": None if seconds is None else round(seconds, 3),
        # A text that is no number has none that anybody could look up.
        "row": None if result.phone is None else result.row,
    }


def _csv_line(values: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(values)
    return line.getvalue()


def _pins_of(path: Path, *, is_csv: bool) -> Iterator[tuple[tuple[str, str], str]]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        with_pins = (line for line in file if '"pin"' in line)
        rows = csv.DictReader(file) if is_csv else map(_loaded, with_pins)
        # A file that is not ours may hold anything.
        with suppress(csv.Error):
            for row in rows:
                if isinstance(pin := row.get("pin"), str) and pin:
                    yield _call_of(row), pin


def _loaded(line: str) -> Mapping[str, object]:
    # The last line of a process that was killed may be half a line.
    with suppress(ValueError, RecursionError):
        found = json.loads(line)
        if isinstance(found, dict):
            return found
    return {}


def _call_of(row: Mapping[str, object]) -> tuple[str, str]:
    return str(row.get("phone")), str(row.get("called_at"))
