"""NeroTechClient: a robot dictates a code, or the user dials a leased number."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType
from typing import Self, Unpack

from ..errors import ConfigurationError, TestModeRefused
from ..models.call import VoiceCall
from ..models.key import SENT_FOR, IdempotencyKey
from ..models.lease import NumberLease
from ..models.outcome import Confirmed, Expired, Unknown
from ..models.phone import PhoneNumber
from ..models.pin import Pin
from ..models.secret import Secret
from ..protocol import nerotech
from ..protocol.address import base_url as checked_base_url
from ..protocol.address import credential
from ..protocol.nerotech import PROVIDER
from ..protocol.retry import RetryPolicy
from ..protocol.schedule import PollSchedule
from ..transport.choice import Auto
from ..transport.port import Clock, Transport
from .edge import require, sealed, sealed_async
from .environment import ClientOptions, settings, with_base_url
from .events import ContractWarning, Hook
from .incoming import Incoming
from .line import Line
from .pace import Pace
from .runner import Settled

_DIGITS = re.compile(r"[0-9]{1,18}")
_TEST_CALLS_REMEMBERED = 1000


class NeroTechClient:
    """Speak to NeroTech.

    ``service_id`` and ``secret_key`` are those of the project. ``base_url`` replaces
    ``https://api.nerotech.ru/api/v1/``. A ``transport`` that is given stays yours to
    close; "auto" is the first that is installed of native, aiohttp, httpx2 and httpx.
    ``accept_test_calls`` lets the pin of a test call verify people: for tests of your
    application, never for production.

    Raises ConfigurationError for blank or unprintable credentials and for a base URL
    that is not http(s).
    """

    @sealed
    def __init__(
        self,
        service_id: int | str,
        secret_key: str | Secret,
        *,
        base_url: str | None = None,
        transport: Transport | Auto | None = None,
        retry: RetryPolicy | None = None,
        poll: PollSchedule | None = None,
        hooks: Iterable[Hook] = (),
        clock: Clock | None = None,
        accept_test_calls: bool = False,
    ) -> None:
        secret_key = credential(secret_key, "secret_key")
        if base_url is None:
            base_url = nerotech.BASE_URL
        self._account = nerotech.Account(
            _service_id(service_id),
            secret_key,
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
        self._incoming = Incoming(self._line, self._account)
        self._accepts_test_calls = require(accept_test_calls, bool)
        self._test_calls: deque[str] = deque(maxlen=_TEST_CALLS_REMEMBERED)

    @classmethod
    @sealed
    def from_env(cls, **options: Unpack[ClientOptions]) -> Self:
        """Return a client with the credentials of the environment.

        Reads ``CALLAUTH_NEROTECH_SERVICE_ID``, ``CALLAUTH_NEROTECH_SECRET_KEY`` and,
        when it is set, ``CALLAUTH_NEROTECH_BASE_URL``.
        Raises ConfigurationError that names every variable that is missing.
        """
        service_id, secret_key = settings(
            "CALLAUTH_NEROTECH_SERVICE_ID", "CALLAUTH_NEROTECH_SECRET_KEY"
        )
        options = with_base_url(options, "CALLAUTH_NEROTECH_BASE_URL")
        return cls(service_id, secret_key, **options)

    @sealed_async
    async def voicemail(
        self,
        phone: PhoneNumber,
        *,
        idempotency_key: str | IdempotencyKey | None = None,
        test: bool = False,
    ) -> VoiceCall:
        """Ring the phone and let a robot dictate the pin; return the call.

        The provider rings once per key and phone in 24 hours, so a lost answer is asked
        for again with the same key. To survive a crash of your own, make the key with
        ``IdempotencyKey.new()`` and store it before you call. ``test=True`` rings
        nobody, and its pin verifies nobody.

        NeroTech, authorisation by a dictated code, method "voicemail".

        Raises NotSent when nothing happened; AnswerLost, ProtocolError or
        ProviderUnavailable when the phone may be ringing; other ProviderErrors for a
        refusal; ConfigurationError for a key that is 23 hours old or too long.
        """
        phone = PhoneNumber.require(phone)
        key = IdempotencyKey.of(idempotency_key).used(self._line.clock.now())
        if key.age_seconds(self._line.clock.now()) >= SENT_FOR.total_seconds():
            raise ConfigurationError("expected a key first used within 23 hours")
        operation = nerotech.voicemail(
            self._account,
            phone,
            key=key,
            test=test,
            accept_test=self._accepts_test_calls,
        )
        make = partial(self._voice_call, key=key, test=test)
        return await self._line.place(operation, phone, make)

    @sealed_async
    async def check_code(self, call_id: str, code: str | Pin) -> bool:
        """Say whether the provider takes the code for right.

        It spends one guess there. Comparing with ``VoiceCall.pin`` spends none and
        needs no request.

        NeroTech, authorisation by a dictated code, method "checkCode".

        Raises ConfigurationError unless the code is 4 digits, TestModeRefused for a
        test call, TransportError, ProtocolError or ProviderError without an answer.
        """
        code = code if isinstance(code, Pin) else Pin(code)
        if call_id in self._test_calls or not code.verifies:
            raise TestModeRefused(PROVIDER, "checkCode", None, "TEST_CALL")
        operation = nerotech.check_code(self._account, call_id, code)
        return await self._line.ask(operation)

    @sealed_async
    async def incoming_init(
        self, phone: PhoneNumber, *, drain: bool = True
    ) -> NumberLease:
        """Return a service number that the user has 120 seconds to dial.

        With the drain the provider is asked once whether the user has called, before
        the number is returned: a call left over from an earlier attempt must not
        satisfy this one.

        NeroTech, outgoing authorisation, method "init".

        Raises CallInProgress while an attempt of this phone is live, RateLimited with
        ``retry_after`` 125 when calls of an earlier one still count, TransportError,
        ProtocolError or ProviderError.
        """
        self._line.require_open()
        reservation = self._incoming.reserve(PhoneNumber.require(phone))
        try:
            return await self._line.lead(
                "incoming/init",
                reservation.user,
                partial(self._incoming.init, reservation, drain=drain),
            )
        except asyncio.CancelledError:
            self._incoming.abandon(reservation)
            raise

    @sealed_async
    async def incoming_verify(self, lease: NumberLease) -> bool:
        """Say whether the user has dialled the leased number.

        False is "not yet", and for good once the lease has been over for 10 seconds.
        The provider tells a success once; this client repeats it for the same lease.

        NeroTech, outgoing authorisation, method "verify".

        Raises TransportError, ProtocolError or ProviderError without an answer.
        """
        return await self._line.run(
            "incoming/verify",
            partial(self._incoming.verify, require(lease, NumberLease)),
        )

    @sealed_async
    async def wait_incoming(self, lease: NumberLease) -> Confirmed | Expired | Unknown:
        """Return how the lease ends, at the latest 10 seconds after it expires.

        Unknown says that an answer was lost that could have been the success.

        Raises ProviderError for a refusal that no waiting changes.
        """
        return await self._line.poller.wait(
            self._incoming.watch(require(lease, NumberLease))
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

    def _voice_call(
        self,
        settled: Settled[nerotech.VoicemailReply],
        *,
        key: IdempotencyKey,
        test: bool,
    ) -> VoiceCall:
        reply = settled.unwrap()
        if reply.lost_zeros:
            clause = "expected the code as text, got a number"
            self._line.hooks.emit(
                ContractWarning(provider=PROVIDER, operation="voicemail", clause=clause)
            )
        if test and not self._accepts_test_calls:
            self._test_calls.append(reply.call_id)
        return VoiceCall(
            call_id=reply.call_id,
            pin=reply.pin,
            idempotency_key=key,
            sent_at=settled.sent_at,
            test=test,
        )


def _service_id(value: int | str) -> int:
    is_number = type(value) is int and value > 0
    is_text = isinstance(value, str) and _DIGITS.fullmatch(value) is not None
    if not (is_number or is_text):
        raise ConfigurationError("expected a service_id that is a positive number")
    return int(value)
