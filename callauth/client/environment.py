"""Settings from environment variables."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TypedDict

from ..errors import ConfigurationError
from ..protocol.retry import RetryPolicy
from ..protocol.schedule import PollSchedule
from ..transport.choice import Auto
from ..transport.port import Clock, Transport
from .events import Hook


class ClientOptions(TypedDict, total=False):
    """What every client takes beside its credentials."""

    base_url: str
    transport: Transport | Auto
    retry: RetryPolicy
    poll: PollSchedule
    hooks: Iterable[Hook]
    clock: Clock


def settings(*names: str) -> list[str]:
    """Return the values of those variables.

    Raises ConfigurationError that names every one that is missing or blank.
    """
    missing = [name for name in names if not os.environ.get(name, "").strip()]
    if missing:
        raise ConfigurationError(
            f"expected the environment variables {', '.join(missing)}"
        )
    return [os.environ[name].strip() for name in names]


def optional_setting(name: str) -> str | None:
    """Return the value of that variable, None when it is missing or blank."""
    return os.environ.get(name, "").strip() or None


def with_base_url(options: ClientOptions, name: str) -> ClientOptions:
    """Return the options with the base URL of that variable, unless they have one."""
    value = optional_setting(name)
    return options if value is None else {"base_url": value, **options}
