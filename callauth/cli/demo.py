"""``callauth demo``: three hundred numbers, five flows, no network."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

import click

from ..errors import ConfigurationError
from ..models.outcome import Confirmed
from ..sandbox import FastClock, Sandbox
from .console import Console
from .loopback import Serve, server
from .numbers import NumberList, lines_of, shipped_lines
from .outcome_tables import outcome_table, reason_table, refused_table, verdict_line
from .performance import Performance
from .progress import Progress
from .scenario import parts_of, stage
from .tally import Verdict, verdict
from .web.demo import WebDemo

_PORT = 8901
_USUAL_SPEED = 10.0
# Beyond this the machine's own delays would pass for the providers'.
_HIGHEST_SPEED = 50.0
_EXPLANATION = (
    "p50, p95: sandbox seconds in which half and 95 % of the confirmed got there.\n"
)
_NEXT = (
    "Next, be the person yourself, on a page or with any number:\n"
    "  callauth demo --web\n"
    "  callauth verify PHONE --provider callpass --sandbox\n"
    "or use it from Python: README.md has an example for each provider."
)


@click.command()
@click.option(
    "--speed",
    type=click.FloatRange(0, _HIGHEST_SPEED, min_open=True),
    default=_USUAL_SPEED,
    show_default=True,
    help="How many times faster than real time the sandbox's clock runs.",
)
@click.option(
    "--numbers",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with one number a line, instead of the 300 that are shipped.",
)
@click.option("--seed", default=0, show_default=True, help="Who behaves how.")
@click.option(
    "--web",
    "on_web",
    is_flag=True,
    help="Serve a page in which you verify a number yourself, beside a phone that is "
    "played, until Ctrl-C. Of the other options it takes --port only.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    show_default=True,
    help="With --web: where the page is served; 0 takes a free one.",
)
def demo(
    *, speed: float, path: Path | None, seed: int, on_web: bool, port: int
) -> None:
    """Verify 300 numbers through all five flows, offline.

    A sandbox on this machine plays the three providers and the people; the clients
    are the real ones and speak HTTP to it. Nobody is called. The exit code is 0 when no
    phone rang twice and nobody was verified without proof.
    """
    serve = server()
    if on_web:
        asyncio.run(_serve_page(serve, port))
        return
    clock = FastClock(speed)
    numbers = NumberList.read(shipped_lines() if path is None else lines_of(path))
    if not numbers.phones:
        raise ConfigurationError("expected a file with at least one phone number")
    found = asyncio.run(_run(numbers, clock=clock, seed=seed))
    raise SystemExit(0 if found is not None and found.is_good else 1)


async def _run(numbers: NumberList, *, clock: FastClock, seed: int) -> Verdict | None:
    """Return the verdict, None when nobody reads any more."""
    console = Console()
    _introduce(console, numbers)
    random = Random(seed)  # noqa: S311 - must repeat by seed
    async with Sandbox(clock=clock, seed=seed) as sandbox:
        parts = parts_of(numbers.phones, random)
        stage(sandbox, parts, random)
        performance = Performance(sandbox, parts)
        await Progress(console, performance).accompany()
    if console.is_closed:
        return None
    return _report(console, numbers, performance)


async def _serve_page(serve: Serve, port: int) -> None:
    console = Console()

    def announce(url: str) -> None:
        console.print(
            f"Open {url} to verify a number by a call; nobody is called. "
            "Ctrl-C ends it.",
            soft_wrap=True,
        )

    try:
        await WebDemo().serve(serve, port=port, announce=announce)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"expected an address that is free: {reason}"
        ) from None


def _introduce(console: Console, numbers: NumberList) -> None:
    total = len(numbers.phones) + len(numbers.refused)
    console.print(
        f"callauth verifies {total} phone numbers by calls, in five ways at once, "
        "over HTTP on this machine.\n"
        "A sandbox plays the three providers and the people, and breaks some answers. "
        "Nobody is called.\n"
    )


def _report(console: Console, numbers: NumberList, performance: Performance) -> Verdict:
    finished = performance.finished
    found = verdict(finished)
    # The main table comes last: that is what a small window still shows.
    if numbers.refused:
        console.print(refused_table(numbers.refused), "")
    if not all(isinstance(each.result, Confirmed) for each in finished):
        console.print(reason_table(finished), "")
    console.print(outcome_table(finished, width=console.width))
    console.print(_EXPLANATION, style="dim")
    console.print(
        f"{performance.requests:,} requests; {performance.retries} were sent again, as "
        "an answer was lost, broken or put off. The ledger:"
    )
    console.print(verdict_line(found))
    console.print(f"\n{_NEXT}")
    return found
