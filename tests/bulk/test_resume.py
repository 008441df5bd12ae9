"""A run goes on where another one ended, whatever ended it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callauth import IdempotencyKey, PhoneNumber
from callauth.bulk import Ledger, Row, RowState, StopReason
from callauth.sandbox import Answer, Refused, Ring

from .remains import calling, leave, placed
from .world import CHANNELS, World, kept, kept_by_phone, states, strangers


@pytest.mark.parametrize("channel", ["flash", "telefonip", "nerotech"])
async def test_who_was_being_called_is_unknown(
    world: World, channel: str, ledger: Ledger
) -> None:
    """The phone may have rung; it is told, and not called again."""
    speaks = await world.channel(channel)
    lost, queued = world.phone(), world.phone(dials_after_seconds=1.0)
    row = calling(world, lost, IdempotencyKey.new())
    await leave(ledger, speaks, row, Row(id=0, phone=queued))
    results = await world.results([lost, queued], speaks, ledger=ledger)

    assert {each.phone: each.state for each in results} == {
        lost: RowState.UNKNOWN,
        queued: RowState.CONFIRMED,
    }
    assert (world.asked(lost, channel), world.asked(queued, channel)) == (0, 1)
    reasons = {each.reason for each in results if each.phone == lost}
    assert reasons == {"the process ended while it was being called"}
    assert await world.results([lost, queued], speaks, ledger=ledger) == []


@pytest.mark.parametrize("rang", [True, False], ids=["rang", "not rung"])
@pytest.mark.parametrize("is_busy", [True, False], ids=["9 while it rings", "replay"])
async def test_a_robots_call_goes_on_with_its_key(
    world: World, ledger: Ledger, *, rang: bool, is_busy: bool
) -> None:
    """Under its key it rings once, whether the dead process was heard or not."""
    world.sandbox.nerotech.busy_while_ringing = is_busy
    nerotech = await world.nerotech()
    channel = await world.voice()
    phone, key = world.phone(), IdempotencyKey.new()
    row = calling(world, phone, key)
    if rang:
        await nerotech.voicemail(phone, idempotency_key=key)
    await leave(ledger, channel, row)
    (result,) = await world.results([phone], channel, ledger=ledger)

    assert (result.state, world.rings(phone)) == (RowState.PLACED, 1)
    heard = world.sandbox.ledger.rings(phone)[0].code
    assert result.pin is not None
    assert result.pin.reveal() == heard.reveal()


async def test_a_robots_call_that_goes_on_is_paid_for_once(
    world: World, ledger: Ledger
) -> None:
    """What a dead process was asking for counts as spent, before it is asked again."""
    channel = await world.voice()
    phones = [world.phone() for _ in range(3)]
    row = calling(world, phones[0], IdempotencyKey.new())
    later = [Row(id=0, phone=phone) for phone in phones[1:]]
    await leave(ledger, channel, row, *later)
    run = world.run(phones, channel, ledger=ledger, cost_per_call=1.0, budget=2.0)
    async with run:
        results = [result async for result in run]

    assert {each.phone for each in results} >= {phones[0]}
    assert sum(map(world.rings, phones)) == len(results) == run.summary().spent == 2


@pytest.mark.parametrize(
    ("code", "state"), [(10, RowState.UNKNOWN), (12, RowState.REFUSED)]
)
async def test_a_robots_call_that_is_refused_later_may_have_rung(
    world: World, ledger: Ledger, code: int, state: RowState
) -> None:
    """It is paid for then, unless its number is one that is never called."""
    channel, nerotech = await world.voice(), await world.nerotech()
    phone, other, key = world.phone(), world.phone(), IdempotencyKey.new()
    if state is RowState.UNKNOWN:
        await nerotech.voicemail(phone, idempotency_key=key)
    row = calling(world, phone, key)
    await leave(ledger, channel, row, Row(id=0, phone=other))
    world.sandbox.nerotech.refuse_next(code, operation="voicemail", phone=phone)
    run = world.run(
        [phone, other],
        channel,
        ledger=ledger,
        concurrency=1,
        cost_per_call=1,
        budget=1,
    )
    async with run:
        results = [result async for result in run]

    assert {each.state for each in results if each.phone == phone} == {state}
    assert world.rings(phone) + world.rings(other) == run.summary().spent == 1


async def test_a_robots_call_waits_with_its_key_for_the_account(
    world: World, ledger: Ledger
) -> None:
    """An account that is empty for a while leaves it for the next run."""
    channel = await world.voice()
    phone, key = world.phone(), IdempotencyKey.new()
    await leave(ledger, channel, calling(world, phone, key))
    world.sandbox.nerotech.account.calls_left = 0
    async with world.run([phone], channel, ledger=ledger) as run:
        assert [result async for result in run] == []
    assert run.summary().stopped is StopReason.ACCOUNT
    (row,) = await kept(ledger)
    assert (row.state, row.key) == (RowState.CALLING, key.text)

    world.sandbox.nerotech.account.calls_left = 1
    (result,) = await world.results([phone], channel, ledger=ledger)
    assert (result.state, world.rings(phone)) == (RowState.PLACED, 1)


async def test_a_key_that_is_too_old_is_not_used_again(
    world: World, ledger: Ledger
) -> None:
    """The provider has forgotten it, and would ring once more."""
    channel = await world.voice()
    phone, key = world.phone(), IdempotencyKey.new()
    row = calling(world, phone, key)
    await leave(ledger, channel, row)
    world.clock.suspend(timedelta(hours=23).total_seconds())
    (result,) = await world.results([phone], channel, ledger=ledger)

    assert (result.state, world.rings(phone)) == (RowState.UNKNOWN, 0)


async def test_who_was_never_reached_gets_a_new_key(
    world: World, ledger: Ledger
) -> None:
    """He was queued again the day before yesterday, since nothing was sent."""
    phone, other = world.phone(), world.phone()
    world.sandbox.faults.add(Refused(), phone=phone, times=None)
    run = world.run([phone, other], await world.voice(), ledger=ledger)
    async with run:
        async for _ in run:
            await world.clock.sleep(10.0)
            run.stop()
    row = (await kept_by_phone(ledger))[phone]
    world.sandbox.faults.clear()
    world.clock.suspend(timedelta(hours=48).total_seconds())
    (result,) = await world.results([phone, other], await world.voice(), ledger=ledger)

    assert (row.state, row.key, row.called_at) == (RowState.QUEUED, None, None)
    assert (result.state, world.rings(phone)) == (RowState.PLACED, 1)


@pytest.mark.parametrize("version", ["v2.0", "v3.0"])
async def test_a_call_that_was_placed_is_asked_about(
    world: World, ledger: Ledger, version: str
) -> None:
    """Its end is told, and its pin is not known any more."""
    phones = {
        world.phone(): RowState.CONFIRMED,
        world.phone(answers=Answer.BUSY): RowState.BUSY,
        world.phone(answers=Answer.NO_ANSWER): RowState.NO_ANSWER,
    }
    channel = await world.flash("v2.0" if version == "v2.0" else "v3.0")
    rows = [await placed(world, channel, phone) for phone in phones]
    await leave(ledger, channel, *rows)
    other = await world.flash("v2.0" if version == "v2.0" else "v3.0")
    results = await world.results(list(phones), other, ledger=ledger)

    assert {each.phone: each.state for each in results} == phones
    assert {each.pin for each in results} == {None}
    assert world.sandbox.ledger.rings_twice() == []


async def test_a_robots_call_that_was_placed_is_done(
    world: World, ledger: Ledger
) -> None:
    """The process died between two lines of the ledger."""
    channel = await world.voice()
    phone = world.phone()
    await leave(ledger, channel, await placed(world, channel, phone))
    (result,) = await world.results([phone], channel, ledger=ledger)

    assert (result.state, world.rings(phone)) == (RowState.PLACED, 1)
    assert result.settled_at is not None


@pytest.mark.parametrize("desk", ["telefonip", "nerotech"])
async def test_a_number_that_was_leased_is_waited_for(
    world: World, ledger: Ledger, desk: str
) -> None:
    """And told again, since the dead process may not have."""
    dials, absent = world.phone(dials_after_seconds=20.0), world.phone()
    channel = await world.channel(desk)
    rows = [await placed(world, channel, phone) for phone in (dials, absent)]
    await leave(ledger, channel, *rows)
    other = await world.channel(desk)
    results = await world.results([dials, absent], other, ledger=ledger)

    assert {each.phone: each.state for each in results} == {
        dials: RowState.CONFIRMED,
        absent: RowState.EXPIRED,
    }
    assert {lease.user for lease in world.leases} == {dials, absent}
    assert (world.asked(dials, desk), world.asked(absent, desk)) == (1, 1)


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_run_that_is_closed_amid_goes_on(
    world: World, channel: str, ledger: Ledger
) -> None:
    """Everybody gets one call, and nobody is left."""
    world.sandbox.network.default = world.sandbox.network.subscriber(
        world.phone(dials_after_seconds=1.0)
    )
    numbers = strangers(60)
    told = 0
    for most in (5, 20, 100):
        run = world.run(
            numbers, await world.channel(channel), ledger=ledger, concurrency=4
        )
        async with run:
            async for _ in run:
                told += 1
                if told >= most:
                    break
        # What was on its way is over by then.
        await world.clock.sleep(200.0)

    rows = await kept_by_phone(ledger)
    assert len(rows) == 60
    assert all(row.is_settled for row in rows.values())
    assert sum(row.state is RowState.UNKNOWN for row in rows.values()) <= 2 * 4
    asked = [world.asked(PhoneNumber(number), channel) for number in numbers]
    if channel == "voice":
        assert world.sandbox.ledger.rings_twice() == []
    else:
        assert max(asked) == 1
    assert sum(asked) >= 60 - 2 * 4


async def test_what_is_settled_is_not_told_again(world: World, ledger: Ledger) -> None:
    """The same command a second time has nothing to do."""
    texts = [*strangers(5), "nobody"]
    first = await world.results(texts, await world.flash(), ledger=ledger)
    run = world.run(texts, await world.flash(), ledger=ledger, cost_per_call=1.0)
    async with run:
        second = [result async for result in run]

    assert (len(first), second) == (6, [])
    summary = run.summary()
    assert (summary.called, summary.spent, summary.rows) == (0, 5.0, 6)
    assert (summary.read, summary.is_read_whole, summary.stopped) == (6, True, None)


async def test_numbers_that_wait_are_called_in_their_order(
    world: World, ledger: Ledger
) -> None:
    """More of them than are held at once."""
    channel = await world.flash()
    numbers = strangers(1200)
    rows = [Row(id=0, phone=PhoneNumber(number)) for number in numbers]
    await leave(ledger, channel, *rows)
    results = await world.results(numbers, channel, ledger=ledger, concurrency=50)

    assert states(results) == {RowState.CONFIRMED: 1200}
    rung = [ring.phone.e164 for ring in world.sandbox.ledger.entries(Ring)]
    assert rung == numbers
