from __future__ import annotations

import pytest

from callauth.errors import ConfigurationError
from callauth.models.cause import HangupCause
from tests.support.refusals import refused


@pytest.mark.parametrize("name", ["NORMAL_CLEARING", "NO_ANSWER", "USER_BUSY"])
def test_these_causes_say_that_the_number_was_shown(name: str) -> None:
    """After a missed call they are no failures: calling again would ring twice."""
    assert HangupCause(name).shows_caller_id


@pytest.mark.parametrize("name", ["SUBSCRIBER_ABSENT", "CALL_REJECTED", "no_answer"])
def test_any_other_cause_says_nothing(name: str) -> None:
    """What is not documented is not believed."""
    assert not HangupCause(name).shows_caller_id


@pytest.mark.parametrize(
    "name", ["RECOVERY_ON_TIMER_EXPIRE", "x", "Q.850 127", "A" * 64]
)
def test_a_cause_that_nobody_has_seen_is_kept(name: str) -> None:
    """The set is open: a new name must not break a verification."""
    assert str(HangupCause(name)) == name
    assert HangupCause(name) == HangupCause(name)


@pytest.mark.parametrize(
    "name", ["", "A" * 65, "NO\nANSWER", "ОТВЕТ", "\x00", "\ud800"]
)
def test_what_is_no_name_is_refused(name: str) -> None:
    """A cause goes to logs and to metrics."""
    with refused(ConfigurationError, match="1 to 64 printable ASCII"):
        HangupCause(name)
