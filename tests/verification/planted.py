"""Planted bugs: Verifiers, stores and channels that are wrong in one thing each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Self

from callauth import (
    AnswerLost,
    AttemptId,
    FlashCall,
    IdempotencyKey,
    MemoryStore,
    NumberLease,
    PhoneNumber,
    Pin,
    ProtocolError,
    ProviderUnavailable,
    ReverseCall,
    Verifier,
    WebhookHint,
)
from callauth.verification import Charge, Lock, Record, Refusal, Rung, flow
from callauth.verification.pepper import Pepper
from callauth.verification.reserving import lease_name
from callauth.verification.stored import StoredAttempt

from .farstore import FarStore
from .town import CHANNELS, Clients, Make


class Unlocked(MemoryStore):
    """Give everybody every lock of one kind."""

    kind = "ring/"

    async def lock(
        self, name: str, owner: str, *, until: datetime, now: datetime
    ) -> Lock:
        """Say yes."""
        if name.startswith(self.kind):
            return Lock(owner=owner, until=until)
        return await super().lock(name, owner, until=until, now=now)


class ReverseUnlocked(Unlocked):
    """Allow any number of reverse calls per phone."""

    kind = "reverse/"


class Uncounted(MemoryStore):
    """Count no wrong pins."""

    async def charge(
        self, charges: Sequence[Charge], *, now: datetime, enforce: bool = True
    ) -> Refusal | None:
        """Forget what is counted of failures."""
        kept = [each for each in charges if not each.counter.startswith("failures/")]
        return await super().charge(kept, now=now, enforce=enforce)


class Overwriting(FarStore):
    """Replace a record whatever its version is."""

    async def replace(self, record: Record, *, expected_version: int) -> bool:
        """Let the last one win."""
        kept = await self.get(record.attempt_id)
        version = expected_version if kept is None else kept.version
        return await super().replace(record, expected_version=version)


class Credulous(ReverseCall):
    """Take any caller for the person."""

    async def check(self, lease: NumberLease) -> PhoneNumber | None:
        """Not compare who called."""
        caller = await super().check(lease)
        return None if caller is None else lease.user


class Undrained(ReverseCall):
    """Show a number that an old call may satisfy."""

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients.nerotech)
        self._client = clients.nerotech

    async def lease(self, phone: PhoneNumber, webhook: str | None) -> NumberLease:
        """Leave the question out that uses old calls up."""
        return await self._client.incoming_init(phone, drain=False)


class RingingAgain(FlashCall):
    """Ring once more when the answer was lost."""

    async def ring(self, phone: PhoneNumber, key: IdempotencyKey) -> Rung:
        """Try it twice."""
        try:
            return await super().ring(phone, key)
        except (AnswerLost, ProtocolError, ProviderUnavailable):
            return await super().ring(phone, key)


class ForgetfulPepper(Pepper):
    """Compare a pin with those of all attempts."""

    def __init__(self, right: Pepper) -> None:
        self._secret = right._secret
        self._made: list[tuple[str, AttemptId, PhoneNumber]] = []

    def pin_mac(self, attempt_id: AttemptId, phone: PhoneNumber, pin: Pin) -> str:
        """Remember it for everybody."""
        mac = super().pin_mac(attempt_id, phone, pin)
        self._made.append((mac, attempt_id, phone))
        return mac

    def is_pin(
        self,
        mac: str,
        attempt_id: AttemptId,
        phone: PhoneNumber,
        *,
        digits: int,
        typed: str,
    ) -> bool:
        """Say yes to the pin of any attempt."""
        return any(
            super(ForgetfulPepper, self).is_pin(*made, digits=digits, typed=typed)
            for made in self._made
        )


class Forgetful(Verifier):
    """Compare a pin without its attempt."""

    async def __aenter__(self) -> Self:
        """Put the wrong pepper in the place of the right one."""
        self._pepper = ForgetfulPepper(self._pepper)
        self._starts._placing._pepper = self._pepper
        return await super().__aenter__()


class Believing(Verifier):
    """Believe a webhook."""

    async def receive(self, hint: WebhookHint) -> None:
        """Take the call for made."""
        name = lease_name(hint.lease_id)
        found = await self._store.holder(name, now=self._clock.now())
        if found is not None:
            step = partial(_called, hint.phone)
            await self._casebook.change(AttemptId(found.owner), step)


def _called(caller: PhoneNumber, stored: StoredAttempt, now: datetime) -> StoredAttempt:
    return stored if stored.lease is None else flow.called(stored, caller, now)


def instead(name: str, make: Make) -> Mapping[str, Make]:
    """Return the channels with another one in the place of that name."""
    return MappingProxyType({**CHANNELS, name: make})
