"""Verifier: one way to verify a person, whatever the provider and the method."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Self

from ..client.edge import sealed, sealed_async
from ..client.events import Hooks
from ..client.tasks import Tasks
from ..errors import CallAuthError, ConfigurationError, InvalidPhoneNumber
from ..models.attempt import Attempt, AttemptId
from ..models.hint import WebhookHint
from ..models.method import Method
from ..models.outcome import Outcome
from ..models.phone import PhoneNumber
from ..models.secret import Secret
from ..protocol.address import webhook_url
from ..protocol.schedule import PollSchedule
from ..transport.clock import SystemClock
from ..transport.port import Clock
from . import flow
from .caretaker import Caretaker
from .casebook import Casebook, Step
from .channels import Channel, TellsSuspicions, listened, require_channel
from .events import SuspiciousAttempt, VerificationEvent, VerificationHook
from .limits import Limits
from .memory import MemoryStore
from .pepper import Pepper
from .placing import Placing
from .policy import VerificationPolicy
from .reserving import Reserving
from .route import Route
from .starts import Starts
from .store import Store
from .stored import State, StoredAttempt

_FOR_EVER = timedelta(days=36_500)


class Verifier:
    """Verify that people hold their phones, through the channels in their order.

    What it knows is in the ``store``, so that any process can finish what another one
    began; without one it is kept in memory. ``pepper`` is the key under which pins and
    phones are hashed there, at least 16 characters, the same in every process; a store
    on a disk needs one. ``webhook_base`` is the public https URL under which the
    application hands webhooks to ``receive``. ``poll`` is how often it is asked who has
    dialled: its 50 checks a second serve some 250 who may dial at once. Clients and
    their transports stay yours to close; the store is opened and closed with the
    Verifier.

    Raises ConfigurationError without channels, for a channel given twice, for a store
    that needs a pepper, and when it is opened on a store that began with another one.
    """

    @sealed
    def __init__(
        self,
        channels: Iterable[Channel],
        *,
        store: Store | None = None,
        pepper: Secret | None = None,
        policy: VerificationPolicy | None = None,
        hooks: Iterable[VerificationHook] = (),
        webhook_base: str | None = None,
        poll: PollSchedule | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._policy = policy or VerificationPolicy()
        self._clock = clock or SystemClock()
        self._store = MemoryStore() if store is None else store
        self._hooks: Hooks[VerificationEvent] = Hooks(hooks)
        self._pepper = Pepper.of(pepper, self._store.pepper)
        self._webhooks = None if webhook_base is None else _directory(webhook_base)
        self._tasks = Tasks("callauth", self._clock, called="Verifier")
        by_name = _by_name(channels)
        self._route = Route(tuple(by_name.values()), self._policy)
        limits = Limits(
            self._policy, pepper=self._pepper, store=self._store, hooks=self._hooks
        )
        worker = secrets.token_hex(8)
        self._casebook = Casebook(
            self._store,
            worker=worker,
            clock=self._clock,
            pepper=self._pepper,
            limits=limits,
            hooks=self._hooks,
            keep_seconds=self._policy.keep_seconds,
        )
        self._caretaker = Caretaker(
            by_name,
            worker=worker,
            store=self._store,
            casebook=self._casebook,
            tasks=self._tasks,
            poll=poll or PollSchedule(),
            clock=self._clock,
            hooks=self._hooks,
        )
        reserving = Reserving(
            self._store, limits=limits, pepper=self._pepper, clock=self._clock
        )
        self._placing = Placing(
            by_name,
            casebook=self._casebook,
            reserving=reserving,
            pepper=self._pepper,
            clock=self._clock,
            hooks=self._hooks,
            pin_seconds=self._policy.pin_seconds,
            least_pin_digits=self._policy.least_pin_digits,
            webhooks=self._webhooks,
        )
        self._starts = Starts(
            casebook=self._casebook,
            caretaker=self._caretaker,
            placing=self._placing,
            limits=limits,
            clock=self._clock,
            hooks=self._hooks,
        )
        self._stop_listening = [
            listened(channel, self._suspect)
            for channel in by_name.values()
            if isinstance(channel, TellsSuspicions)
        ]

    @property
    def clock(self) -> Clock:
        """The clock that it goes by."""
        return self._clock

    @sealed
    def methods(self, purpose: str) -> frozenset[Method]:
        """Return the methods that the policy allows for this purpose.

        Raises ConfigurationError for a purpose that is none.
        """
        _require_purpose(purpose)
        return self._route.methods(purpose)

    @sealed_async
    async def start(
        self,
        phone: str | PhoneNumber,
        *,
        purpose: str = "login",
        method: Method | None = None,
        client_ip: str | None = None,
    ) -> Attempt:
        """Call the person, or lease a number to call; return what the person must do.

        The channels are asked in their order until one can. ``method`` leaves out the
        others. ``client_ip`` is whom to count the start for. When an answer is lost,
        the attempt comes back as Unknown: nobody knows whether the phone rings, and it
        is not rung again for a while.

        A caller who is cancelled does not stop it.

        Raises InvalidPhoneNumber, also for a type that the policy does not allow;
        TooManyAttempts and RingLocked with ``retry_after``; NoChannelLeft; the
        ProviderError of a refusal; StoreError; AnswerLost when it is closed meanwhile;
        ConfigurationError for a purpose, method or address that is none.
        """
        number = phone if isinstance(phone, PhoneNumber) else PhoneNumber.parse(phone)
        if not self._policy.allows(number):
            raise InvalidPhoneNumber("expected a number of a type that may be called")
        _require_purpose(purpose)
        _require_address(client_ip)
        route = self._route.names(purpose, method)
        work = partial(self._starts.start, number, purpose, route, client_ip)
        return (await self._tasks.run("start", work)).attempt

    @sealed_async
    async def submit(self, attempt_id: AttemptId, typed: str) -> Outcome:
        """Take what the person typed; return how the attempt stands then.

        Separators do not matter, and a whole number pasted from the call log counts by
        its last digits. A wrong pin leaves it Pending while tries are left, and then
        makes it Rejected. Only one of those who submit the right pin gets Confirmed.

        Raises AttemptNotFound, AttemptSettled when it has another outcome than Expired,
        ConfigurationError for something else than digits and when no pin is waited for.
        """
        step = partial(self._typed, typed)
        return (await self._change("submit", attempt_id, step)).outcome

    @sealed_async
    async def wait(self, attempt_id: AttemptId) -> Outcome:
        """Return the outcome, at the latest when the time of the attempt is over.

        Whatever brings it: the call, the webhook, ``submit`` in this or another
        process, the expiry.

        Raises AttemptNotFound, StoreError, ConfigurationError when it is closed.
        """
        return await self._caretaker.wait(attempt_id)

    @sealed_async
    async def get(self, attempt_id: AttemptId) -> Attempt:
        """Return how the attempt stands.

        Raises AttemptNotFound, StoreError.
        """
        return (await self._casebook.get(attempt_id)).attempt

    @sealed_async
    async def next_channel(
        self, attempt_id: AttemptId, *, client_ip: str | None = None
    ) -> Attempt:
        """Ask the next channel, since nothing came from this one.

        The present challenge is void once a channel is asked: what a provider refuses
        then ends the attempt. When it is refused before that, the challenge stands.
        ``client_ip`` is whom to count the start for.

        Raises RingLocked while the phone may still ring and while a channel is being
        asked already (a second click), TooManyAttempts, NoChannelLeft, AttemptNotFound,
        AttemptSettled; the ProviderError of a refusal; StoreError, ConfigurationError.
        """
        _require_address(client_ip)
        work = partial(self._starts.next_channel, attempt_id, client_ip)
        return (await self._tasks.run("next_channel", work)).attempt

    @sealed_async
    async def next_in(self, attempt_id: AttemptId) -> float | None:
        """Return in how many seconds the next channel may be asked, at the earliest.

        None when there is none left, and while nothing could be given up for it. What
        is counted may make ``next_channel`` refuse even then.

        Raises AttemptNotFound, StoreError.
        """
        return await self._placing.next_in(await self._casebook.get(attempt_id))

    @sealed_async
    async def cancel(self, attempt_id: AttemptId) -> Attempt:
        """End the attempt: nothing that comes later confirms it.

        Raises AttemptNotFound, AttemptSettled, StoreError.
        """
        return (await self._change("cancel", attempt_id, flow.cancelled)).attempt

    @sealed_async
    async def receive(self, hint: WebhookHint) -> None:
        """Let a webhook make us ask the provider, once per second at most.

        It proves nothing itself: anybody can send one. Unknown, late and repeated ones
        do nothing.

        Raises ConfigurationError for something else than a WebhookHint, StoreError.
        """
        await self._tasks.run("receive", partial(self._caretaker.receive, hint))

    @sealed
    def webhook_url(self, attempt: Attempt) -> str:
        """Return the URL for webhooks of this attempt, which nobody can guess.

        Raises ConfigurationError without a ``webhook_base``.
        """
        if self._webhooks is None:
            raise ConfigurationError("expected a Verifier with a webhook_base")
        return self._webhooks + self._pepper.path(attempt.id)

    def check_webhook_path(self, path: str) -> bool:
        """Say whether the last part of a URL was made here, in constant time."""
        return isinstance(path, str) and self._pepper.is_path(path)

    async def aclose(self) -> None:
        """Close it; live attempts stay stored, for another process to finish.

        Calls on their way have 5 s to end; then they are given up as unknown.
        """
        self._caretaker.close()
        for stop in self._stop_listening:
            stop()
        try:
            await self._tasks.aclose()
            # Otherwise the others find out by themselves, a little later.
            with suppress(CallAuthError):
                await self._caretaker.leave()
        finally:
            await self._store.aclose()

    async def __aenter__(self) -> Self:
        self._tasks.require_open()
        try:
            await self._store.open()
            await self._require_pepper_of_store()
            await self._caretaker.open()
        except BaseException:
            await self.aclose()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _require_pepper_of_store(self) -> None:
        # Under another one no lock has the name that it has for the other processes,
        # and a phone that is locked would ring again.
        now, ours = self._clock.now(), self._pepper.name("pepper", "")
        lock = await self._store.lock("pepper", ours, until=now + _FOR_EVER, now=now)
        if lock.owner != ours:
            raise ConfigurationError("expected the pepper that the store began with")

    async def _change(
        self, operation: str, attempt_id: AttemptId, step: Step
    ) -> StoredAttempt:
        # In a task of ours: who wins must also tell those who wait.
        work = partial(self._casebook.change, attempt_id, step)
        return await self._tasks.run(operation, work)

    def _typed(self, typed: str, stored: StoredAttempt, now: datetime) -> StoredAttempt:
        # Typed late, or late by a moment, is the same to the person.
        if stored.state is State.EXPIRED:
            return stored
        is_right = stored.pin_mac is not None and self._pepper.is_pin(
            stored.pin_mac,
            stored.id,
            stored.phone,
            digits=stored.digits or 0,
            typed=typed,
        )
        return flow.typed(stored, now, is_right=is_right)

    def _suspect(self, phone: PhoneNumber, clause: str) -> None:
        event = SuspiciousAttempt(attempt_id=None, phone=phone, clause=clause)
        self._hooks.emit(event)


def _by_name(channels: Iterable[Channel]) -> dict[str, Channel]:
    by_name: dict[str, Channel] = {}
    for channel in channels:
        require_channel(channel)
        if channel.name in by_name:
            raise ConfigurationError(f"expected each channel once: {channel.name}")
        by_name[channel.name] = channel
    if not by_name:
        raise ConfigurationError("expected at least one channel")
    return by_name


def _require_purpose(purpose: object) -> None:
    if not isinstance(purpose, str) or not purpose:
        raise ConfigurationError("expected a purpose, as text")


def _require_address(client_ip: object) -> None:
    if not isinstance(client_ip, str | None):
        raise ConfigurationError("expected the address of a client as text")


def _directory(url: str) -> str:
    return webhook_url(url).reveal().rstrip("/") + "/"
