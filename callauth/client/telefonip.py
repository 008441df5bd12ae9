"""TelefonIPClient: the user dials a leased number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Self, Unpack

from attrs import frozen

from ..errors import ConfigurationError, ProtocolError, RateLimited, TransportError
from ..models.lease import (
    LAST_CHECK_SECONDS,
    LATE_SECONDS,
    LEASE_SECONDS,
    NumberLease,
)
from ..models.outcome import Confirmed, Expired, Rejected
from ..models.phone import PhoneNumber
from ..models.secret import Secret
from ..protocol import telefonip
from ..protocol.address import base_url as checked_base_url
from ..protocol.address import credential, webhook_url
from ..protocol.message import Operation
from ..protocol.retry import RetryPolicy
from ..protocol.schedule import PollSchedule
from ..protocol.telefonip import PROVIDER, BodyEncoding, CheckReply, LeaseReply
from ..transport.choice import Auto
from ..transport.port import Clock, Transport
from .edge import require, sealed, sealed_async
from .environment import ClientOptions, settings, with_base_url
from .events import Hook
from .line import Line
from .pace import Pace
from .poller import Done, Later
from .runner import Settled
from .sent import SentTimes


class TelefonIPClient:
    """Speak to Telefon-IP.

    ``base_url`` replaces ``https://api.telefon-ip.ru/api/v1/authcalls/``. A
    ``transport`` that is given stays yours to close; "auto" is the first that is
    installed of native, aiohttp, httpx2 and httpx. ``post_encoding`` is how the body of
    ``reverse_auth_phone_post`` travels, "json" or "form": the document does not say.

    Raises ConfigurationError for a blank or unprintable token and for a base URL that
    is not http(s).
    """

    @sealed
    def __init__(
        self,
        token: str | Secret,
        *,
        base_url: str | None = None,
        transport: Transport | Auto | None = None,
        retry: RetryPolicy | None = None,
        poll: PollSchedule | None = None,
        hooks: Iterable[Hook] = (),
        clock: Clock | None = None,
        post_encoding: BodyEncoding = "json",
    ) -> None:
        token = credential(token, "token")
        telefonip.require_encoding(post_encoding)
        if base_url is None:
            base_url = telefonip.BASE_URL
        self._account = telefonip.Account(
            token,
            checked_base_url(base_url),
        )
        self._line = Line(
            PROVIDER,
            transport=transport,
            retry=retry,
            poll=poll,
            hooks=hooks,
            clock=clock,
        )
        self._sent = SentTimes(self._line.clock)
        self._post_encoding = post_encoding

    @classmethod
    @sealed
    def from_env(cls, **options: Unpack[ClientOptions]) -> Self:
        """Return a client with the token of the environment.

        Reads ``CALLAUTH_TELEFONIP_TOKEN`` and, when it is set,
        ``CALLAUTH_TELEFONIP_BASE_URL``.
        Raises ConfigurationError that names the variable when it is missing.
        """
        (token,) = settings("CALLAUTH_TELEFONIP_TOKEN")
        options = with_base_url(options, "CALLAUTH_TELEFONIP_BASE_URL")
        return cls(token, **options)

    @sealed_async
    async def reverse_auth_phone_get(self, phone: PhoneNumber) -> NumberLease:
        """Return a number that the user has 120 seconds to dial.

        Telefon-IP, "reverse_auth_phone_get".

        Raises ConfigurationError for a number that is no Russian mobile,
        TransportError, ProtocolError or ProviderError.
        """
        phone = PhoneNumber.require(phone)
        return await self._lease(
            telefonip.reverse_auth_phone_get(self._account, phone), phone
        )

    @sealed_async
    async def reverse_auth_phone_post(
        self, phone: PhoneNumber, *, webhook: str | Secret
    ) -> NumberLease:
        """Return a number that the user has 120 seconds to dial, with a webhook.

        The provider appends its own query to the URL and signs nothing, so give one
        without a query and with a part of its path that nobody can guess.

        Telefon-IP, "reverse_auth_phone_post".

        Raises ConfigurationError for a number that is no Russian mobile and for a
        webhook that is not https (http on loopback) or has a query, TransportError,
        ProtocolError or ProviderError.
        """
        webhook = webhook_url(webhook)
        phone = PhoneNumber.require(phone)
        operation = telefonip.reverse_auth_phone_post(
            self._account, phone, webhook=webhook, encoding=self._post_encoding
        )
        return await self._lease(operation, phone)

    @sealed_async
    async def reverse_auth_phone_check(self, lease: NumberLease) -> PhoneNumber | None:
        """Return the number that dialled the leased one, None while nobody has.

        **It proves something only when it equals** ``lease.user``.

        Telefon-IP, "reverse_auth_phone_check".

        Raises ConfigurationError for a lease without an id, TransportError,
        ProtocolError or ProviderError.
        """
        reply = await self._line.ask(self._check(lease))
        return reply if isinstance(reply, PhoneNumber) else None

    @sealed_async
    async def wait_call(self, lease: NumberLease) -> Confirmed | Rejected | Expired:
        """Return how the lease ends, at the latest 10 seconds after it expires.

        Confirmed when the user's own number called, Rejected when another one did.

        Raises ConfigurationError for a lease without an id, ProviderError for a refusal
        that no waiting changes, such as AuthenticationFailed.
        """
        operation = self._check(lease)
        leased_at = self._sent.find_or_tell(str(lease.lease_id), lease.leased_at)
        return await self._line.poller.wait(
            LeaseWatch(
                self._line,
                lease,
                operation,
                last_check_at=leased_at + LEASE_SECONDS + LAST_CHECK_SECONDS,
            )
        )

    @property
    def is_ready(self) -> bool:
        """Whether it asks its provider; False while that fails again and again."""
        return self._line.runner.is_ready

    @sealed
    def listen(self, hook: Hook) -> Callable[[], None]:
        """Call the hook with every event from now on; return what ends that.

        Raises ConfigurationError unless it is a plain function.
        """
        return self._line.hooks.add(hook)

    def require_open(self) -> None:
        """Make sure that it can be used here and now.

        Raises ConfigurationError once it is closed, and in another event loop.
        """
        self._line.require_open()

    def pace_by(self, pace: Pace) -> Callable[[], None]:
        """Send no faster than that from now on; return what ends it.

        Raises ConfigurationError while another pace is kept.
        """
        return self._line.pace_by(pace)

    async def aclose(self) -> None:
        """Close the client; calling it again does nothing."""
        await self._line.aclose()

    async def __aenter__(self) -> Self:
        self._line.require_open()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _lease(
        self, operation: Operation[LeaseReply], phone: PhoneNumber
    ) -> NumberLease:
        return await self._line.place(operation, phone, partial(self._made, user=phone))

    def _check(self, lease: NumberLease) -> Operation[PhoneNumber | CheckReply]:
        lease_id = require(lease, NumberLease).lease_id
        if lease_id is None:
            raise ConfigurationError("expected a lease of telefon-ip, which has an id")
        return telefonip.reverse_auth_phone_check(self._account, lease_id)

    def _made(self, settled: Settled[LeaseReply], *, user: PhoneNumber) -> NumberLease:
        reply = settled.unwrap()
        self._sent.note(str(reply.lease_id), settled.sent_monotonic)
        return NumberLease.from_sent_at(
            number=reply.number,
            user=user,
            lease_id=reply.lease_id,
            sent_at=settled.sent_at,
        )


@frozen
class LeaseWatch:
    """Watch one lease until somebody calls or its time is over."""

    line: Line
    lease: NumberLease
    operation: Operation[PhoneNumber | CheckReply]
    last_check_at: float

    async def check(
        self, *, is_last: bool
    ) -> Done[Confirmed | Rejected | Expired] | Later | None:
        """Ask once; a failure to ask is no answer."""
        try:
            reply = await self._ask(is_last=is_last)
        except RateLimited as error:
            return Done(self.over()) if is_last else Later.after(error)
        if isinstance(reply, PhoneNumber):
            return Done(self._judge(reply))
        if is_last or reply is CheckReply.EXPIRED:
            return Done(self.over())
        return None

    def over(self) -> Expired:
        """Nobody was asked in time."""
        return Expired(at=self.line.clock.now())

    async def _ask(self, *, is_last: bool) -> PhoneNumber | CheckReply:
        left = self.last_check_at + LATE_SECONDS - self.line.clock.monotonic()
        if left < 0:
            return CheckReply.EXPIRED
        settled = await self.line.runner.settle(
            self.operation, only_once=not is_last, within_seconds=left
        )
        try:
            return settled.unwrap()
        except (TransportError, ProtocolError):
            return CheckReply.PENDING

    def _judge(self, caller: PhoneNumber) -> Confirmed | Rejected:
        now = self.line.clock.now()
        if caller != self.lease.user:
            return Rejected(at=now, reason="another number called")
        return Confirmed(at=now, assurance="caller_id")
