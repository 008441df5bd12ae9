from __future__ import annotations

import pytest

from callauth.cli.result import Refused, Result, reason_of, result_of
from callauth.errors import (
    AnswerLost,
    CallAuthError,
    ConfigurationError,
    NotSent,
    NumberBlocked,
    ProtocolError,
    ProviderError,
    ProviderUnavailable,
)
from callauth.models.method import Method
from callauth.models.outcome import Confirmed, Expired, Rejected, Unknown
from callauth.transport.clock import ManualClock
from tests.support.refusals import refused

CLOCK = ManualClock()
NOW = CLOCK.now()
WHO = ("callpass", "start-call-password")


async def failing(error: CallAuthError) -> Confirmed:
    raise error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            NotSent(*WHO, "no route"),
            Refused(reason="not sent (no route)", is_sent=False),
        ),
        (AnswerLost(*WHO, "reset"), Unknown(at=NOW, reason="answer lost (reset)")),
        (ProtocolError(*WHO, "x"), Unknown(at=NOW, reason="answer not understood")),
        (
            ProviderUnavailable(*WHO, 4, "FAIL_BACKEND"),
            Unknown(at=NOW, reason="4 FAIL_BACKEND"),
        ),
        (NumberBlocked(*WHO, 12, "BLOCKED_PHONE"), Refused(reason="12 BLOCKED_PHONE")),
        (ProviderError(*WHO, None, "REFUSED"), Refused(reason="REFUSED")),
    ],
)
async def test_an_error_of_the_exchange_becomes_a_result(
    error: CallAuthError, expected: Result
) -> None:
    """Only what surely did not ring is called refused; the rest is unknown."""
    assert await result_of(failing(error), CLOCK) == expected


async def test_bad_settings_are_no_result() -> None:
    """They end the command."""
    with refused(ConfigurationError, match="expected an open client"):
        await result_of(failing(ConfigurationError("expected an open client")), CLOCK)


@pytest.mark.parametrize(
    ("result", "method", "reason"),
    [
        (Confirmed(at=NOW, assurance="code"), Method.FLASH_CALL, ""),
        (Expired(at=NOW), Method.VOICE_OTP, "no code was typed in time"),
        (Expired(at=NOW), Method.REVERSE_CALL, "no call from the number in time"),
        (Rejected(at=NOW, reason="why"), Method.FLASH_CALL, "why"),
        (Unknown(at=NOW, reason="why"), Method.FLASH_CALL, "why"),
        (Refused(reason="why"), Method.FLASH_CALL, "why"),
    ],
)
def test_each_result_has_its_reason(
    result: Result, method: Method, reason: str
) -> None:
    """An expiry means something else when the person had to dial."""
    assert reason_of(result, method) == reason
