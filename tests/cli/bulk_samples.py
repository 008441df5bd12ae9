"""Sample numbers whose people in the sandbox behave as it is told here."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from callauth.cli.bulk_channel import Crowd
from callauth.models.phone import PhoneNumber
from callauth.sandbox import Answer, Sandbox


def people(answer: Answer, *, is_lost: bool = False) -> Iterator[str]:
    """Return numbers of those who do that; ``is_lost`` when their answer gets lost."""
    sandbox = Sandbox()
    crowd = Crowd(sandbox)
    for number in count(79997650000):
        phone = PhoneNumber(f"+{number}")
        fault = crowd("callpass", "start-call-password", phone)
        same = sandbox.network.subscribers[phone].answers is answer
        if same and (fault is not None) is is_lost:
            yield phone.e164
