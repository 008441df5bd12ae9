"""Remains: what a process that died has left in a ledger."""

from __future__ import annotations

from attrs import evolve

from callauth import IdempotencyKey, PhoneNumber
from callauth.bulk import BulkChannel, Ledger, Row, RowState
from callauth.bulk.caller import caller_of
from callauth.bulk.job import Digest, Job

from .world import World


async def leave(ledger: Ledger, channel: BulkChannel, *rows: Row) -> None:
    """Leave those rows behind, as a process does that dies."""
    digest = Digest()
    for row in rows:
        assert row.phone is not None
        digest.add(row.phone.e164)
    job = Job(channel=channel.name, read=len(rows), digest=digest.text)
    await ledger.open()
    await ledger.add(rows, job)
    await ledger.aclose()


def calling(world: World, phone: PhoneNumber, key: IdempotencyKey) -> Row:
    """Return the row of a phone that is being asked for."""
    return Row(
        id=0,
        phone=phone,
        state=RowState.CALLING,
        key=key.text,
        called_at=world.clock.now(),
    )


async def placed(world: World, channel: BulkChannel, phone: PhoneNumber) -> Row:
    """Place a call, and write it down as another process did."""
    key = IdempotencyKey.new()
    told = await caller_of(channel).place(phone, key)
    row = calling(world, phone, key)
    return evolve(row, state=RowState.PLACED, placed=told.text)
