"""``callauth verify``: one number, by hand, with a real provider or the sandbox."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import assert_never

import anyio
import click
from attrs import frozen
from rich.text import Text

from ..errors import ConfigurationError
from ..models.method import Method
from ..models.outcome import Confirmed, Expired, Rejected, Unknown
from ..models.phone import PhoneNumber
from ..sandbox import FastClock, Sandbox
from ..transport.clock import SystemClock
from ..transport.port import Clock
from .console import Console
from .handset import Handset
from .kinds import (
    KINDS,
    PROVIDERS,
    Client,
    Kind,
    flow_of,
    kind_of,
    real_client,
    sandbox_client,
)
from .outcome_tables import COLOURS, WORDS
from .result import Refused, Result, reason_of, result_of
from .terminal import TerminalPerson


@frozen
class Words:
    """Hold what a person is told about a method: what happens, and what to type."""

    opening: str
    asks_for: str = ""
    unknown: str = "The phone may be ringing; it was not called again."


_WORDS = MappingProxyType(
    {
        Method.FLASH_CALL: Words(
            "{} is asked to ring {}. Do not answer: the number that calls holds the "
            "code.",
            "the last {} digits of the number that called",
        ),
        Method.VOICE_OTP: Words(
            "{} is asked to ring {}. Answer: a robot dictates a code.",
            "the {} digits",
        ),
        Method.REVERSE_CALL: Words(
            "{} is asked for a number that {} is to dial.",
            unknown="It is neither a yes nor a no. Begin anew in two minutes.",
        ),
    }
)
_ASSURANCES = MappingProxyType(
    {
        "code": "the code reached the phone",
        "caller_id": "the number called; a caller ID can be forged, so this is not "
        "enough for payments",
    }
)


@click.command()
@click.argument("phone", nargs=-1, required=True)
@click.option("--provider", type=click.Choice(PROVIDERS), required=True)
@click.option(
    "--flow",
    type=click.Choice([kind.name for kind in KINDS]),
    help="nerotech: voicemail (usual) or incoming; callpass: async (usual) or sync; "
    "telefonip: reverse.",
)
@click.option(
    "--sandbox",
    "is_played",
    is_flag=True,
    help="Let a sandbox play the provider and the phone: offline, nobody is called.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="With --sandbox: how many times faster than real time its clock runs.",
)
def verify(
    phone: tuple[str, ...],
    *,
    provider: str,
    flow: str | None,
    is_played: bool,
    speed: float,
) -> None:
    """Verify one number, in any spelling, and say how it ended.

    The provider's credentials come from the environment, as for the clients'
    from_env(). The exit code is 0 for a confirmed number, 1 for any other outcome and 2
    for a bad number or missing credentials.
    """
    number = PhoneNumber.parse(" ".join(phone))
    kind = kind_of(provider, flow)
    run = _run_played(kind, number, speed) if is_played else _run_real(kind, number)
    result = asyncio.run(run)
    raise SystemExit(0 if isinstance(result, Confirmed) else 1)


async def _run_played(kind: Kind, phone: PhoneNumber, speed: float) -> Result:
    clock = FastClock(speed)
    async with Sandbox(clock=clock) as sandbox:
        client = sandbox_client(
            kind.provider, transport=sandbox.transport(), clock=clock
        )
        handset = Handset.of(sandbox, phone)
        return await _verify(kind, phone, client, clock, handset)


async def _run_real(kind: Kind, phone: PhoneNumber) -> Result:
    try:
        client = real_client(kind.provider)
    except ConfigurationError as error:
        raise ConfigurationError(f"{error}; or try --sandbox") from None
    return await _verify(kind, phone, client, SystemClock(), None)


async def _verify(
    kind: Kind,
    phone: PhoneNumber,
    client: Client,
    clock: Clock,
    handset: Handset | None,
) -> Result:
    console, words = Console(), _WORDS[kind.method]
    person = TerminalPerson(
        console=console,
        clock=clock,
        phone=phone,
        asks_for=words.asks_for,
        handset=handset,
    )
    console.print(words.opening.format(kind.brand, phone))
    async with client, anyio.create_task_group() as group:
        group.start_soon(person.attend)
        flow = flow_of(kind, client, clock)
        result = await result_of(flow.verify(phone, person), clock)
        group.cancel_scope.cancel()
    _tell(console, kind, result)
    return result


def _tell(console: Console, kind: Kind, result: Result) -> None:
    word, colour = WORDS[type(result)], COLOURS[type(result)]
    console.print(Text.assemble((word, f"bold {colour}"), f": {_told(kind, result)}"))


def _told(kind: Kind, result: Result) -> str:
    match result:
        case Confirmed():
            return _ASSURANCES[result.assurance]
        case Unknown():
            return f"{result.reason}. {_WORDS[kind.method].unknown}"
        case Refused(is_sent=True):
            return f"by {kind.brand}: {result.reason}"
        case Refused():
            return f"{result.reason}. Nothing reached {kind.brand}."
        case Rejected() | Expired():
            return reason_of(result, kind.method)
    assert_never(result)
