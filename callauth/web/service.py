"""Service: phone verification over HTTP, without a framework.

Each method takes a request and returns what is sent back; the package's docstring has
the whole surface. What the methods have in common stands in one place: ``_answered``
turns refusals into problem documents, ``_own`` lets nobody past who has no handle.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypedDict, TypeVar

import anyio

from ..client.edge import sealed
from ..errors import (
    AttemptNotFound,
    CallAuthError,
    ConfigurationError,
    NoChannelLeft,
    ProtocolError,
)
from ..models.attempt import Attempt, AttemptId
from ..models.challenge import PinChallenge
from ..models.method import Method
from ..models.outcome import Assurance, Confirmed, Pending
from ..models.phone import PhoneNumber
from ..models.secret import Secret
from ..protocol.telefonip import parse_webhook
from ..verification.verifier import Verifier
from .answers import (
    Answer,
    StartedVerification,
    VerificationState,
    answer,
    state_of,
)
from .browsers import BearerBrowsers, Browsers, CookieBrowsers
from .events import EventStream, event_id
from .handle import Handles
from .problems import Problem, Refused, refused
from .proxies import ClientIp, Proxies
from .request import WebRequest
from .site import Site
from .waits import Waits

P = ParamSpec("P")
T = TypeVar("T")

LONGEST_WAIT_SECONDS = 25
HOLDS_SECONDS = 900.0
_BODY_SECONDS = 10.0


class Options(TypedDict, total=False):
    """The optional settings of a Service, which the frameworks' functions take, too."""

    purposes: Collection[str]
    bearer: bool
    trusted_proxies: Iterable[str]
    client_ip: ClientIp | None
    owns_verifier: bool


def _answered(
    method: Callable[Concatenate[Service, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Service, P], Coroutine[Any, Any, T | Answer]]:
    """Answer with a problem document when it is refused."""

    @wraps(method)
    async def wrapper(
        service: Service, /, *args: P.args, **kwargs: P.kwargs
    ) -> T | Answer:
        try:
            return await method(service, *args, **kwargs)
        except Refused as refusal:
            return answer(refusal.problem)
        except CallAuthError as error:
            return answer(refused(error).problem)

    return wrapper


class Service:
    """Answer the requests of browsers from one Verifier.

    ``secret`` signs the handles: 16 characters or more, the same in every process.
    ``public_url`` is what browsers show for the application. ``purposes`` are those
    that a browser may ask for, the first one when it names none. With ``bearer`` a
    start is answered with a handle instead of a cookie. ``trusted_proxies`` are the
    addresses or networks whose X-Forwarded-For is believed, ``client_ip`` finds the
    client's address in another way. With ``owns_verifier`` the Verifier is opened and
    closed with the application.

    Raises ConfigurationError for a setting that is none.
    """

    @sealed
    def __init__(
        self,
        verifier: Verifier,
        *,
        secret: Secret,
        public_url: str,
        purposes: Collection[str] = ("login",),
        bearer: bool = False,
        trusted_proxies: Iterable[str] = (),
        client_ip: ClientIp | None = None,
        owns_verifier: bool = False,
    ) -> None:
        if isinstance(purposes, str) or not purposes:
            raise ConfigurationError("expected a list of purposes")
        self._verifier = verifier
        self._purposes = tuple(purposes)
        handles, site = Handles(secret), Site(public_url)
        self._browsers: Browsers = (
            BearerBrowsers(handles) if bearer else CookieBrowsers(handles, site)
        )
        self._client_ip = client_ip or Proxies(trusted_proxies).client_ip
        self._owns_verifier = owns_verifier
        self._waits = Waits(verifier)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Open what it owns, and end all waits before that is closed."""
        async with AsyncExitStack() as stack:
            if self._owns_verifier:
                await stack.enter_async_context(self._verifier)
            stack.callback(self.close)
            yield

    @property
    def waiting(self) -> int:
        """How many requests wait for an outcome, or for the rest of their body."""
        return len(self._waits)

    def close(self) -> None:
        """End what browsers wait for, so that the server can stop."""
        self._waits.close()

    @_answered
    async def start(self, request: WebRequest) -> Answer:
        """Call a person, or lease a number to call."""
        self._browsers.require_same_site(request)
        fields = await self._fields(request, "phone", optional="purpose method")
        purpose = fields.get("purpose", self._purposes[0])
        if purpose not in self._purposes:
            allowed = ", ".join(self._purposes)
            raise Refused("invalid-request", f"expected a purpose of {allowed}")
        attempt = await self._verifier.start(
            fields["phone"],
            purpose=purpose,
            method=self._method(purpose, fields.get("method")),
            client_ip=self._client_ip(request),
        )
        bound = self._browsers.give(request, attempt.id)
        state = vars(await self._state(attempt))
        started = StartedVerification(**state, handle=bound.handle)
        headers = {"Location": f"verifications/{attempt.id}", **bound.headers}
        return answer(started, status=201, headers=headers)

    @_answered
    async def show(self, request: WebRequest, attempt_id: str) -> Answer:
        """Tell how it stands, at once or as soon as it is settled."""
        own = self._own(request, attempt_id)
        seconds = request.seconds("wait", most=LONGEST_WAIT_SECONDS)
        if seconds:
            await self._waits.outcome(own, seconds)
        return answer(await self._read(own))

    @_answered
    async def events(
        self, request: WebRequest, attempt_id: str
    ) -> Answer | EventStream:
        """Tell how it stands whenever that changes; 204 once all has been told."""
        own = self._own(request, attempt_id)
        state = await self._read(own)
        last = request.headers.get("last-event-id")
        if state.is_settled and last == event_id(state):
            return Answer(status=204, headers={"Cache-Control": "no-store"}, body=b"")
        return EventStream(
            first=state,
            read=lambda: self._read(own),
            waits=self._waits,
            clock=self._verifier.clock,
        )

    @_answered
    async def submit(self, request: WebRequest, attempt_id: str) -> Answer:
        """Take what the person typed."""
        own = self._own_to_change(request, attempt_id)
        typed = (await self._fields(request, "pin"))["pin"]
        try:
            await self._verifier.submit(own, typed)
        except ConfigurationError as error:
            raise await self._why_no_pin(own) from error
        return answer(await self._read(own))

    @_answered
    async def next_way(self, request: WebRequest, attempt_id: str) -> Answer:
        """Try the next way, since nothing came."""
        own = self._own_to_change(request, attempt_id)
        await self._fields(request)
        try:
            attempt = await self._verifier.next_channel(
                own, client_ip=self._client_ip(request)
            )
        except NoChannelLeft:
            attempt = await self._verifier.get(own)
            is_open = isinstance(attempt.outcome, Pending)
            raise Refused("no-other-way" if is_open else "not-called") from None
        return answer(await self._state(attempt))

    @_answered
    async def cancel(self, request: WebRequest, attempt_id: str) -> Answer:
        """End it, if it has not ended."""
        own = self._own_to_change(request, attempt_id)
        attempt = await self._verifier.get(own)
        if isinstance(attempt.outcome, Pending):
            attempt = await self._verifier.cancel(own)
        return answer(await self._state(attempt))

    @_answered
    async def receive(self, path: str, query: str) -> Answer:
        """Take a webhook: a reason to ask the provider, and nothing more."""
        if not self._verifier.check_webhook_path(path):
            raise Refused("not-found")
        with suppress(ProtocolError):
            hint = parse_webhook(query)
            # Answered at once, whatever it is: the Verifier asks in a task of its own,
            # which goes on when nobody waits for it.
            with anyio.CancelScope() as scope:
                scope.cancel()
                await self._verifier.receive(hint)
        return Answer(status=200, headers={"Cache-Control": "no-store"}, body=b"")

    async def verified_phone(
        self,
        request: WebRequest,
        *,
        purpose: str | None = None,
        holds_seconds: float = HOLDS_SECONDS,
        assurance: Assurance | None = None,
    ) -> PhoneNumber | Problem:
        """Return the phone that this browser has verified for the purpose, or why not.

        None is the first purpose, and any assurance. It holds for so many seconds from
        the moment it was verified, and not longer than the Verifier keeps attempts.
        """
        wanted = self.require_purpose(purpose)
        kind = "not-verified"
        for own in self._browsers.own(request):
            try:
                attempt = await self._verifier.get(own)
            except AttemptNotFound:
                continue
            except CallAuthError as error:
                return refused(error).problem
            proven = self._proven(attempt, wanted, holds_seconds)
            if proven is not None and assurance in (None, "caller_id", proven):
                return attempt.phone
            kind = kind if proven is None else "not-enough"
        return Refused(kind).problem

    def require_purpose(self, purpose: str | None) -> str:
        """Return the purpose, None being the first.

        Raises ConfigurationError for one that no browser may ask for.
        """
        if purpose is not None and purpose not in self._purposes:
            raise ConfigurationError("expected one of the purposes of the service")
        return purpose or self._purposes[0]

    def _method(self, purpose: str, name: str | None) -> Method | None:
        if name is None:
            return None
        methods = {each.value: each for each in self._verifier.methods(purpose)}
        if name not in methods:
            allowed = ", ".join(sorted(methods)) or "none"
            raise Refused("invalid-request", f"expected a method of {allowed}")
        return methods[name]

    def _own(self, request: WebRequest, attempt_id: str) -> AttemptId:
        for own in self._browsers.own(request):
            if own == attempt_id:
                return own
        raise Refused("not-found")

    def _own_to_change(self, request: WebRequest, attempt_id: str) -> AttemptId:
        self._browsers.require_same_site(request)
        return self._own(request, attempt_id)

    async def _fields(
        self, request: WebRequest, needed: str = "", *, optional: str = ""
    ) -> dict[str, str]:
        with self._waits.at_most(_BODY_SECONDS):
            return await request.fields(needed=needed, optional=optional)
        raise Refused("not-an-object", "expected the whole body within 10 seconds")

    async def _read(self, attempt_id: AttemptId) -> VerificationState:
        return await self._state(await self._verifier.get(attempt_id))

    async def _state(self, attempt: Attempt) -> VerificationState:
        next_in = None
        if attempt.challenge is not None:
            next_in = await self._verifier.next_in(attempt.id)
        return state_of(attempt, next_in=next_in, now=self._verifier.clock.now())

    async def _why_no_pin(self, attempt_id: AttemptId) -> Refused:
        attempt = await self._verifier.get(attempt_id)
        is_expected = isinstance(attempt.challenge, PinChallenge)
        return Refused("invalid-pin" if is_expected else "no-pin-expected")

    def _proven(
        self, attempt: Attempt, purpose: str, holds_seconds: float
    ) -> Assurance | None:
        """Return what the attempt proves still, None when that is nothing."""
        outcome = attempt.outcome
        if attempt.purpose != purpose or not isinstance(outcome, Confirmed):
            return None
        # A wall clock that was set back must not make it hold for days.
        age = abs(self._verifier.clock.now() - outcome.at)
        return outcome.assurance if age < timedelta(seconds=holds_seconds) else None
