"""Wording: how a report writes its values, on a page and on a terminal."""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, datetime
from typing import Final, Literal

from ..models.phone import PhoneNumber
from .job import Job
from .row import RowState

# The order in which they stand in tables, and their colours side by side.
STATES: Final = (
    RowState.CONFIRMED,
    RowState.PLACED,
    RowState.NO_ANSWER,
    RowState.BUSY,
    RowState.REJECTED,
    RowState.EXPIRED,
    RowState.UNKNOWN,
    RowState.REFUSED,
    RowState.CALLING,
    RowState.QUEUED,
)
_LONGEST_TEXT = 80
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


def share(part: int, whole: int) -> str:
    """Return the share in percent; a few of very many are neither none nor all.

    >>> share(1, 3), share(1, 100_000), share(99_999, 100_000), share(0, 0)
    ('33.3 %', '< 0.1 %', '> 99.9 %', '-')
    """
    if not whole:
        return "-"
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.1f} %"


def present(found: Container[RowState]) -> list[RowState]:
    """Return the states that were found, in their usual order."""
    return [state for state in STATES if state in found]


def name(state: RowState) -> str:
    """Return what a state is called.

    >>> name(RowState.NO_ANSWER)
    'no answer'
    """
    return state.value.replace("_", " ")


def count(number: int) -> str:
    """Return a number with its thousands apart.

    >>> count(1234567)
    '1,234,567'
    """
    return f"{number:,}"


def money(amount: float) -> str:
    """Return an amount to two digits; nobody knows its currency.

    >>> money(1234.5)
    '1,234.50'
    """
    return f"{amount:,.2f}"


def moment(at: datetime | None, *, to: Literal["second", "minute"] = "second") -> str:
    """Return a moment in UTC to the second or minute, "-" for none."""
    if at is None:
        return "-"
    clock = "%H:%M" if to == "minute" else "%H:%M:%S"
    return at.astimezone(UTC).strftime(f"%Y-%m-%d {clock}")


def span(seconds: int) -> str:
    """Return a length of time in the largest unit that it is a whole number of.

    >>> span(30), span(120), span(7200), span(172800)
    ('30 s', '2 min', '2 h', '2 d')
    """
    for size, unit in _UNITS:
        if seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def number(phone: PhoneNumber | None, *, is_whole: bool) -> str:
    """Return a number, masked unless it is to be whole, "-" for none."""
    if phone is None:
        return "-"
    return phone.e164 if is_whole else phone.masked


def clean(text: str) -> str:
    """Return the text without what a terminal or a browser would obey, and not long.

    >>> clean("busy"), clean("a" + chr(27) + "[2J")
    ('busy', 'a�[2J')
    """
    text = text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else "�" for each in text)


def job_line(job: Job | None) -> str:
    """Return what the ledger belongs to, and how far its source was read."""
    if job is None:
        return "The ledger belongs to no job yet."
    read = "to its end" if job.is_read_whole else "not to its end yet"
    return (
        f"Channel {clean(job.channel)}. {count(job.read)} texts were read, {read}; "
        f"{count(job.duplicates)} of them were there already."
    )
