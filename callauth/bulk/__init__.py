"""Verify many numbers: concurrently, at a given rate, and each only once.

>>> import asyncio
>>> from callauth import CallPassClient, FlashCall, ManualClock, Sandbox
>>> async def verify(numbers):
...     clock = ManualClock()
...     async with Sandbox(clock=clock) as sandbox:
...         transport = sandbox.transport()
...         callpass = CallPassClient("token", transport=transport, clock=clock)
...         async with callpass:
...             run = BulkRun(numbers, FlashCall(callpass), clock=clock)
...             return [result.state.value async for result in run]
>>> asyncio.run(verify(["8 999 765-00-01", "9997650001", "nobody"]))
['refused', 'confirmed']
"""

from __future__ import annotations

from .caller import BulkChannel
from .ledger import Ledger
from .memory import MemoryLedger
from .result import BulkResult
from .row import Row, RowState
from .run import BulkRun
from .source import NumberFile, Source
from .sqlite import SQLiteLedger
from .summary import StopReason, Summary

__all__ = [
    "BulkChannel",
    "BulkResult",
    "BulkRun",
    "Ledger",
    "MemoryLedger",
    "NumberFile",
    "Row",
    "RowState",
    "SQLiteLedger",
    "Source",
    "StopReason",
    "Summary",
]
