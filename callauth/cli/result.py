"""Result: how one verification ended, as the command line tells it."""

from __future__ import annotations

from collections.abc import Awaitable
from types import MappingProxyType
from typing import TypeAlias, assert_never

from attrs import frozen

from ..errors import (
    AnswerLost,
    NotSent,
    ProtocolError,
    ProviderError,
    ProviderUnavailable,
)
from ..models.method import Method
from ..models.outcome import Confirmed, Expired, Rejected, Unknown
from ..transport.port import Clock


@frozen(kw_only=True)
class Refused:
    """The provider said no, or nothing was sent to it: nobody was called."""

    reason: str
    is_sent: bool = True


Result: TypeAlias = Confirmed | Rejected | Expired | Unknown | Refused


_EXPIRES_AS = MappingProxyType(
    {
        Method.FLASH_CALL: "no code was typed in time",
        Method.VOICE_OTP: "no code was typed in time",
        Method.REVERSE_CALL: "no call from the number in time",
    }
)


async def result_of(
    work: Awaitable[Confirmed | Rejected | Expired | Unknown], clock: Clock
) -> Result:
    """Return how the work ended, with the errors of an exchange as results.

    An answer that was lost or not understood makes it unknown: what was asked for may
    have happened.
    """
    try:
        return await work
    except NotSent as error:
        return Refused(reason=f"not sent ({error.clause})", is_sent=False)
    except AnswerLost as error:
        return Unknown(at=clock.now(), reason=f"answer lost ({error.clause})")
    except ProtocolError:
        return Unknown(at=clock.now(), reason="answer not understood")
    except ProviderUnavailable as error:
        return Unknown(at=clock.now(), reason=_refusal(error))
    except ProviderError as error:
        return Refused(reason=_refusal(error))


def reason_of(result: Result, method: Method) -> str:
    """Return why it ended so, in a few words; nothing for a confirmation."""
    match result:
        case Confirmed():
            return ""
        case Expired():
            return _EXPIRES_AS[method]
        case Rejected() | Unknown() | Refused():
            return result.reason
    assert_never(result)


def _refusal(error: ProviderError) -> str:
    return error.meaning if error.code is None else f"{error.code} {error.meaning}"
