"""What a Verifier tells its hooks: typed events that are safe to log."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from attrs import frozen

from ..models.attempt import AttemptId
from ..models.outcome import Outcome
from ..models.phone import PhoneNumber


@frozen(kw_only=True)
class AttemptStarted:
    """A person is to be verified; a channel is about to be asked."""

    attempt_id: AttemptId
    phone: PhoneNumber
    purpose: str
    channel: str


@frozen(kw_only=True)
class ChallengeIssued:
    """The phone rings, or there is a number to dial."""

    attempt_id: AttemptId
    phone: PhoneNumber
    channel: str


@frozen(kw_only=True)
class ChannelPassed:
    """Another channel is asked after this one, for the ``reason``.

    It placed nothing, could not be asked, or the person has heard nothing from it.
    """

    attempt_id: AttemptId
    phone: PhoneNumber
    channel: str
    reason: str


@frozen(kw_only=True)
class AttemptEnded:
    """The attempt has its outcome: confirmed, rejected, expired or unknown."""

    attempt_id: AttemptId
    phone: PhoneNumber
    purpose: str
    channel: str
    outcome: Outcome


@frozen(kw_only=True)
class StartLimited:
    """A limit of the policy was reached; with ``is_dry_run`` it refused nobody."""

    phone: PhoneNumber
    limit: str
    retry_after: float
    is_dry_run: bool


@frozen(kw_only=True)
class SuspiciousAttempt:
    """Something fits an attack; it verified nobody.

    ``attempt_id`` is None where no attempt is known to be meant.
    """

    attempt_id: AttemptId | None
    phone: PhoneNumber
    clause: str


VerificationEvent: TypeAlias = (
    AttemptStarted
    | ChallengeIssued
    | ChannelPassed
    | AttemptEnded
    | StartLimited
    | SuspiciousAttempt
)
VerificationHook: TypeAlias = Callable[[VerificationEvent], object]
