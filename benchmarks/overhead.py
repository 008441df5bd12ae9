"""CPU time that a client adds to each call, over a transport that answers from memory.

The transport makes its answer anew each time and lets go of the loop for one turn, as
any real one does at least; its own time is measured alone and taken off. callauth asks
for a status with everything on: owned task, deadline, retry, budget, breaker, a hook,
strict parsing. ``httpx.AsyncClient`` posts the same and reads the JSON; openai's client
asks for a model. Ratios are of one round, and under 1 means that callauth adds less.

Parts are measured alone, with warm caches, so that together they take less than they do
in a call. Everything goes to ``benchmarks/results/overhead.json``; it takes a minute.
"""

from __future__ import annotations

import asyncio
import json
import logging
import resource
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import httpx
import httpx2
import openai
from figures import conditions, line, spread

from callauth import (
    CallPassClient,
    Request,
    RequestSettled,
    Response,
    RetryPolicy,
    Secret,
    SystemClock,
)
from callauth.client.backstop import Backstop
from callauth.client.events import Hooks
from callauth.client.runner import Runner
from callauth.client.tasks import Tasks
from callauth.protocol import callpass
from callauth.protocol.codec import Reader
from callauth.protocol.message import Operation

AT_ONCE = (1, 32)
ROUNDS = 7
CALLS = 4800
CALL_ID = "8f3b2c32-ea06-43d2-856f-2ae05d6f86c6"
_RESULTS = Path(__file__).parent / "results" / "overhead.json"
_PACKAGES = ("attrs", "cattrs", "httpx", "httpx2", "openai")
_URL = "http://127.0.0.1/api/v3.0/get-call-password-status/"
_TYPE = {"Content-Type": "application/json"}
_BODY = json.dumps(
    {"status": "success", "data": {"callid": CALL_ID, "result": "NORMAL_CLEARING"}}
).encode()
_MODEL = b'{"id": "m", "object": "model", "created": 1, "owned_by": "m"}'

Call = Callable[[], Awaitable[object]]


class Memory:
    """Answer one turn of the loop later."""

    async def send(self, request: Request, *, timeout_seconds: float) -> Response:
        del request, timeout_seconds
        await asyncio.sleep(0)
        return Response(status=200, headers=_TYPE, body=_BODY)

    async def aclose(self) -> None:
        """Close nothing."""


class HttpxMemory(httpx.AsyncBaseTransport):
    """Do the same below httpx."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        del request
        await asyncio.sleep(0)
        return httpx.Response(200, headers=_TYPE, content=_BODY)


class OpenAIMemory(httpx2.AsyncBaseTransport):
    """Do the same below openai's client."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        del request
        await asyncio.sleep(0)
        return httpx2.Response(200, headers=_TYPE, content=_MODEL)


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def cost(call: Call, at_once: int) -> float:
    """Return CPU µs per call with that many on the way."""

    async def caller(calls: int) -> None:
        for _ in range(calls):
            await call()

    await caller(20)
    started = cpu_seconds()
    await asyncio.gather(*(caller(CALLS // at_once) for _ in range(at_once)))
    return (cpu_seconds() - started) / CALLS * 1e6


def plain_cost(call: Callable[[], object]) -> float:
    """Return CPU µs per call of a plain function."""
    call()
    started = cpu_seconds()
    for _ in range(10 * CALLS):
        call()
    return (cpu_seconds() - started) / (10 * CALLS) * 1e6


async def with_callauth(at_once: int) -> float:
    memory = Memory()
    request = _operation().request
    alone = await cost(lambda: memory.send(request, timeout_seconds=1.0), at_once)
    async with CallPassClient("-", transport=memory, hooks=[_hear]) as client:
        call = partial(client.get_call_password_status, CALL_ID)
        return await cost(call, at_once) - alone


async def with_httpx(at_once: int) -> float:
    memory = HttpxMemory()
    request = httpx.Request("POST", _URL)
    alone = await cost(lambda: memory.handle_async_request(request), at_once)
    async with httpx.AsyncClient(transport=memory, trust_env=False) as client:

        async def call() -> None:
            answer = await client.post(_URL, data={"callid": CALL_ID})
            assert answer.json()["data"]["result"] == "NORMAL_CLEARING"

        return await cost(call, at_once) - alone


async def with_openai(at_once: int) -> float:
    memory = OpenAIMemory()
    request = httpx2.Request("POST", _URL)
    alone = await cost(lambda: memory.handle_async_request(request), at_once)
    inner = httpx2.AsyncClient(transport=memory, trust_env=False)
    async with openai.AsyncOpenAI(api_key="-", http_client=inner) as client:
        return await cost(lambda: client.models.retrieve("m"), at_once) - alone


async def parts() -> dict[str, float]:
    """Return what the parts of a call take, each alone."""
    clock, memory, operation = SystemClock(), Memory(), _operation()
    answer = Response(status=200, headers=_TYPE, body=_BODY)
    reader = Reader("-", "-")
    parse = plain_cost(lambda: reader.json_object(answer))
    read = plain_cost(lambda: operation.read(answer))
    hooks: Hooks[object] = Hooks([_hear])
    runner = Runner(memory, clock, RetryPolicy(), Hooks([_hear]))
    sent = await cost(
        lambda: memory.send(operation.request, timeout_seconds=1.0), max(AT_ONCE)
    )
    settled = await cost(lambda: runner.settle(operation), max(AT_ONCE)) - sent
    tasks = Tasks("-", clock)
    found = {
        "build": plain_cost(_operation),
        "owned task": await cost(lambda: tasks.run("-", _nothing), max(AT_ONCE)),
        "deadline": plain_cost(await _deadline(clock)),
        "strict parse": parse,
        "structure": read - parse,
        "hooks": plain_cost(lambda: hooks.emit(_event())),
    }
    found["decision"] = settled - read - found["deadline"] - found["hooks"]
    return found


async def _deadline(clock: SystemClock) -> Callable[[], object]:
    backstop = Backstop(clock)
    other = asyncio.get_running_loop().create_task(_nothing())
    # The alarm is shared: it is set for the first that is on the way.
    backstop.begin(other, 10.0)
    await other

    def begin_and_end() -> None:
        task = asyncio.current_task()
        assert task is not None
        backstop.begin(task, 20.0)
        backstop.end(task)

    return begin_and_end


_ACCOUNT = callpass.Account(Secret("benchmark"))


def _operation() -> Operation[callpass.StatusReply]:
    return callpass.get_call_password_status(_ACCOUNT, CALL_ID)


def _event() -> RequestSettled:
    return RequestSettled(provider="-", operation="-", tries=1, seconds=1.0)


def _hear(event: object) -> None:
    """Be a hook that does nothing."""


async def _nothing() -> None:
    """Be work that is none."""


def measure(at_once: int) -> dict[str, dict[str, float]]:
    """Return CPU µs per call, and the ratios of each round."""
    subjects = {
        "callauth": with_callauth,
        "httpx.AsyncClient": with_httpx,
        "openai": with_openai,
    }
    rounds = [
        {name: asyncio.run(run(at_once)) for name, run in subjects.items()}
        for _ in range(ROUNDS)
    ]
    found = {
        f"{name}, CPU µs per call": spread([each[name] for each in rounds], 1)
        for name in subjects
    }
    for peer in ("httpx.AsyncClient", "openai"):
        each = [one["callauth"] / one[peer] for one in rounds]
        found[f"callauth over {peer}"] = spread(each, 3)
    return found


def main() -> None:
    logging.disable(logging.CRITICAL)
    under = conditions(_PACKAGES, rounds=ROUNDS)
    print(line(under))
    found: dict[str, object] = {"conditions": under}
    for at_once in AT_ONCE:
        print(f"{at_once} at once (min median max)")
        found[f"{at_once} at once"] = measured = measure(at_once)
        for name, figures in measured.items():
            print(f"  {name}:", *figures.values())
    rounds = [asyncio.run(parts()) for _ in range(ROUNDS)]
    alone = {name: spread([each[name] for each in rounds], 2) for name in rounds[0]}
    print("parts alone, CPU µs (min median max)")
    for name, figures in alone.items():
        print(f"  {name}:", *figures.values())
    found["parts alone, CPU µs"] = alone
    _RESULTS.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
