from __future__ import annotations

import json
from typing import Any

import pytest

from callauth.sandbox import (
    Answer,
    Dial,
    Sandbox,
    Subscriber,
    Typing,
)
from callauth.transport.clock import ManualClock

from .wire import OTHER, PHONE, Wire, request, voicemail

PERSON = {
    "answers": "busy",
    "answers_after_seconds": 7,
    "dials_after_seconds": 2.5,
    "dials_from": "+79997654321",
    "types": "wrong",
}


class Desk:
    """Speak to the control surface."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def ask(
        self, method: str, path: str, words: object = None, *, body: str | None = None
    ) -> tuple[int, Any]:
        text = json.dumps(words) if words is not None else body
        return await self._wire.send(request(method, f"/control/{path}", body=text))


@pytest.fixture
def desk(wire: Wire) -> Desk:
    return Desk(wire)


async def test_a_person_is_told_how_to_behave(desk: Desk, sandbox: Sandbox) -> None:
    """What was put can be read again."""
    path = f"subscribers/{PHONE.e164}"
    assert await desk.ask("PUT", path, PERSON) == (200, PERSON)
    assert await desk.ask("GET", path) == (200, PERSON)
    assert sandbox.network.subscriber(PHONE) == Subscriber(
        answers=Answer.BUSY,
        answers_after_seconds=7,
        dials_after_seconds=2.5,
        dials_from=OTHER,
        types=Typing.WRONG,
    )


async def test_everybody_else_is_told_as_default(desk: Desk, sandbox: Sandbox) -> None:
    """Words that are left out keep their usual meaning."""
    put = {"types": "nothing", "dials_from": None, "dials_after_seconds": None}
    await desk.ask("PUT", "subscribers/default", put)
    assert sandbox.network.subscriber(PHONE) == Subscriber(types=Typing.NOTHING)
    _, shown = await desk.ask("GET", "subscribers/default")
    assert shown["types"] == "nothing"
    assert shown["dials_from"] is None


async def test_somebody_dials(desk: Desk, sandbox: Sandbox) -> None:
    """Numbers are taken in any spelling."""
    words = {"caller": "8 999 123-45-67", "number": "+7 912 345-67-80"}
    assert await desk.ask("POST", "dials", words) == (200, {})
    assert [dial.caller for dial in sandbox.ledger.entries(Dial)] == [PHONE]


async def test_what_a_phone_heard_can_be_read(
    desk: Desk, wire: Wire, clock: ManualClock
) -> None:
    """This is how a demonstration finds the code."""
    code = (await wire.voicemail())["code"]
    await clock.advance(3)
    _, shown = await desk.ask("GET", "phones/79991234567")
    assert shown["heard"] == [code]
    assert shown["typed"] == code
    assert len(shown["seen"]) == shown["rings"] == 1


async def test_the_ledger_is_read_with_full_numbers(desk: Desk, wire: Wire) -> None:
    """It is a sandbox: there is nobody to protect."""
    await wire.voicemail()
    _, shown = await desk.ask("GET", "ledger")
    kinds = [entry["kind"] for entry in shown["entries"]]
    assert kinds == ["Received", "Ring", "Charge"]
    assert shown["entries"][1]["phone"] == PHONE.e164


async def test_a_reset_forgets_everything_but_settings(
    desk: Desk, wire: Wire, sandbox: Sandbox
) -> None:
    """The next test begins as the first one did."""
    sandbox.nerotech.repeated_verify = 13
    first = await wire.voicemail(idempotency_key="k")
    await desk.ask("PUT", "subscribers/default", PERSON)
    await desk.ask("POST", "faults", {"fault": "hang", "times": None})
    assert await desk.ask("POST", "reset") == (200, {})
    assert len(sandbox.ledger) == 0
    assert sandbox.network.default == Subscriber()
    assert await wire.voicemail(idempotency_key="k") == first
    assert sandbox.nerotech.repeated_verify == 13


async def test_a_reset_calls_off_what_was_to_come(
    desk: Desk, wire: Wire, sandbox: Sandbox, clock: ManualClock
) -> None:
    """Nobody dials a number of the run before."""
    sandbox.network.default = Subscriber(dials_after_seconds=5)
    await wire.init()
    await desk.ask("POST", "reset")
    await clock.advance(10)
    assert sandbox.ledger.entries(Dial) == []


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ({"fault": "server_error", "status": 503, "processed": True}, 503),
        ({"fault": "too_many", "retry_after_seconds": 9}, 429),
        ({"fault": "garbage", "body": "<html>", "status": 418}, 418),
        ({"fault": "latency", "seconds": 1, "late_arrival": True}, 200),
        ({"fault": "latency", "seconds": 1, "operation": "checkCode"}, 200),
        ({"fault": "server_error", "skip": 1}, 200),
        ({"fault": "server_error", "phone": "89997654321"}, 200),
        ({"fault": "server_error", "provider": "nerotech", "times": 3}, 502),
        ({"fault": "lost_webhook"}, 200),
    ],
)
async def test_faults_are_added(
    desk: Desk, wire: Wire, words: dict[str, Any], status: int
) -> None:
    """Every fault has a word of its own, and its settings are its fields."""
    assert await desk.ask("POST", "faults", words) == (200, {})
    assert (await wire.respond(voicemail())).status == status


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("PUT", "subscribers/default", []),
        ("PUT", "subscribers/default", {"mood": "good"}),
        ("PUT", "subscribers/default", {"answers": "maybe"}),
        ("PUT", "subscribers/default", {"types": 1}),
        ("PUT", "subscribers/default", {"answers_after_seconds": "3"}),
        ("PUT", "subscribers/default", {"answers_after_seconds": None}),
        ("PUT", "subscribers/default", {"dials_from": 7}),
        ("PUT", "subscribers/12", {}),
        ("GET", "subscribers/default", {"types": "right"}),
        ("POST", "dials", {"caller": "89991234567"}),
        ("POST", "dials", {"caller": "1", "number": "2"}),
        ("GET", "phones/x", None),
        ("GET", "phones/89991234567", {"a": 1}),
        ("GET", "ledger", {"reveal": True}),
        ("POST", "reset", {"all": True}),
        ("POST", "faults", {}),
        ("POST", "faults", {"fault": "flood"}),
        ("POST", "faults", {"fault": "latency"}),
        ("POST", "faults", {"fault": "latency", "seconds": "1"}),
        ("POST", "faults", {"fault": "refused", "seconds": 1}),
        ("POST", "faults", {"fault": "garbage", "body": 1}),
        ("POST", "faults", {"fault": "refused", "times": "1"}),
        ("POST", "faults", {"fault": "refused", "times": 0}),
        ("POST", "faults", {"fault": "refused", "skip": None}),
        ("POST", "faults", {"fault": "refused", "operation": 1}),
        ("POST", "faults", {"fault": "refused", "phone": 1}),
    ],
)
async def test_what_cannot_be_understood_is_400_with_one_clause(
    desk: Desk, sandbox: Sandbox, method: str, path: str, words: object
) -> None:
    """A word with a typing mistake must not pass for success."""
    status, answer = await desk.ask(method, path, words)
    assert status == 400
    assert answer["error"].startswith("expected ")
    assert len(sandbox.ledger) == 0


@pytest.mark.parametrize("body", ["{", "null", "[" * 100_000, '"text"'])
async def test_bad_json_is_400(desk: Desk, body: str) -> None:
    """Neither nonsense nor nesting without end takes the sandbox down."""
    answer = (400, {"error": "expected a JSON object"})
    assert await desk.ask("POST", "reset", body=body) == answer


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "nothing", 404),
        ("GET", "", 404),
        ("DELETE", "ledger", 405),
        ("GET", "reset", 405),
    ],
)
async def test_unknown_paths_and_methods_are_refused(
    desk: Desk, method: str, path: str, status: int
) -> None:
    """The surface is as small as its list."""
    assert (await desk.ask(method, path))[0] == status
