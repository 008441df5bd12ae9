"""Dialler: takes one row from queued to settled, and writes down each step first."""

from __future__ import annotations

from attrs import frozen

from ..errors import (
    AuthenticationFailed,
    CallAuthError,
    CallInProgress,
    ConfigurationError,
    InsufficientFunds,
    NotSent,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from ..models.key import IdempotencyKey
from ..models.phone import PhoneNumber
from ..transport.port import Clock
from .caller import Caller, End, Placed
from .ledger import Ledger
from .row import Row, RowState


@frozen
class Dialled:
    """Hold a row after its call was asked for, and what the person is to get."""

    row: Row
    placed: Placed | None = None


@frozen
class Dialler:
    """Call one number at a time."""

    caller: Caller
    ledger: Ledger
    clock: Clock

    async def dial(self, row: Row, phone: PhoneNumber) -> Dialled:
        """Ask for the call; return the row as placed, settled, or queued again.

        It is queued again when certainly nothing was placed and another time may do.

        Raises AuthenticationFailed and InsufficientFunds, with the row queued again.
        """
        # The key of the first time, which may have been used.
        key = (
            IdempotencyKey(row.key, row.called_at) if row.key else IdempotencyKey.new()
        )
        called_at = row.called_at or self.clock.now()
        calling = row.stepped(RowState.CALLING, key=key.text, called_at=called_at)
        await self.ledger.write(calling)
        try:
            placed = await self.caller.place(phone, key)
        except (AuthenticationFailed, InsufficientFunds):
            await self.ledger.write(_queued(calling))
            raise
        except CallAuthError as error:
            return Dialled(await self._written(self._after(calling, error)))
        now = calling.stepped(RowState.PLACED, placed=placed.text)
        return Dialled(await self._written(now), placed)

    async def follow(self, row: Row, phone: PhoneNumber) -> Row:
        """Return the row with its end."""
        assert row.placed is not None  # noqa: S101 - it was placed
        try:
            end = await self.caller.follow(phone, row.placed)
        except CallAuthError as error:
            end = End(RowState.UNKNOWN, f"the call was placed, then {_clause(error)}")
        return await self._written(self._settled(row, end))

    async def lose(self, row: Row) -> Row:
        """Return the row as unknown: the process died while it was being called."""
        end = End(RowState.UNKNOWN, "the process ended while it was being called")
        return await self._written(self._settled(row, end))

    async def refuse(self, row: Row, reason: str) -> Row:
        """Return the row as refused: nothing was placed, and nothing will be."""
        return await self._written(self._settled(row, End(RowState.REFUSED, reason)))

    def _after(self, row: Row, error: CallAuthError) -> Row:
        match error:
            case NotSent():
                return _queued(row)
            case RateLimited() if not isinstance(error, CallInProgress):
                return _queued(row)
            case ProviderError() if not isinstance(error, ProviderUnavailable):
                return self._settled(row, End(RowState.REFUSED, error.meaning))
            case ConfigurationError():
                return self._settled(row, End(RowState.REFUSED, str(error)))
        if self.caller.rings:
            return self._settled(row, End(RowState.UNKNOWN, _clause(error)))
        # A number that nobody knows is dialled by nobody.
        return _queued(row)

    def _settled(self, row: Row, end: End) -> Row:
        now = self.clock.now()
        return row.stepped(end.state, reason=end.reason, settled_at=now)

    async def _written(self, row: Row) -> Row:
        await self.ledger.write(row)
        return row


def _queued(row: Row) -> Row:
    return row.stepped(RowState.QUEUED)


def _clause(error: CallAuthError) -> str:
    return type(error).__name__
