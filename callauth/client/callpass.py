"""CallPassClient: a missed call whose caller ID ends with the code."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Self, Unpack, cast

from attrs import frozen

from ..errors import (
    ConfigurationError,
    ProtocolError,
    ProviderError,
    RateLimited,
    TransportError,
)
from ..models.call import PlacedCall
from ..models.cause import HangupCause
from ..models.lease import LATE_SECONDS
from ..models.phone import PhoneNumber
from ..models.secret import Secret
from ..protocol import callpass
from ..protocol.address import base_url as checked_base_url
from ..protocol.address import credential
from ..protocol.callpass import PROVIDER, StartReply, StatusReply, Version
from ..protocol.message import Operation
from ..protocol.retry import RetryPolicy
from ..protocol.schedule import PollSchedule
from ..transport.choice import Auto
from ..transport.port import Clock, Transport
from .edge import require, sealed, sealed_async
from .environment import ClientOptions, optional_setting, settings, with_base_url
from .events import Hook
from .line import Line
from .pace import Pace
from .poller import Done, Later
from .runner import Settled
from .sent import SentTimes

# The provider may not know a call yet that it has just placed.
_SETTLING_SECONDS = 5.0
_WAIT_PAST_RING_SECONDS = 30.0


class CallPassClient:
    """Speak to CallPass.

    ``version`` is that of the API: "v1.0" answers when the call has ended, "v2.0" gives
    codes of 4 or 5 digits, "v3.0" of 7. ``base_url`` replaces
    ``https://api.callpass.sp-com.ru/``; the same API is served under other names. A
    ``transport`` that is given stays yours to close; "auto" is the first that is
    installed of native, aiohttp, httpx2 and httpx.

    Raises ConfigurationError for a blank or unprintable token, an unknown version and a
    base URL that is not http(s).
    """

    @sealed
    def __init__(
        self,
        token: str | Secret,
        *,
        version: Version = "v3.0",
        base_url: str | None = None,
        transport: Transport | Auto | None = None,
        retry: RetryPolicy | None = None,
        poll: PollSchedule | None = None,
        hooks: Iterable[Hook] = (),
        clock: Clock | None = None,
    ) -> None:
        token = credential(token, "token")
        if version not in callpass.VERSIONS:
            known = ", ".join(callpass.VERSIONS)
            raise ConfigurationError(f"expected a version of {known}")
        if base_url is None:
            base_url = callpass.BASE_URL
        self._account = callpass.Account(
            token,
            version,
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

    @classmethod
    @sealed
    def from_env(cls, **options: Unpack[ClientOptions]) -> Self:
        """Return a client with the token of the environment.

        Reads ``CALLAUTH_CALLPASS_TOKEN`` and, when they are set,
        ``CALLAUTH_CALLPASS_VERSION`` and ``CALLAUTH_CALLPASS_BASE_URL``.
        Raises ConfigurationError that names the variable when it is missing.
        """
        (token,) = settings("CALLAUTH_CALLPASS_TOKEN")
        version = optional_setting("CALLAUTH_CALLPASS_VERSION") or "v3.0"
        options = with_base_url(options, "CALLAUTH_CALLPASS_BASE_URL")
        # The constructor refuses what is no version.
        return cls(token, version=cast("Version", version), **options)

    @sealed_async
    async def start_call_password(
        self,
        phone: PhoneNumber,
        *,
        timeout_seconds: int = 30,
        asynchronous: bool | None = None,
    ) -> PlacedCall:
        """Ring the phone from a number that ends with the pin; return the call.

        It rings for up to ``timeout_seconds``, a whole number from 2 to 99.
        Asynchronous is the default where the version knows it: the answer comes at
        once, and ``wait_status`` tells how the call ended. Otherwise it comes after
        the call.

        The request has no key, so once a byte has left it is never sent again.

        CallPass, initiation of a call, versions 1.0 to 3.0.

        Raises NotSent when nothing happened; AnswerLost or ProtocolError when the phone
        may be ringing; ProviderError for a refusal; ConfigurationError for a timeout or
        a number that the provider does not serve.
        """
        phone = PhoneNumber.require(phone)
        if asynchronous is None:
            asynchronous = self._account.version != "v1.0"
        operation = callpass.start_call_password(
            self._account,
            phone,
            timeout_seconds=timeout_seconds,
            asynchronous=asynchronous,
        )
        make = partial(self._placed, ring_seconds=timeout_seconds)
        return await self._line.place(operation, phone, make)

    @sealed_async
    async def get_call_password_status(self, call_id: str) -> HangupCause | None:
        """Return how the call ended, None while that is pending.

        CallPass, data of a call, versions 2.0 and 3.0.

        Raises ProviderError with the meaning CALL_NOT_FOUND for an id that the provider
        does not know (for 5 seconds after the start that is pending),
        ConfigurationError with version 1.0, TransportError or ProtocolError.
        """
        operation = callpass.get_call_password_status(self._account, call_id)
        reply = await self._line.ask(operation)
        if reply.found:
            return reply.cause
        sent_at = self._sent.find(call_id)
        age = None if sent_at is None else self._line.clock.monotonic() - sent_at
        if age is None or age > _SETTLING_SECONDS:
            raise ProviderError(PROVIDER, operation.name, None, callpass.CALL_NOT_FOUND)
        return None

    @sealed_async
    async def wait_status(self, call: PlacedCall) -> HangupCause | None:
        """Return how the call ended, None when that cannot be learned.

        It asks until 30 seconds after the longest ring. None does not void the pin.

        Raises ConfigurationError with version 1.0 unless the cause is known already,
        ProviderError for a refusal that no waiting changes.
        """
        if require(call, PlacedCall).cause is not None:
            return call.cause
        operation = callpass.get_call_password_status(self._account, call.call_id)
        sent_at = self._sent.find_or_tell(call.call_id, call.sent_at)
        last = sent_at + call.ring_seconds + _WAIT_PAST_RING_SECONDS
        watch = StatusWatch(self._line, operation, sent_at, last_check_at=last)
        return await self._line.poller.wait(watch)

    @property
    def version(self) -> Version:
        """The version of the API that it speaks."""
        return self._account.version

    @property
    def is_ready(self) -> bool:
        """Whether it asks its provider; False while that fails again and again."""
        return self._line.runner.is_ready

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

    def _placed(self, settled: Settled[StartReply], *, ring_seconds: int) -> PlacedCall:
        reply = settled.unwrap()
        self._sent.note(reply.call_id, settled.sent_monotonic)
        return PlacedCall(
            call_id=reply.call_id,
            pin=reply.pin,
            cause=reply.cause,
            sent_at=settled.sent_at,
            ring_seconds=ring_seconds,
        )


@frozen
class StatusWatch:
    """Watch one placed call until it has ended."""

    line: Line
    operation: Operation[StatusReply]
    sent_at: float
    last_check_at: float

    async def check(self, *, is_last: bool) -> Done[HangupCause | None] | Later | None:
        """Ask once; a failure to ask is no answer."""
        left = self.last_check_at + LATE_SECONDS - self.line.clock.monotonic()
        if left < 0:
            return Done(None)
        settled = await self.line.runner.settle(
            self.operation, only_once=not is_last, within_seconds=left
        )
        try:
            reply = settled.unwrap()
        except RateLimited as error:
            return Done(None) if is_last else Later.after(error)
        except (TransportError, ProtocolError):
            reply = StatusReply(cause=None)
        age = self.line.clock.monotonic() - self.sent_at
        is_unknown = not reply.found and age > _SETTLING_SECONDS
        if reply.cause is None and not is_last and not is_unknown:
            return None
        return Done(reply.cause)

    def over(self) -> None:
        """Nobody was asked in time, so nothing is known."""
