from __future__ import annotations

import asyncio

from callauth.transport.native.deadlines import Deadlines
from callauth.transport.native.exchange import Exchange, Failure
from callauth.transport.origin import Origin

from .left import leaving_nothing


def _exchange() -> Exchange:
    origin = Origin.of("http://x.example")
    assert origin is not None
    return Exchange(b"", origin, asyncio.get_running_loop(), own=False)


async def test_each_exchange_ends_at_its_own_moment() -> None:
    """They share an alarm, which rings for whoever is due and for nobody else."""
    deadlines, loop = Deadlines(), asyncio.get_running_loop()
    async with leaving_nothing():
        began, ended = loop.time(), list[float]()
        waits = (0.03, 0.01, 0.02, 0.04, 0.01, float("inf"), 10.0)
        exchanges = [_exchange() for _ in waits]
        for exchange, seconds in zip(exchanges, waits, strict=True):
            deadlines.begin(exchange, seconds)
            exchange.outcome.add_done_callback(
                lambda _: ended.append(loop.time() - began)
            )
        # The alarm is set for one that ends before.
        deadlines.end(exchanges[4])
        deadlines.end(exchanges[1])
        expiring = [exchanges[number] for number in (2, 0, 3)]
        outcomes = [await exchange.outcome for exchange in expiring]
        are_over = [exchange.is_over for exchange in exchanges]
        deadlines.close()

    assert all(type(outcome) is Failure and outcome.timed_out for outcome in outcomes)
    assert are_over == [True, False, True, True, False, False, False]
    assert all(at >= due for at, due in zip(ended, (0.02, 0.03, 0.04), strict=True))


async def test_an_alarm_that_nobody_needs_is_not_set_again() -> None:
    """A transport that is idle leaves its loop alone."""
    deadlines = Deadlines()
    async with leaving_nothing():
        exchange = _exchange()
        deadlines.begin(exchange, 0.001)
        deadlines.end(exchange)
        await asyncio.sleep(0.005)

    assert not exchange.is_over
