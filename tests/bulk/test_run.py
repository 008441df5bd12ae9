"""A run from its first number to its last, on each channel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest

from callauth import ConfigurationError, ManualClock, NumberLease, PhoneNumber
from callauth.bulk import BulkResult, BulkRun, MemoryLedger, Row, RowState, feed
from callauth.sandbox import Answer, ResetAfter
from tests.support.refusals import refused

from .world import CHANNELS, World, kept, states, strangers


async def test_a_flash_call_ends_in_every_state(world: World) -> None:
    """As the network says how it ended."""
    phones = {
        RowState.CONFIRMED: world.phone(),
        RowState.NO_ANSWER: world.phone(answers=Answer.NO_ANSWER),
        RowState.BUSY: world.phone(answers=Answer.BUSY),
        RowState.REJECTED: world.phone(answers=Answer.SWITCHED_OFF),
        RowState.REFUSED: world.phone(),
        RowState.UNKNOWN: world.phone(),
    }
    world.sandbox.callpass.blocked.add(phones[RowState.REFUSED])
    world.sandbox.faults.add(
        ResetAfter(), phone=phones[RowState.UNKNOWN], operation="start-call-password"
    )
    results = await world.results(list(phones.values()), await world.flash())

    assert {each.state: each.phone for each in results} == phones
    assert len(results) == len(phones)
    rings = {state: world.rings(phone) for state, phone in phones.items()}
    assert rings == {state: state is not RowState.REFUSED for state in phones}
    reasons = {each.state: each.reason for each in results}
    assert reasons[RowState.REJECTED] == "SUBSCRIBER_ABSENT"
    assert reasons[RowState.UNKNOWN] == "AnswerLost"


async def test_a_robots_call_ends_when_it_is_placed(world: World) -> None:
    """NeroTech does not say how its calls end."""
    placed, blocked = world.phone(), world.phone()
    world.sandbox.nerotech.blocked.add(blocked)
    results = await world.results([placed, blocked], await world.voice())

    assert {each.phone: each.state for each in results} == {
        placed: RowState.PLACED,
        blocked: RowState.REFUSED,
    }
    assert all(each.settled_at is not None for each in results)
    assert (world.rings(placed), world.rings(blocked)) == (1, 0)


@pytest.mark.parametrize("desk", ["telefonip", "nerotech"])
async def test_a_number_is_leased_and_waited_for(world: World, desk: str) -> None:
    """It is told as soon as it exists, long before the end."""
    dials = world.phone(dials_after_seconds=20.0)
    absent = world.phone()
    blocked = world.phone()
    world.sandbox.telefonip.blocked.add(blocked)
    world.sandbox.nerotech.blocked.add(blocked)
    told_at: list[float] = []

    def on_lease(lease: NumberLease) -> None:
        world.leases.append(lease)
        told_at.append(world.clock.monotonic())

    numbers = [dials, absent, blocked]
    results = await world.results(numbers, await world.channel(desk), on_lease=on_lease)

    assert {each.phone: each.state for each in results} == {
        dials: RowState.CONFIRMED,
        absent: RowState.EXPIRED,
        blocked: RowState.REFUSED,
    }
    assert {lease.user for lease in world.leases} == {dials, absent}
    assert max(told_at) < 10.0
    assert world.clock.monotonic() > 120.0


async def test_a_stranger_who_dials_is_rejected(world: World) -> None:
    """Telefon-IP says who it was."""
    phone = world.phone(dials_after_seconds=5.0, dials_from=world.canaries.phone())
    (result,) = await world.results([phone], await world.telefonip())

    assert result.state is RowState.REJECTED


async def test_an_old_version_answers_after_the_call(world: World) -> None:
    """There is nothing to ask about then."""
    phone = world.phone(answers=Answer.BUSY)
    (result,) = await world.results([phone], await world.flash(version="v1.0"))

    assert result.state is RowState.BUSY
    assert world.checks("flash") == []


@pytest.mark.parametrize("channel", CHANNELS)
async def test_each_number_is_called_once(world: World, channel: str) -> None:
    """However often it stands there, and however it is spelled."""
    phone = world.phone(dials_after_seconds=1.0)
    spelled: list[str | PhoneNumber] = [
        phone.e164,
        "8" + phone.e164[2:],
        phone,
        f" {phone.e164} ",
    ]
    ledger = MemoryLedger()
    run = world.run(
        [*spelled, *strangers(3)], await world.channel(channel), ledger=ledger
    )
    async with run:
        results = [result async for result in run]

    assert len(results) == 4
    assert world.asked(phone, channel) == 1
    summary = run.summary()
    assert (summary.read, summary.duplicates, summary.rows) == (7, 3, 4)
    assert (summary.called, summary.is_read_whole) == (4, True)
    assert len(await kept(ledger)) == 4


async def test_a_text_that_is_no_number_is_refused(world: World) -> None:
    """Each of them, with the text to find it by."""
    phone = world.phone()
    texts: list[str | PhoneNumber] = ["nobody", phone, "nobody", "", "+1", "x" * 100]
    ledger = MemoryLedger()
    results = await world.results(texts, await world.flash(), ledger=ledger)

    bad = [result for result in results if result.phone is None]
    assert [each.text for each in bad] == ["nobody", "nobody", "", "+1", "x" * 64]
    assert {each.state for each in bad} == {RowState.REFUSED}
    assert {each.reason for each in bad} == {"not a phone number"}
    rows = await kept(ledger)
    assert [row.id for row in rows] == [1, 2, 3, 4, 5, 6]
    assert rows[1].phone == phone


async def test_a_source_without_numbers_is_done_at_once(world: World) -> None:
    """An empty file is no mistake."""
    run = world.run([], await world.flash())
    async with run:
        assert [result async for result in run] == []

    assert run.summary().is_read_whole
    assert run.summary().stopped is None


async def test_no_more_than_so_many_at_once(world: World) -> None:
    """The concurrency counts calls until their end."""
    run = world.run(strangers(40), await world.flash(), concurrency=4)
    most = 0
    async with run:
        async for _ in run:
            counts = run.summary().counts
            most = max(
                most, counts.get(RowState.PLACED, 0) + counts.get(RowState.CALLING, 0)
            )

    assert 2 <= most <= 4
    assert world.clock.monotonic() >= 40 / 4 * 3.0


class _SlowLedger(MemoryLedger):
    """Takes longer to read than a call takes."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__()
        self._clock = clock

    async def queued(self, after: int, most: int) -> Sequence[Row]:
        """Return the next rows later."""
        await self._clock.sleep(10.0)
        return await super().queued(after, most)


async def test_nobody_leaves_while_the_next_rows_are_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All go on calling until the end, so that it takes no longer."""
    monkeypatch.setattr(feed, "_AT_ONCE", 20)
    slow = _SlowLedger(world.clock)
    numbers = strangers(60)
    run = world.run(numbers, await world.flash(), ledger=slow, concurrency=10)
    async with run:
        results = [result async for result in run]

    assert states(results) == {RowState.CONFIRMED: 60}
    assert world.clock.monotonic() < 100.0


async def test_results_come_as_they_end(world: World) -> None:
    """Not in the order of the source."""
    slow = world.phone(answers=Answer.NO_ANSWER)
    quick = world.phone(answers=Answer.BUSY)
    results = await world.results([slow, quick], await world.flash())

    assert [each.phone for each in results] == [quick, slow]
    assert [each.row for each in results] == [2, 1]
    seconds = [each.seconds for each in results]
    assert seconds[0] is not None
    assert seconds[1] is not None
    assert seconds[0] < 30.0 < seconds[1]


async def test_numbers_that_come_late_are_called_when_they_come(world: World) -> None:
    """The source may be a queue of somebody."""

    async def trickle() -> AsyncIterator[str]:
        for number in strangers(3):
            yield number
            await world.clock.sleep(100.0)

    results = await world.results(trickle(), await world.flash())

    moments = world.moments("flash")
    assert len(results) == 3
    assert moments == pytest.approx([0.0, 100.0, 200.0], abs=1.0)


async def test_memory_holds_only_some_of_the_source(world: World) -> None:
    """Reading waits for the calls."""
    given = 0

    def endless() -> AsyncIterator[str]:
        return _counted(30_000)

    async def _counted(count: int) -> AsyncIterator[str]:
        nonlocal given
        for number in strangers(count):
            given += 1
            yield number

    run = world.run(endless(), await world.flash(), concurrency=2)
    async with run:
        async for _ in run:
            break
        assert 10_000 <= given < 14_000


async def test_the_pin_is_in_the_result_only(world: World) -> None:
    """Whoever has to compare it gets it there, once."""
    codes = [world.canaries.pin().reveal() for _ in range(5)]
    world.sandbox.callpass.next_codes.extend(codes)
    ledger = MemoryLedger()
    run = world.run(strangers(5), await world.flash(), ledger=ledger, concurrency=1)
    async with run:
        results = [result async for result in run]

    assert [each.pin and each.pin.reveal() for each in results] == codes
    shown = (results, run.summary(), await kept(ledger), run, ledger)
    world.canaries.scan(repr(shown))
    world.canaries.scan(str(shown))
    placed = [row.placed or "" for row in await kept(ledger)]
    assert all("call" in text for text in placed)
    world.canaries.scan(" ".join(placed))


async def test_a_digest_of_results_shows_no_number(world: World) -> None:
    """What people log by accident."""
    phone = world.phone()
    bad = world.canaries.plant("somebody's bad text")
    results = await world.results([phone, bad], await world.flash())

    assert len(results) == 2
    world.canaries.scan(repr(results))


async def test_a_run_runs_once(world: World) -> None:
    """A second loop over it would miss what the first one got."""
    async with world.run(strangers(1), await world.flash()) as run:
        assert len([result async for result in run]) == 1
        with refused(ConfigurationError, match="^expected a run that has not begun$"):
            [result async for result in run]


async def test_a_client_serves_one_run_at_a_time(world: World) -> None:
    """Two paces of one client would be no pace."""
    channel = await world.flash()
    first, second = (world.run(strangers(3), channel) for _ in range(2))
    async with first, second:
        async for _ in first:
            with refused(ConfigurationError, match="keeps no other pace"):
                await _all(second)
            break
    third = await world.results(strangers(2), channel)

    assert len(third) == 2


@pytest.mark.parametrize(
    ("options", "clause"),
    [
        ({"concurrency": 0}, "a concurrency of at least 1"),
        ({"concurrency": True}, "a concurrency of at least 1"),
        ({"cost_per_call": -1.0}, "a cost and a budget of at least 0"),
        ({"cost_per_call": float("inf")}, "a cost and a budget of at least 0"),
        ({"cost_per_call": float("nan")}, "a cost and a budget of at least 0"),
        ({"budget": -0.5}, "a cost and a budget of at least 0"),
        ({"budget": 100.0}, "a cost_per_call with a budget, got none"),
        ({"rate_per_second": 0.0}, "a rate above 0"),
        ({"checks_per_second": -3.0}, "a rate above 0"),
    ],
)
async def test_what_is_out_of_its_range_is_refused(
    world: World, options: dict[str, float], clause: str
) -> None:
    """Before anything is read."""
    channel = await world.flash()

    with refused(ConfigurationError, match=clause):
        BulkRun([], channel, **options)  # type: ignore[arg-type] # on purpose


def test_another_kind_of_channel_is_refused() -> None:
    """A channel of one's own says nothing of how its calls end."""
    with refused(ConfigurationError, match="^expected a channel of FlashCall"):
        BulkRun([], object())  # type: ignore[arg-type] # on purpose


async def test_the_summary_counts_what_it_spends(world: World) -> None:
    """Refusals are free."""
    blocked = world.phone()
    world.sandbox.callpass.blocked.add(blocked)
    run = world.run([*strangers(3), blocked], await world.flash(), cost_per_call=2.5)
    before = run.summary()
    async with run:
        results = await _all(run)
    after = run.summary()

    assert (before.rows, before.spent, before.seconds, before.called) == (0, 0, 0, 0)
    assert after.spent == pytest.approx(7.5)
    assert after.counts[RowState.CONFIRMED] == 3
    assert states(results) == {RowState.CONFIRMED: 3, RowState.REFUSED: 1}
    assert after.seconds == pytest.approx(world.clock.monotonic())


async def _all(run: BulkRun) -> list[BulkResult]:
    return [result async for result in run]


def test_the_strangers_are_numbers() -> None:
    """Otherwise nobody of a crowd would be called."""
    assert len({PhoneNumber.parse(text) for text in strangers(50)}) == 50
