"""Opening: a connected socket, by the first address of a host that answers.

The sockets are made here, and not by ``create_connection``, since that one can lose a
socket which connects while its caller is cancelled.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import TypeAlias

import anyio

Address: TypeAlias = tuple[socket.AddressFamily, tuple[object, ...]]

# RFC 8305, section 5: an address that is silent so long gets company.
_HEAD_START_SECONDS = 0.25


async def connect(host: str, port: int) -> socket.socket:
    """Return a connected socket; raises OSError, or UnicodeError for a bad name."""
    addresses = await _look_up(host, port)
    return await first_of(addresses)


def alternating(addresses: list[Address]) -> Sequence[Address]:
    """Return them with the families taking turns, that of the first one first."""
    family, _ = addresses[0]
    ours = [each for each in addresses if each[0] is family]
    others = [each for each in addresses if each[0] is not family]
    turns = chain.from_iterable(zip_longest(ours, others))
    return [each for each in turns if each is not None]


async def first_of(addresses: Sequence[Address]) -> socket.socket:
    """Return a socket to the first address that answers, each with a head start.

    Raises the OSError of the first that failed when none does.
    """
    if len(addresses) == 1:
        return await _attempt(addresses[0])
    won: list[socket.socket] = []
    errors: list[OSError] = []

    async def enter(address: Address, is_over: anyio.Event) -> None:
        try:
            won.append(await _attempt(address))
            group.cancel_scope.cancel()
        except OSError as error:
            errors.append(error)
        finally:
            is_over.set()

    try:
        async with anyio.create_task_group() as group:
            for address in addresses:
                is_over = anyio.Event()
                group.start_soon(enter, address, is_over)
                with anyio.move_on_after(_HEAD_START_SECONDS):
                    await is_over.wait()
    except BaseException:
        _close(won)
        raise
    # Two may have come in at the same moment.
    _close(won[1:])
    if not won:
        raise errors[0]
    return won[0]


async def _look_up(host: str, port: int) -> Sequence[Address]:
    try:
        # Of digits no name server is asked, so no thread is needed.
        found = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST
        )
    except socket.gaierror:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses: list[Address] = [(each[0], each[4]) for each in found]
    if not addresses:
        raise OSError("expected at least one address")
    return alternating(addresses)


async def _attempt(address: Address) -> socket.socket:
    family, where = address
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setblocking(False)  # noqa: FBT003 - positional only
        await asyncio.get_running_loop().sock_connect(made, where)
    except BaseException:
        made.close()
        raise
    return made


def _close(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        each.close()
