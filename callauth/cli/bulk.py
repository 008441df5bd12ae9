"""``callauth bulk``: a file of numbers, each called once, whatever happens."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Unpack

import click

from ..errors import StoreError
from .bulk_channel import CHANNELS
from .bulk_dry_run import dry_run
from .bulk_ending import STOPPED
from .bulk_order import Order, rate_of, require_sense
from .bulk_work import work
from .garbage import collected_rarely
from .standard_error import say

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("source", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--channel", type=click.Choice(list(CHANNELS)), required=True)
@click.option(
    "--ledger",
    type=_FILE,
    help="Where each call is written down before it is made; it belongs to one list of "
    "numbers and one channel.",
)
@click.option(
    "--out",
    type=_FILE,
    help="Results as CSV (.csv) or JSON Lines; otherwise JSON Lines on stdout, then "
    "only those of this run.",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1),
    default=200,
    show_default=True,
    help="How many numbers are under way at once.",
)
@click.option(
    "--rate", callback=rate_of, metavar="N/s", help="At most so many calls a second."
)
@click.option(
    "--checks",
    callback=rate_of,
    metavar="N/s",
    help="At most so many questions a second about calls that were placed.",
)
@click.option(
    "--budget", type=click.FloatRange(0), help="Stop before the calls cost more."
)
@click.option(
    "--cost",
    type=click.FloatRange(0),
    help="What one call costs, in the unit of --budget; 1 if it is not told.",
)
@click.option(
    "--dry-run",
    "is_dry",
    is_flag=True,
    help="Call nobody: read all numbers and tell what they would cost.",
)
@click.option("--column", help="The column of a CSV file, or field of JSON Lines.")
@click.option(
    "--emit",
    type=_FILE,
    help="Add each number to dial to this file as JSON, as soon as it is leased: for "
    "the script that tells people.",
)
@click.option(
    "--show-pins",
    "shows_pins",
    is_flag=True,
    help="Write the codes of calls into the results; they are kept nowhere else.",
)
@click.option("--quiet", "is_quiet", is_flag=True, help="No progress, no summary.")
@click.option(
    "--resume-unknown",
    type=click.Choice(["never"]),
    default="never",
    show_default=True,
    help="Whether phones that may have rung are called again.",
)
@click.option(
    "--sandbox",
    "is_played",
    is_flag=True,
    help="Let a sandbox play the provider and the phones: offline, nobody is called.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=10.0,
    show_default=True,
    help="With --sandbox: how many times faster than real time its clock runs.",
)
def bulk(**order: Unpack[Order]) -> None:
    """Verify all numbers of SOURCE: a .csv, .jsonl or text file, or "-".

    The same command again goes on where the last one ended, whatever ended it, and
    calls nobody twice. Ctrl-C makes no new calls and finishes those that were placed; a
    second one stops at once.

    Exit codes: 0 all settled, 1 some unknown or refused, 2 bad usage, 3 stopped before
    the end (budget, account, ledger, interrupt). The provider's credentials come from
    the environment, as for the clients' from_env().
    """
    require_sense(order)
    if order["is_dry"]:
        asyncio.run(dry_run(order))
        return
    try:
        with collected_rarely():
            code = asyncio.run(work(order))
    except KeyboardInterrupt:
        code = STOPPED
    except StoreError as error:
        say(f"callauth: stopped: {error}. The same command goes on.")
        code = STOPPED
    raise SystemExit(code)
