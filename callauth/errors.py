"""Everything callauth raises, drawn once.

::

    CallAuthError
    ├─ ConfigurationError (also ValueError)       refused before anything was sent
    ├─ InvalidPhoneNumber (also ValueError)       refused before anything was sent
    ├─ TransportError                             no answer
    │   ├─ NotSent                                no byte left: nothing happened
    │   └─ AnswerLost                             bytes left: the effect is unknown
    ├─ ProtocolError                              an answer outside the contract
    ├─ ProviderError                              they answered "no"
    │   ├─ AuthenticationFailed
    │   ├─ InsufficientFunds
    │   ├─ ProviderUnavailable
    │   ├─ TestModeRefused
    │   ├─ NumberRejected
    │   │   ├─ NumberInvalid
    │   │   └─ NumberBlocked
    │   └─ RateLimited
    │       └─ CallInProgress
    ├─ StoreError                                 the store cannot be read or written
    └─ VerificationError                          the Verifier refuses; nobody was rung
        ├─ AttemptNotFound
        ├─ AttemptSettled
        ├─ TooManyAttempts
        ├─ RingLocked
        └─ NoChannelLeft

A wrong pin, a call not made yet, busy, no answer and expiry are outcomes, not
exceptions. Messages are one clause that names what was expected and what came.
They never hold a URL, a secret, a pin or a full number, and no exception keeps the
request or the cause that could.
"""

from __future__ import annotations

from typing import Self


class CallAuthError(Exception):
    """The root: catch it to catch everything callauth raises."""

    def bare(self) -> Self:
        """Return the error without the frames and causes that could hold a secret."""
        self.__cause__ = self.__context__ = None
        return self.with_traceback(None)

    def __reduce__(self) -> tuple[object, ...]:
        # Its arguments are not those of __init__, which pickle would call.
        return _restored, (type(self), self.args, vars(self))


def _restored(
    cls: type[CallAuthError], args: tuple[object, ...], fields: dict[str, object]
) -> CallAuthError:
    error = cls.__new__(cls, *args)
    vars(error).update(fields)
    return error


class ConfigurationError(CallAuthError, ValueError):
    """Bad input or set-up, refused before anything was sent."""


class InvalidPhoneNumber(CallAuthError, ValueError):
    """The text is no phone number that callauth may call."""


class _FromProvider(CallAuthError):
    """What every error of an exchange knows: who was asked for what."""

    def __init__(self, provider: str, operation: str, clause: str) -> None:
        super().__init__(f"{provider} {operation}: {clause}")
        self.provider = provider
        self.operation = operation


class TransportError(_FromProvider):
    """No answer arrived; the subclass says whether anything was sent.

    ``timed_out`` says that it took too long, ``is_ours`` that a limit of our own was in
    the way and not the provider. ``retry_after`` is in seconds, and None when nothing
    is known about it.
    """

    def __init__(
        self,
        provider: str,
        operation: str,
        clause: str,
        *,
        timed_out: bool = False,
        is_ours: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(provider, operation, clause)
        self.clause = clause
        self.timed_out = timed_out
        self.is_ours = is_ours
        self.retry_after = retry_after


class NotSent(TransportError):
    """No byte left this machine: nothing happened at the provider."""


class AnswerLost(TransportError):
    """Bytes left and no complete answer came: the effect is unknown.

    After a request that rings, the phone may be ringing.
    """


class ProtocolError(_FromProvider):
    """The answer is outside the contract, so nothing in it is believed."""


class ProviderError(_FromProvider):
    """The provider answered "no".

    ``code`` is the provider's number or None, ``meaning`` its documented name or a
    fixed phrase of ours. ``text`` is the provider's own message, cut to 200 printable
    characters: for logs, never for visitors.
    """

    def __init__(
        self,
        provider: str,
        operation: str,
        code: int | None,
        meaning: str,
        *,
        text: str = "",
    ) -> None:
        number = "" if code is None else f"{code} "
        super().__init__(provider, operation, f"refused: {number}{meaning}")
        self.code = code
        self.meaning = meaning
        self.text = text


class AuthenticationFailed(ProviderError):
    """The credentials, the allow-list or the project's set-up are refused."""


class InsufficientFunds(ProviderError):
    """The account is empty; another provider may still serve."""


class ProviderUnavailable(ProviderError):
    """The provider failed inside; it does not say whether the phone rang."""


class TestModeRefused(ProviderError):
    """A test call verifies nobody unless the application opted in."""

    __test__ = False  # pytest would collect the name


class NumberRejected(ProviderError):
    """The provider does not serve this number."""


class NumberInvalid(NumberRejected):
    """The provider says that this is no number."""


class NumberBlocked(NumberRejected):
    """The number is on the provider's block list."""


class RateLimited(ProviderError):
    """Too many requests; ``retry_after`` is in seconds, None when not stated."""

    def __init__(
        self,
        provider: str,
        operation: str,
        code: int | None,
        meaning: str,
        *,
        text: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(provider, operation, code, meaning, text=text)
        self.retry_after = retry_after


class CallInProgress(RateLimited):
    """A verification of this number is still under way."""


class StoreError(CallAuthError):
    """The store could not be read or written, as on a full disk."""


class VerificationError(CallAuthError):
    """The Verifier refuses; nobody was rung for it."""


class AttemptNotFound(VerificationError):
    """There is no attempt with this id, or it was purged."""


class AttemptSettled(VerificationError):
    """The attempt has its outcome already, or its time is over."""


class _NotNow(VerificationError):
    """What is refused for a while only; ``retry_after`` is in seconds."""

    def __init__(self, clause: str, *, retry_after: float) -> None:
        super().__init__(f"{clause}; try again in {retry_after:.0f} s")
        self.retry_after = retry_after


class TooManyAttempts(_NotNow):
    """A limit of the policy is reached; ``limit`` names it."""

    def __init__(self, limit: str, *, retry_after: float) -> None:
        super().__init__(f"expected fewer attempts: {limit}", retry_after=retry_after)
        self.limit = limit


class RingLocked(_NotNow):
    """The phone rings, may ring, or is waited for: nobody calls it meanwhile."""


class NoChannelLeft(VerificationError):
    """Every channel that the policy allows was tried or cannot be used now."""
