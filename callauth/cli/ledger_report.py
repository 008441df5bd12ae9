"""``callauth report``: what a ledger of a bulk run amounts to."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from ..bulk.figures import Figures
from ..bulk.job import Job
from ..bulk.page import page
from ..bulk.schema import LEDGER_SCHEMA
from ..bulk.sqlite import SQLiteLedger
from ..errors import ConfigurationError, StoreError
from .console import Console
from .figure_tables import parts

# Where a file of SQLite says whose it is.
_APPLICATION_ID = slice(68, 72)


@click.command()
@click.argument("ledger", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the same figures as one page, which loads nothing from elsewhere.",
)
@click.option(
    "--show-numbers", is_flag=True, help="Show whole numbers, not masked ones."
)
@click.option(
    "--cost", type=click.FloatRange(0), help="What one call costs, for the spend."
)
def report(
    ledger: Path, *, html: Path | None, show_numbers: bool, cost: float | None
) -> None:
    """Show how the numbers of a ledger ended, when, why, and which are unknown.

    The exit code is 0, 1 when another process works on the ledger, and 2 when there is
    no such file or it is no ledger.
    """
    _require_ledger(ledger)
    if html is not None and html.exists() and html.samefile(ledger):
        raise ConfigurationError("expected a page in another file than the ledger")
    figures, job = asyncio.run(_read(ledger, Figures(cost_per_call=cost)))
    console = Console()
    width = console.width
    for part in parts(figures, job, shows_numbers=show_numbers, width=width):
        console.print(part)
    if html is not None:
        _write(html, page(figures, job, shows_numbers=show_numbers))


def _require_ledger(path: Path) -> None:
    # To open another database as a ledger would make one of it.
    try:
        with path.open("rb") as file:
            head = file.read(_APPLICATION_ID.stop)
    except OSError as error:
        raise ConfigurationError(
            f"expected a file that can be read, got {type(error).__name__}"
        ) from None
    if head[_APPLICATION_ID] != LEDGER_SCHEMA.application_id.to_bytes(4, "big"):
        raise ConfigurationError("expected a ledger of callauth, got another file")


async def _read(path: Path, figures: Figures) -> tuple[Figures, Job | None]:
    ledger = SQLiteLedger(path)
    try:
        job = await ledger.open()
    except StoreError as error:
        raise StoreError(f"{error}; is a run at work on this ledger?") from None
    try:
        async for row in ledger.rows():
            figures.add(row)
    finally:
        await ledger.aclose()
    return figures, job


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"expected a page that can be written, got {type(error).__name__}"
        ) from None
