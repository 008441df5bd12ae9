"""A client owns its requests: whoever leaves, what was begun is brought to its end."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Awaitable, Callable

import anyio
import pytest

from callauth import (
    AnswerLost,
    CallAuthError,
    CallPassClient,
    CallSettled,
    ConfigurationError,
    NeroTechClient,
    NotSent,
    PhoneNumber,
    PlacedCall,
    ScriptedTransport,
    TelefonIPClient,
    VoiceCall,
)
from callauth.client.tasks import Tasks
from callauth.sandbox import Hang, Latency, Refused
from tests.support.answers import sample
from tests.support.refusals import refused

from .asking import ROWS, Row
from .wire import Defective, Sluggish
from .world import World

_Client = NeroTechClient | TelefonIPClient | CallPassClient
_MAKERS: dict[str, Callable[[World], _Client]] = {
    "nerotech": lambda world: world.nerotech(),
    "telefonip": lambda world: world.telefonip(),
    "callpass": lambda world: world.callpass(),
}
_STARTS: dict[str, Callable[[_Client, PhoneNumber], Awaitable[object]]] = {
    "nerotech": lambda client, phone: client.voicemail(phone),  # type: ignore[union-attr] # by name
    "telefonip": lambda client, phone: client.reverse_auth_phone_get(phone),  # type: ignore[union-attr] # by name
    "callpass": lambda client, phone: client.start_call_password(phone),  # type: ignore[union-attr] # by name
}
_EACH = pytest.mark.parametrize("provider", _MAKERS)


@pytest.mark.parametrize("provider", ["nerotech", "callpass"])
async def test_the_pin_of_a_ringing_phone_reaches_the_hooks(
    provider: str, world: World
) -> None:
    """The page was closed, the phone rings all the same, and a code is on it."""
    world.sandbox.faults.add(Latency(3.0))
    phone = world.phone()
    async with _MAKERS[provider](world) as client:
        calling = asyncio.ensure_future(_STARTS[provider](client, phone))
        await world.clock.sleep(1.0)
        calling.cancel()
        await asyncio.wait([calling])
        assert world.seen(CallSettled) == []
        await world.clock.sleep(5.0)

    (settled,) = world.seen(CallSettled)
    (ring,) = world.sandbox.ledger.rings(phone)
    assert isinstance(settled.result, VoiceCall | PlacedCall)
    assert (settled.phone, settled.result.pin) == (phone, ring.code)


@_EACH
async def test_closing_lets_what_is_on_the_way_end(provider: str, world: World) -> None:
    """A deployment must not lose the pins of phones that ring."""
    world.sandbox.faults.add(Latency(3.0))
    client = _MAKERS[provider](world)
    calling = asyncio.ensure_future(_STARTS[provider](client, world.phone()))
    await world.clock.sleep(1.0)

    await client.aclose()

    assert await calling
    assert len(world.seen(CallSettled)) == 1


@_EACH
@pytest.mark.parametrize("leaves", [True, False])
async def test_closing_stops_what_does_not_end_and_says_so(
    provider: str, *, leaves: bool, world: World
) -> None:
    """Nobody knows whether it rang: that is told, never kept silent."""
    world.sandbox.faults.add(Hang(processed=True), times=None)
    client = _MAKERS[provider](world)
    calling = asyncio.ensure_future(_STARTS[provider](client, world.phone()))
    await world.clock.sleep(1.0)
    if leaves:
        calling.cancel()

    await client.aclose()
    (result,) = await asyncio.gather(calling, return_exceptions=True)

    assert type(result) is (asyncio.CancelledError if leaves else AnswerLost)
    (settled,) = world.seen(CallSettled)
    assert type(settled.error) is AnswerLost
    assert world.clock.monotonic() <= 6.1


async def test_a_loop_that_ends_tells_of_what_was_under_way(world: World) -> None:
    """Without aclose the tasks are cancelled, and the hooks hear of it."""
    world.sandbox.faults.add(Hang(processed=True))
    client = world.nerotech()
    before = asyncio.all_tasks()
    calling = asyncio.ensure_future(client.voicemail(world.phone()))
    await world.clock.sleep(1.0)
    for task in asyncio.all_tasks() - before:
        task.cancel()
    await asyncio.wait([calling])
    await asyncio.sleep(0)

    (settled,) = world.seen(CallSettled)
    assert type(settled.error) is AnswerLost
    await client.aclose()


@_EACH
async def test_no_retry_begins_once_the_client_is_closed(
    provider: str, world: World
) -> None:
    """A phone that starts to ring after the shop has closed surprises everybody."""
    client = _MAKERS[provider](world)
    world.sandbox.faults.add(Refused())
    calling = asyncio.ensure_future(_STARTS[provider](client, world.phone()))
    while not world.wire.sent:  # noqa: ASYNC110 - a wire announces nothing
        await asyncio.sleep(0)
    for _ in range(6):
        await asyncio.sleep(0)

    await client.aclose()
    (result,) = await asyncio.gather(calling, return_exceptions=True)

    assert isinstance(result, CallAuthError)
    assert len(world.wire.sent) == 1


@_EACH
async def test_closing_twice_is_closing_once(provider: str, world: World) -> None:
    """A fixture and a context manager may both do it."""
    client = _MAKERS[provider](world)
    async with client:
        pass
    await client.aclose()
    await asyncio.gather(client.aclose(), client.aclose())

    assert world.wire.closed == 0


@_EACH
async def test_a_closed_client_sends_nothing(provider: str, world: World) -> None:
    """It says so instead of hanging."""
    client = _MAKERS[provider](world)
    await client.aclose()
    with refused(ConfigurationError, match=f"open {provider} client"):
        await _STARTS[provider](client, world.phone())
    with refused(ConfigurationError, match=f"open {provider} client"):
        await client.__aenter__()

    assert world.wire.sent == []


@pytest.mark.parametrize("row", ROWS.values(), ids=list(ROWS))
async def test_every_method_of_a_closed_client_refuses(row: Row, world: World) -> None:
    """No method is forgotten."""
    async with row.open(world, world.phone()) as ask:
        pass
    sent = len(world.wire.sent)

    with refused(ConfigurationError, match="open"):
        await ask()

    assert len(world.wire.sent) == sent


async def test_waits_of_a_closed_client_refuse(world: World) -> None:
    """Nobody polls any more."""
    async with world.nerotech() as nerotech, world.telefonip() as telefonip:
        lease = await nerotech.incoming_init(world.phone())
        other = await telefonip.reverse_auth_phone_get(world.phone())
    async with world.callpass() as callpass:
        call = await callpass.start_call_password(world.phone())

    for wait in (
        lambda: nerotech.wait_incoming(lease),
        lambda: telefonip.wait_call(other),
        lambda: callpass.wait_status(call),
        lambda: nerotech.incoming_init(world.phone()),
    ):
        with refused(ConfigurationError, match="open"):
            await wait()


@pytest.mark.parametrize("latency", [0.0, 4.0])
async def test_closing_ends_every_wait(latency: float, world: World) -> None:
    """Whether its check is due or on its way."""
    world.sandbox.faults.add(
        Latency(latency), operation="reverse_auth_phone_check", times=None
    )
    client = world.telefonip()
    waits = []
    for _ in range(5):
        lease = await client.reverse_auth_phone_get(world.phone())
        waits.append(asyncio.ensure_future(client.wait_call(lease)))
    await world.clock.sleep(3.0)

    await client.aclose()

    for error in await asyncio.gather(*waits, return_exceptions=True):
        assert type(error) is ConfigurationError
        world.canaries.watch(error)


async def test_a_client_may_be_closed_in_another_task(world: World) -> None:
    """Fixtures and lifespans do that."""
    client = world.telefonip()
    await asyncio.create_task(client.__aenter__())
    lease = await asyncio.create_task(client.reverse_auth_phone_get(world.phone()))
    await asyncio.create_task(client.aclose())

    assert lease.lease_id is not None


@_EACH
async def test_without_a_context_manager_it_works_as_well(
    provider: str, world: World
) -> None:
    """A service opens it at start and closes it at the end."""
    client = _MAKERS[provider](world)
    assert await _STARTS[provider](client, world.phone())
    await client.aclose()


def test_closing_again_in_another_loop_is_nothing() -> None:
    """A script may run one loop after another, and close at the end of each."""
    client = CallPassClient("-", transport=ScriptedTransport())

    asyncio.run(client.aclose())
    asyncio.run(client.aclose())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="no task is eager before 3.12")
async def test_work_may_end_before_its_task_is_known(world: World) -> None:
    """Applications may choose tasks that begin at once."""
    tasks, loop = Tasks("telefonip", world.clock), asyncio.get_running_loop()
    loop.set_task_factory(getattr(asyncio, "eager_task_factory"))  # noqa: B009 - as above
    defects: list[object] = []
    loop.set_exception_handler(lambda _, context: defects.append(context))

    async def work() -> int:
        return 5

    found = await tasks.run("asking", work)
    gc.collect()
    await tasks.aclose()

    assert (found, defects, tasks._running) == (5, [], {})


async def test_a_cancelled_closing_still_closes(world: World) -> None:
    """A scope around the client may end while it is closing."""
    world.sandbox.faults.add(Latency(3.0))
    with anyio.CancelScope() as scope:
        async with world.nerotech() as client:
            calling = asyncio.ensure_future(client.voicemail(world.phone()))
            await world.clock.sleep(1.0)
            scope.cancel()
            await world.clock.sleep(60.0)
    await client.aclose()

    assert isinstance(await calling, VoiceCall)


async def test_work_ends_with_a_closing_that_is_cancelled(world: World) -> None:
    """A server that is stopped in a hurry leaves nothing running."""
    tasks = Tasks("telefonip", world.clock)
    work = tasks.run("asking", lambda: world.clock.sleep(3600.0))
    running = asyncio.ensure_future(work)
    await world.clock.sleep(1.0)
    closing = asyncio.ensure_future(tasks.aclose())
    await world.clock.sleep(1.0)
    closing.cancel()
    await asyncio.wait([closing])

    with refused(AnswerLost, match="closed meanwhile"):
        await running

    assert world.clock.monotonic() == 2.0


async def test_closing_tells_the_caller_of_a_task_that_others_cancelled(
    world: World,
) -> None:
    """Somebody sweeps through all tasks of the loop before ours has begun."""
    tasks = Tasks("telefonip", world.clock)
    before = asyncio.all_tasks()
    waiting = asyncio.ensure_future(tasks.run("asking", lambda: world.clock.sleep(1.0)))
    await asyncio.sleep(0)
    (task,) = asyncio.all_tasks() - before - {waiting}
    task.cancel()
    await asyncio.wait([task])
    await tasks.aclose()

    with refused(AnswerLost, match="asking: it was closed meanwhile"):
        await waiting


@pytest.mark.parametrize("error", [ValueError("a defect"), NotSent("-", "-", "no")])
async def test_only_a_defect_is_reported_to_a_loop_whose_caller_just_left(
    error: Exception, world: World
) -> None:
    """The caller is cancelled in the turn of the loop in which the work ends."""
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: reported.append(context["exception"])
    )

    async def work() -> None:
        waiting.cancel()
        raise error

    async def work_and_then_leave() -> None:
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_soon(waiting.cancel)
        raise error

    tasks = Tasks("telefonip", world.clock)
    for each in (work, work_and_then_leave):
        waiting = asyncio.ensure_future(tasks.run("asking", each))
        await asyncio.wait([waiting])
        assert waiting.cancelled()
    gc.collect()

    assert reported == ([error, error] if isinstance(error, ValueError) else [])


async def test_a_defect_that_nobody_waits_for_is_told(world: World) -> None:
    """The caller left; the hooks learn that an answer was lost."""
    client = world.telefonip(transport=_Late(world))
    calling = asyncio.ensure_future(client.reverse_auth_phone_get(world.phone()))
    await world.clock.sleep(1.0)
    calling.cancel()
    await asyncio.wait([calling])
    await world.clock.sleep(30.0)
    await client.aclose()

    (settled,) = world.seen(CallSettled)
    assert type(settled.error) is AnswerLost


class _Late(Defective):
    def __init__(self, world: World) -> None:
        self._slow = Sluggish(world.clock, 2.0, sample("telefonip/lease_repaired"))

    async def send(self, request, *, timeout_seconds):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202 - as Defective
        await self._slow.send(request, timeout_seconds=timeout_seconds)
        return await super().send(request, timeout_seconds=timeout_seconds)


async def test_a_refusal_that_nobody_waits_for_is_not_reported(world: World) -> None:
    """The hooks were told; it is no defect."""
    world.sandbox.faults.add(Latency(2.0))
    world.sandbox.telefonip.refuse_next("no")
    async with world.telefonip() as client:
        calling = asyncio.ensure_future(client.reverse_auth_phone_get(world.phone()))
        await world.clock.sleep(1.0)
        calling.cancel()
        await asyncio.wait([calling])
        await world.clock.sleep(5.0)

    (settled,) = world.seen(CallSettled)
    assert settled.error is not None


async def test_a_transport_that_was_given_stays_open(world: World) -> None:
    """Its owner may use it for another client."""
    async with world.telefonip(), world.callpass():
        pass

    assert world.wire.closed == 0


async def test_a_transport_of_its_own_is_closed(world: World) -> None:
    """Nobody else could."""
    client = TelefonIPClient(world.canaries.secret())
    await client.aclose()
    await client.aclose()
