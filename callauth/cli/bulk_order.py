"""Order: what ``callauth bulk`` was asked to do, and whether it makes sense."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import TypedDict

import click

from ..bulk import NumberFile
from ..bulk.source import WITH_COLUMNS
from ..errors import ConfigurationError
from .bulk_output import draft_of

_RATE = re.compile(r"([0-9]+(?:\.[0-9]+)?)(?:/s)?")
USUAL_COST = 1.0


class Order(TypedDict):
    """Hold the words of one command."""

    source: str
    channel: str
    ledger: Path | None
    out: Path | None
    concurrency: int
    rate: float | None
    checks: float | None
    budget: float | None
    cost: float | None
    is_dry: bool
    column: str | None
    emit: Path | None
    shows_pins: bool
    is_quiet: bool
    resume_unknown: str
    is_played: bool
    speed: float


def rate_of(
    _context: click.Context, _option: click.Parameter, text: str | None
) -> float | None:
    """Return how many a second ``50/s`` is, None for no limit."""
    if text is None:
        return None
    found = _RATE.fullmatch(text.strip())
    rate = float(found[1]) if found else 0.0
    if rate == 0 or math.isinf(rate):
        raise click.BadParameter("expected a number above 0 and /s, such as 50/s")
    return rate


def source_of(order: Order) -> NumberFile:
    """Return where the numbers come from."""
    return NumberFile(order["source"], column=order["column"])


def cost_of(order: Order) -> float:
    """Return what a call costs: 1, so that a budget alone is one of calls."""
    return USUAL_COST if order["cost"] is None else order["cost"]


def require_sense(order: Order) -> None:
    """Raise ConfigurationError for words that do not fit each other."""
    suffix = Path(order["source"]).suffix.lower()
    if order["column"] is not None and suffix not in WITH_COLUMNS:
        raise ConfigurationError(
            f"expected a file with columns ({', '.join(WITH_COLUMNS)}) for --column"
        )
    amounts = (order["cost"], order["budget"])
    if not all(each is None or math.isfinite(each) for each in amounts):
        raise ConfigurationError("expected a cost and a budget that are finite")
    if order["is_dry"]:
        return
    if order["ledger"] is None:
        raise ConfigurationError("expected --ledger FILE, or --dry-run")
    _require_different_files(order)
    is_reverse = order["channel"].startswith("reverse_call:")
    if order["emit"] is not None and not is_reverse:
        raise ConfigurationError("expected --emit with a reverse_call only")
    if order["emit"] is None and is_reverse and not order["is_played"]:
        raise ConfigurationError(
            "expected --emit FILE: somebody must tell people the numbers to dial"
        )


def _require_different_files(order: Order) -> None:
    named = (order["ledger"], order["out"], order["emit"])
    files = [path.resolve() for path in named if path is not None]
    if order["ledger"] is not None:
        ledger = order["ledger"].resolve()
        # What SQLite keeps beside it.
        files += [ledger.with_name(ledger.name + more) for more in ("-wal", "-shm")]
    if order["out"] is not None:
        files.append(draft_of(order["out"].resolve()))
    if order["source"] != "-":
        files.append(Path(order["source"]).resolve())
    if len(set(files)) < len(files):
        raise ConfigurationError(
            "expected different files for the numbers, --ledger, --out and --emit"
        )
