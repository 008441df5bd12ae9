"""Attempt: one verification of one number, from challenge to outcome."""

from __future__ import annotations

from datetime import datetime
from typing import NewType

from attrs import frozen

from .challenge import Challenge
from .method import Method
from .outcome import Outcome
from .phone import PhoneNumber

AttemptId = NewType("AttemptId", str)
"""The name of an attempt: 128 random bits as text, safe in a URL and in a log."""


@frozen(kw_only=True)
class Attempt:
    """Hold how one verification stands.

    ``challenge`` is what the person must do, None when there is nothing to do.
    ``channel`` names what asks for it, such as "flash_call:callpass". ``tries_left`` is
    how often a pin may still be typed, None without a pin.
    """

    id: AttemptId
    phone: PhoneNumber
    purpose: str
    method: Method
    channel: str
    challenge: Challenge | None
    outcome: Outcome
    started_at: datetime
    tries_left: int | None = None
