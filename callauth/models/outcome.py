"""Outcome: how an attempt stands; values, not exceptions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from attrs import frozen

Assurance: TypeAlias = Literal["code", "caller_id"]
"""What was proven.

``code``: a secret reached the phone. ``caller_id``: a call came from the number; a
caller ID can be forged, so do not use it for payments or account recovery.
"""


@frozen
class Pending:
    """Nothing has decided it yet; wrong pins may have been typed."""


@frozen(kw_only=True)
class Confirmed:
    """The person holds the number, to the degree that ``assurance`` says."""

    at: datetime
    assurance: Assurance


@frozen(kw_only=True)
class Rejected:
    """The attempt failed: nobody was verified, and ``reason`` says why.

    Too many wrong pins, another caller, a call that was refused, or it was cancelled.
    """

    at: datetime
    reason: str


@frozen(kw_only=True)
class Expired:
    """Nobody proved anything in time."""

    at: datetime


@frozen(kw_only=True)
class Unknown:
    """An answer was lost and nobody can say what happened: neither yes nor no."""

    at: datetime
    reason: str


Outcome: TypeAlias = Pending | Confirmed | Rejected | Expired | Unknown
