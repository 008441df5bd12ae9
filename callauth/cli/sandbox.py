"""``callauth sandbox``: the three providers over HTTP, until Ctrl-C."""

from __future__ import annotations

import asyncio
import json
from functools import partial

import click

from ..errors import ConfigurationError
from ..sandbox import FastClock, Sandbox
from .console import Console
from .kinds import ANY_ID, ANY_KEY, PROVIDERS, base_url_of
from .loopback import HOST, Serve, server

_PORT = 8900
_SOMEBODY = "89991234567"
_EVERYWHERE = {"0.0.0.0": HOST, "::": "::1"}  # noqa: S104 - shown, not bound
_CREDENTIALS = {
    "CALLAUTH_CALLPASS_TOKEN": ANY_KEY,
    "CALLAUTH_NEROTECH_SERVICE_ID": str(ANY_ID),
    "CALLAUTH_NEROTECH_SECRET_KEY": ANY_KEY,
    "CALLAUTH_TELEFONIP_TOKEN": ANY_KEY,
}


@click.command()
@click.option("--host", default=HOST, show_default=True, help="Where to listen.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=_PORT,
    show_default=True,
    help="0 takes a free one.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0, min_open=True),
    default=1.0,
    show_default=True,
    help="How many times faster than real time its clock runs.",
)
@click.option("--seed", default=0, show_default=True, help="Which codes are drawn.")
def sandbox(host: str, port: int, speed: float, seed: int) -> None:
    """Serve the three providers on this machine until Ctrl-C.

    Any credentials are taken. Phones answer after 3 seconds; under /control/ they can
    be told to do something else. Whoever reaches the port can read everything.
    """
    # An empty host is every address of the machine.
    if not host.strip():
        raise ConfigurationError("expected a host to listen on, got a blank")
    asyncio.run(_serve(server(), host=host, port=port, speed=speed, seed=seed))


async def _serve(
    serve: Serve, *, host: str, port: int, speed: float, seed: int
) -> None:
    console = Console()
    async with Sandbox(clock=FastClock(speed), seed=seed) as played:
        announce = partial(_announce, console, host)
        try:
            await serve(played, host=host, port=port, on_started=announce)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(
                f"expected an address that is free: {reason}"
            ) from None


def _announce(console: Console, host: str, port: int) -> None:
    console.print("\n".join(announcement(host, port)), soft_wrap=True)


def announcement(host: str, port: int) -> list[str]:
    """Return what to paste into a shell to speak to a sandbox at this address."""
    name = _EVERYWHERE.get(host, host)
    root = f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
    urls = {
        f"CALLAUTH_{provider.upper()}_BASE_URL": base_url_of(provider, root)
        for provider in PROVIDERS
    }
    settings = sorted({**urls, **_CREDENTIALS}.items())
    control, phone = f"{root}/control", _SOMEBODY
    busy = json.dumps({"answers": "busy"})
    dial = json.dumps({"caller": phone, "number": "79123456780"})
    return [
        f"Three providers are served at {root}; nobody is called. Ctrl-C ends it.",
        "For another terminal:",
        "",
        *(f"export {variable}={value}" for variable, value in settings),
        "",
        f"callauth verify {phone} --provider callpass",
        "",
        "What a phone saw and heard, how its owner behaves, a call, all that happened:",
        "",
        f"curl {control}/phones/{phone}",
        f"curl -X PUT -d '{busy}' {control}/subscribers/{phone}",
        f"curl -d '{dial}' {control}/dials",
        f"curl {control}/ledger",
    ]
