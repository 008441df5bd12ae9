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
    NumberRejected,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
)
from ..models.key import SENT_FOR, IdempotencyKey
from ..models.phone import PhoneNumber
from ..transport.port import Clock
from .caller import Caller, End, Placed
from .ledger import Ledger
from .row import Row, RowState

_UNUSED = IdempotencyKey("unused")


@frozen
class Dialled:
    """Hold a row after its call was asked for, and what the person is to get."""

    row: Row
    placed: Placed | None = None

    @property
    def is_open(self) -> bool:
        """Whether the call may be asked for once more."""
        return self.placed is None and not self.row.is_settled


@frozen
class Dialler:
    """Take rows through their calls."""

    caller: Caller
    ledger: Ledger
    clock: Clock

    async def dial(self, row: Row, phone: PhoneNumber) -> Dialled:
        """Ask for the call; return the row as placed, settled, or as it was.

        It is left as it was when nothing was placed by this and another time may do: it
        is queued, or a dead process was asking for it with a key and may have rung.

        Raises AuthenticationFailed, InsufficientFunds and, when the client is closed,
        ConfigurationError, with the row as it was.
        """
        key = self._key(row)
        now = self.clock.now()
        if key.age_seconds(now) >= SENT_FOR.total_seconds():
            # The provider would have forgotten it, and ring once more.
            return Dialled(await self.lose(row))
        called_at = row.called_at or now
        text = key.text if self.caller.is_keyed else None
        calling = row.stepped(RowState.CALLING, key=text, called_at=called_at)
        await self.ledger.write(calling)
        try:
            placed = await self.caller.place(phone, key)
        except (AuthenticationFailed, InsufficientFunds):
            await self.ledger.write(row)
            raise
        except CallAuthError as error:
            if isinstance(error, ConfigurationError) and self._is_closed():
                await self.ledger.write(row)
                raise
            end = self._end(error, has_rung=row.key is not None)
            after = row if end is None else self._settled(calling, end)
            return Dialled(await self._written(after))
        after = calling.stepped(RowState.PLACED, placed=placed.text)
        return Dialled(await self._written(after), placed)

    def _key(self, row: Row) -> IdempotencyKey:
        if not self.caller.is_keyed:
            # To draw one takes longer than to write the row.
            return _UNUSED
        if row.key is None:
            return IdempotencyKey.new()
        return IdempotencyKey(row.key, row.called_at)

    async def follow(self, row: Row, phone: PhoneNumber) -> Row:
        """Return the row with its end.

        Raises AuthenticationFailed, InsufficientFunds and, when the client is closed,
        ConfigurationError; it stays placed then, for another run.
        """
        assert row.placed is not None  # noqa: S101 - it was placed
        try:
            end = await self.caller.follow(phone, row.placed)
        except (AuthenticationFailed, InsufficientFunds):
            raise
        except CallAuthError as error:
            if isinstance(error, ConfigurationError) and self._is_closed():
                raise
            end = End(RowState.UNKNOWN, f"the call was placed, then {_clause(error)}")
        return await self._written(self._settled(row, end))

    async def lose(self, row: Row) -> Row:
        """Return the row as unknown: the process died while it was being called."""
        end = End(RowState.UNKNOWN, "the process ended while it was being called")
        return await self._written(self._settled(row, end))

    async def give_up(self, row: Row) -> Row:
        """Return the row as refused, or unknown when a dead process may have rung."""
        if row.key is not None:
            return await self.lose(row)
        end = End(RowState.REFUSED, "no answer came")
        return await self._written(self._settled(row, end))

    def _is_closed(self) -> bool:
        try:
            self.caller.client.require_open()
        except ConfigurationError:
            return True
        return False

    def _end(self, error: CallAuthError, *, has_rung: bool) -> End | None:
        """Return what the error makes of the row, None to leave it as it was."""
        match error:
            case NotSent():
                return None
            case CallInProgress() if has_rung:
                # That call may be ours; once it is over the same key tells.
                return None
            case RateLimited() if not isinstance(error, CallInProgress):
                return None
            case ProviderError() if not isinstance(error, ProviderUnavailable):
                # A number that is refused now was refused by then; all else may be new.
                is_doubtful = has_rung and not isinstance(error, NumberRejected)
                state = RowState.UNKNOWN if is_doubtful else RowState.REFUSED
                return End(state, error.meaning)
            case ConfigurationError():
                return End(RowState.REFUSED, str(error))
        # A number that nobody knows is dialled by nobody.
        return End(RowState.UNKNOWN, _clause(error)) if self.caller.rings else None

    def _settled(self, row: Row, end: End) -> Row:
        now = self.clock.now()
        return row.stepped(end.state, reason=end.reason, settled_at=now)

    async def _written(self, row: Row) -> Row:
        await self.ledger.write(row)
        return row


def _clause(error: CallAuthError) -> str:
    return type(error).__name__
