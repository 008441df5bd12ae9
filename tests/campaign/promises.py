"""Promises: what is put to the test how often, cut into pieces of work.

A piece runs in a process of its own. In process, the seed that a finding names
reproduces its run to the byte; over sockets it reproduces what was done, not how the
sockets behaved; of kills it repeats the plans, of races only their number.
"""

from __future__ import annotations

from itertools import cycle, product

from tests.support.tally import Tally
from tests.support.transports import TRANSPORTS, Make

from .acts import ACTS
from .bulk import bulk_kills
from .cancels import every_turn
from .hostility import hostile_trials
from .mutation import broken
from .outage import (
    TRY_SECONDS,
    Report,
    answers_every_fourth,
    is_down,
    outage,
    turns_away,
)
from .pieces import Piece, Work
from .runs import by_chance, pairs_of_faults, single_faults
from .sockets import over_sockets
from .storm import storm
from .verifications import crowds, kills, races

_PARTS = 20
_STARTS_PER_SECOND = 1000
# The breaker doubles its first pause up to its longest.
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 30.0, 300.0
_FULL_SECONDS = 5.0
_MOST_REQUESTS_PER_ARRIVAL = 1.10
# The starts after the outage come every tenth of a second.
_ROUNDING_SECONDS = 0.2


async def faults_in_process(piece: Piece) -> Tally:
    """Inject faults by chance, 950,000 in all."""
    tally = Tally()
    while tally.faults < piece.of(950_000):
        tally.add(await by_chance(piece.seed + tally.runs))
    return tally


async def faults_on_sockets(piece: Piece) -> Tally:
    """Inject faults by chance over real HTTP, 50,000 in all."""
    return await over_sockets(piece.of(50_000), piece.seed, _make(piece))


async def faults_one_by_one(piece: Piece) -> Tally:
    """Inject every fault at every step of every flow."""
    every = round(piece.parts / piece.share)
    return await single_faults(first=piece.number, every=every)


async def faults_in_pairs(piece: Piece) -> Tally:
    """Inject every two faults at every two of the first four steps."""
    every = round(piece.parts / piece.share)
    return await pairs_of_faults(first=piece.number, every=every)


async def bodies(piece: Piece) -> Tally:
    """Read mutated answers, 20,000,000 in all."""
    number = piece.of(20_000_000)
    found = list(broken(number, piece.seed))
    return Tally(runs=number, faults=number, broken=found)


async def cancels(piece: Piece) -> Tally:
    """Cancel at every turn, 480,000 times in all."""
    tally = Tally()
    works = cycle(product(ACTS, (False, True)))
    for number, (name, twice) in enumerate(works):
        if tally.faults >= piece.of(480_000):
            break
        seed = piece.seed + number // (2 * len(ACTS))
        tally.add(await every_turn(name, twice=twice, seed=seed))
    return tally


async def storms(piece: Piece) -> Tally:
    """Cancel on real sockets, 10,000 times with each transport."""
    return await storm(
        max(500, piece.of(10_000 * piece.parts)), piece.seed, _make(piece)
    )


async def outages(piece: Piece) -> Tally:
    """Be without the provider for an hour, and for a second."""
    tally = await _outage(piece, seconds=3600, longest=_LONGEST_PAUSE_SECONDS)
    short = await outage(seconds=1, starts_per_second=_STARTS_PER_SECOND)
    _judge(tally, short, _FIRST_PAUSE_SECONDS)
    return tally


async def hangs(piece: Piece) -> Tally:
    """Have a provider for five minutes of which every request lasts its time-out."""
    report = await outage(
        seconds=max(2 * TRY_SECONDS, 300 * piece.share),
        starts_per_second=_STARTS_PER_SECOND,
        hangs=True,
    )
    tally = Tally(runs=1, faults=report.arrivals)
    _judge(tally, report, _LONGEST_PAUSE_SECONDS)
    # Until the first time-outs nobody can know; all that arrives meanwhile is sent.
    most = TRY_SECONDS * _STARTS_PER_SECOND + 5
    tally.notes.append(
        f"opened after {report.requests_before_opening:,} requests, those of the "
        f"{TRY_SECONDS:.0f} s until the first time-outs"
    )
    if not 0 < report.requests_before_opening <= most:
        tally.broken.append(f"opened after {report.requests_before_opening} requests")
    return tally


async def mostly_failing(piece: Piece) -> Tally:
    """Have a provider for three minutes that fails, or turns away, three of four."""
    troubles = (answers_every_fourth, turns_away(piece.seed))
    report = await outage(
        seconds=max(10.0, 180 * piece.share),
        starts_per_second=_STARTS_PER_SECOND,
        trouble=troubles[piece.number],
    )
    tally = Tally(runs=1, faults=report.arrivals)
    tally.notes.append(f"{report.requests_per_arrival:.3f} requests per start")
    _judge(tally, report, _ROUNDING_SECONDS)
    return tally


async def hostility(piece: Piece) -> Tally:
    """Send each kind of hostile server 1,000 requests of each operation."""
    return await hostile_trials(piece.of(1000), piece.seed, _make(piece))


def _make(piece: Piece) -> Make:
    """Take the transports in turn."""
    return list(TRANSPORTS.values())[piece.number % len(TRANSPORTS)]


async def _outage(piece: Piece, *, seconds: float, longest: float) -> Tally:
    report = await outage(
        seconds=seconds * piece.share,
        starts_per_second=_STARTS_PER_SECOND,
        trouble=is_down,
    )
    tally = Tally(runs=1, faults=report.arrivals)
    _judge(tally, report, longest)
    if report.requests_before_opening != 5:
        tally.broken.append(f"opened after {report.requests_before_opening}")
    return tally


def _judge(tally: Tally, report: Report, longest: float) -> None:
    recovered = report.recovered_after_seconds
    if report.openings:
        tally.notes.append(
            f"recovered after {recovered:.1f} s; the breaker asks again after "
            f"{longest:.0f} s at the latest"
        )
    if recovered > longest + _ROUNDING_SECONDS:
        tally.broken.append(f"recovered after {recovered:.1f} s")
    if report.full_after_seconds > _FULL_SECONDS:
        tally.broken.append(f"full after {report.full_after_seconds:.1f} s")
    if report.requests_per_arrival > _MOST_REQUESTS_PER_ARRIVAL:
        tally.broken.append(f"{report.requests_per_arrival:.3f} requests per start")


# What cannot be divided comes first, so that no processor waits for it in the end.
PROMISES: dict[str, tuple[Work, int]] = {
    "starts in an outage of an hour": (outages, 1),
    "starts while every request hangs": (hangs, 1),
    "starts while three of four requests fail": (mostly_failing, 2),
    "requests of each operation to each hostile server": (hostility, _PARTS),
    "faults by chance, in process": (faults_in_process, _PARTS),
    "faults by chance, on real sockets": (faults_on_sockets, _PARTS),
    "every fault at every step": (faults_one_by_one, 4),
    "every pair of faults at the first four steps": (faults_in_pairs, _PARTS),
    "cancellations at every turn": (cancels, _PARTS),
    "storms of cancellations on real sockets": (storms, len(TRANSPORTS)),
    "mutated answers into every reader": (bodies, _PARTS),
    "people before Verifiers, honest and not": (crowds, _PARTS),
    "processes killed while they verify people": (kills, _PARTS),
    "bulk runs killed and resumed": (bulk_kills, _PARTS),
    "pins typed by 64 tasks of 4 processes at once": (races, 4),
}
