"""Method: the three ways to verify a phone by a call."""

from __future__ import annotations

from enum import Enum


class Method(Enum):
    """Name what happens on the phone."""

    VOICE_OTP = "voice_otp"
    """A call speaks the code."""
    FLASH_CALL = "flash_call"
    """A missed call comes; its caller ID ends with the code."""
    REVERSE_CALL = "reverse_call"
    """The person dials a leased number; the caller ID proves possession."""
