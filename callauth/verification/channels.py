"""Channels: what a route is made of.

A channel either rings a phone or leases a number. Ours stand on the provider clients;
an application's own provider is any class with the same few members.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol, TypeAlias, TypeGuard, runtime_checkable

from attrs import frozen

from ..client.callpass import CallPassClient
from ..client.edge import require
from ..client.events import Event, SuspiciousAnswer
from ..client.nerotech import NeroTechClient
from ..client.telefonip import TelefonIPClient
from ..errors import (
    ConfigurationError,
    NotSent,
    ProtocolError,
    ProviderError,
    TransportError,
)
from ..models.call import LONGEST_RING, SHORTEST_RING
from ..models.key import IdempotencyKey
from ..models.lease import NumberLease
from ..models.method import Method
from ..models.phone import PhoneNumber
from ..models.pin import SHORTEST_PIN, Pin

_LOG = logging.getLogger("callauth")

_DIGITS_BY_VERSION = {"v1.0": 4, "v2.0": 4, "v3.0": 7}
_ROBOT_DIGITS = 4
_RING_SECONDS = 30
_LONGEST_RING_SECONDS = 600.0


class Rung(Protocol):
    """What is known of a call that was placed."""

    @property
    def pin(self) -> Pin:
        """The digits that the person will learn."""

    @property
    def sent_at(self) -> datetime:
        """When the call was asked for."""


@runtime_checkable
class RingsPhone(Protocol):
    """A channel that calls the person.

    Each property may be a plain attribute.
    """

    @property
    def name(self) -> str:
        """Its name, unique in a Verifier."""

    @property
    def method(self) -> Method:
        """VOICE_OTP or FLASH_CALL."""

    @property
    def digits(self) -> int:
        """How many digits its shortest pin has."""

    @property
    def ring_seconds(self) -> float:
        """For how long a phone rings at most."""

    @property
    def cost(self) -> int:
        """What one call costs, in the unit of the policy's spend limit."""

    @property
    def is_ready(self) -> bool:
        """Whether it is worth asking: False while its provider fails."""

    async def ring(self, phone: PhoneNumber, key: IdempotencyKey) -> Rung:
        """Call the phone once; return the pin.

        Raises NotSent when certainly nothing was placed, ProviderError for a refusal;
        after anything else the phone counts as ringing.
        """


@runtime_checkable
class LeasesNumber(Protocol):
    """A channel that the person calls.

    Each property may be a plain attribute.
    """

    @property
    def name(self) -> str:
        """Its name, unique in a Verifier."""

    @property
    def cost(self) -> int:
        """What one call costs, in the unit of the policy's spend limit."""

    @property
    def is_ready(self) -> bool:
        """Whether it is worth asking: False while its provider fails."""

    @property
    def tells_once(self) -> bool:
        """Whether a success is told only once, so that a lost answer may be it."""

    async def lease(self, phone: PhoneNumber, webhook: str | None) -> NumberLease:
        """Return a number for this person to dial.

        ``webhook`` is a URL for a provider that announces calls.
        """

    async def check(self, lease: NumberLease) -> PhoneNumber | None:
        """Return the number that dialled the leased one, None while nobody has."""


@runtime_checkable
class TellsSuspicions(Protocol):
    """A channel that notices what fits an attack."""

    def on_suspicion(
        self, told: Callable[[PhoneNumber, str], None]
    ) -> Callable[[], None]:
        """Tell of a phone and what was noticed, from now on; return what ends that."""


Channel: TypeAlias = RingsPhone | LeasesNumber


def rings(channel: Channel) -> TypeGuard[RingsPhone]:
    """Say whether it calls the person; faster than asking for all that it must have."""
    return hasattr(channel, "ring")


def leases(channel: Channel) -> TypeGuard[LeasesNumber]:
    """Say whether the person calls it."""
    return not rings(channel)


def method_of(channel: Channel) -> Method:
    """Return what the channel does."""
    return channel.method if rings(channel) else Method.REVERSE_CALL


def require_channel(channel: object) -> None:
    """Raise ConfigurationError unless it is a channel, with members of their types."""
    is_class = isinstance(channel, type)
    if is_class or not isinstance(channel, RingsPhone | LeasesNumber):
        raise ConfigurationError("expected channels, such as FlashCall(callpass)")
    is_named = isinstance(channel.name, str) and channel.name
    is_priced = type(channel.cost) is int and channel.cost >= 0
    if not (is_named and is_priced and (leases(channel) or _can_ring(channel))):
        raise ConfigurationError("expected a channel with members of their types")


def listened(
    channel: TellsSuspicions, told: Callable[[PhoneNumber, str], None]
) -> Callable[[], None]:
    """Let the channel tell its suspicions; return what ends that."""
    stop = channel.on_suspicion(told)
    if not callable(stop):
        raise ConfigurationError("expected on_suspicion to return what ends it")
    return stop


def log_defect(channel: Channel, error: BaseException | str) -> None:
    """Tell whoever wrote the channel what is wrong, which nobody else would.

    Errors of an exchange are none, and nothing is told of the text of another one,
    since that may hold the number.
    """
    if isinstance(error, TransportError | ProtocolError | ProviderError):
        return
    clause = error if isinstance(error, str) else type(error).__name__
    _LOG.warning("channel failed: %s: %s", channel.name, clause)


def _can_ring(channel: Channel) -> bool:
    return (
        rings(channel)
        and channel.method in (Method.VOICE_OTP, Method.FLASH_CALL)
        and type(channel.digits) is int
        and type(channel.ring_seconds) in (int, float)
        and 0 <= channel.ring_seconds <= _LONGEST_RING_SECONDS
    )


class FlashCall:
    """A missed call by CallPass; the last digits of its number are the pin.

    ``digits`` is how many of them the person types, None for as many as the provider
    gives. The phone rings for ``ring_seconds``, 2 to 99. ``cost`` is that of one call,
    in the unit of the policy's spend limit.
    """

    method = Method.FLASH_CALL

    def __init__(
        self,
        callpass: CallPassClient,
        *,
        digits: int | None = None,
        ring_seconds: int = _RING_SECONDS,
        cost: int = 0,
    ) -> None:
        given = _DIGITS_BY_VERSION[require(callpass, CallPassClient).version]
        if digits is not None and not SHORTEST_PIN <= digits <= given:
            raise ConfigurationError(f"expected 4 to {given} digits of a flash call")
        if not SHORTEST_RING <= ring_seconds <= LONGEST_RING:
            limits = f"{SHORTEST_RING} to {LONGEST_RING}"
            raise ConfigurationError(f"expected a ring of {limits} whole seconds")
        self.name = "flash_call:callpass"
        self.digits = digits or given
        self.ring_seconds = float(ring_seconds)
        self.cost = cost
        self._cut_to = digits
        self.callpass = callpass

    @property
    def is_ready(self) -> bool:
        """Whether CallPass is answering."""
        return self.callpass.is_ready

    async def ring(
        self,
        phone: PhoneNumber,
        key: IdempotencyKey,  # noqa: ARG002 - CallPass knows none
    ) -> Rung:
        """Ring the phone from a number that ends with the pin."""
        with _unsent(self.name):
            call = await self.callpass.start_call_password(
                phone, timeout_seconds=int(self.ring_seconds)
            )
        if self._cut_to is None:
            return call
        return _Cut(Pin(call.pin.reveal()[-self._cut_to :]), call.sent_at)


class VoiceOtp:
    """A call by NeroTech in which a robot says 4 digits."""

    method = Method.VOICE_OTP

    def __init__(self, nerotech: NeroTechClient, *, cost: int = 0) -> None:
        self.name = "voice_otp:nerotech"
        self.digits = _ROBOT_DIGITS
        self.ring_seconds = float(_RING_SECONDS)
        self.cost = cost
        self.nerotech = require(nerotech, NeroTechClient)

    @property
    def is_ready(self) -> bool:
        """Whether NeroTech is answering."""
        return self.nerotech.is_ready

    async def ring(self, phone: PhoneNumber, key: IdempotencyKey) -> Rung:
        """Ring the phone, once per key."""
        with _unsent(self.name):
            return await self.nerotech.voicemail(phone, idempotency_key=key)


class ReverseCall:
    """A number of NeroTech or Telefon-IP that the person dials."""

    def __init__(
        self, provider: TelefonIPClient | NeroTechClient, *, cost: int = 0
    ) -> None:
        self.provider = provider
        self._desk: _TelefonIP | _NeroTech
        if isinstance(provider, TelefonIPClient):
            self._desk = _TelefonIP(provider)
        else:
            self._desk = _NeroTech(require(provider, NeroTechClient))
        self.name = f"reverse_call:{self._desk.provider}"
        self.tells_once = self._desk.tells_once
        self.cost = cost

    @property
    def is_ready(self) -> bool:
        """Whether the provider is answering."""
        return self._desk.client.is_ready

    async def lease(self, phone: PhoneNumber, webhook: str | None) -> NumberLease:
        """Return a number for this person to dial."""
        return await self._desk.lease(phone, webhook)

    async def check(self, lease: NumberLease) -> PhoneNumber | None:
        """Return who dialled it, None while nobody has."""
        return await self._desk.check(lease)

    def on_suspicion(
        self, told: Callable[[PhoneNumber, str], None]
    ) -> Callable[[], None]:
        """Tell of answers that fit an attack or a call of an earlier attempt."""

        def hook(event: Event) -> None:
            if isinstance(event, SuspiciousAnswer):
                told(event.phone, event.clause)

        return self._desk.client.listen(hook)


@frozen
class _TelefonIP:
    client: TelefonIPClient
    provider = "telefonip"
    tells_once = False

    async def lease(self, phone: PhoneNumber, webhook: str | None) -> NumberLease:
        if webhook is None:
            return await self.client.reverse_auth_phone_get(phone)
        return await self.client.reverse_auth_phone_post(phone, webhook=webhook)

    async def check(self, lease: NumberLease) -> PhoneNumber | None:
        return await self.client.reverse_auth_phone_check(lease)


@frozen
class _NeroTech:
    client: NeroTechClient
    provider = "nerotech"
    tells_once = True

    async def lease(
        self,
        phone: PhoneNumber,
        webhook: str | None,  # noqa: ARG002 - NeroTech has none
    ) -> NumberLease:
        return await self.client.incoming_init(phone)

    async def check(self, lease: NumberLease) -> PhoneNumber | None:
        called = await self.client.incoming_verify(lease)
        return lease.user if called else None


@contextmanager
def _unsent(name: str) -> Iterator[None]:
    """Tell as NotSent what our clients refuse, since they do so before they send."""
    try:
        yield
    except ConfigurationError as error:
        raise NotSent(name, "ring", str(error)) from None


@frozen
class _Cut:
    pin: Pin
    sent_at: datetime
