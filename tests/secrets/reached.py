"""All objects that hang on another one, as the garbage collector finds them."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterator
from contextvars import Context
from types import (
    CoroutineType,
    FrameType,
    FunctionType,
    GeneratorType,
    ModuleType,
)

from callauth import PhoneNumber, Pin, Sandbox, Secret
from tests.support.canaries import Canaries

# What they hold they hold by right, and hide.
_CLOSED = (Secret, Pin, PhoneNumber)
# From here one comes to the whole interpreter. Frames that are running hold what they
# send; the sandbox is another program.
_ELSEWHERE = (
    asyncio.AbstractEventLoop,
    Canaries,
    Context,
    CoroutineType,
    FrameType,
    GeneratorType,
    ModuleType,
    Sandbox,
    asyncio.Task,
    logging.Logger,
    logging.Manager,
    type,
)


def reached_from(start: object) -> Iterator[object]:
    """Yield the object and all that can be reached from it."""
    waiting, seen = [start], {id(start): start}
    while waiting:
        each = waiting.pop()
        yield each
        for part in _parts(each):
            if id(part) not in seen:
                seen[id(part)] = part
                waiting.append(part)


def _parts(value: object) -> list[object]:
    if isinstance(value, (*_CLOSED, *_ELSEWHERE)):
        return []
    if isinstance(value, FunctionType):
        # Without its globals, which are those of a module.
        return [value.__closure__, value.__defaults__, value.__kwdefaults__]
    return gc.get_referents(value)
