"""Choice: which transport a client has, when it is told by name or not at all."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import Final, Literal, TypeAlias

from ..errors import ConfigurationError
from .port import Transport

Auto: TypeAlias = Literal["auto"]
AUTO: Final = "auto"

# The library that a transport needs, its module and class, and its options; the fastest
# come first, and httpx2 before httpx, since who installs it wants it.
_TRANSPORTS: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("httptools", ".native", "NativeTransport", {}),
    ("aiohttp", ".aiohttp", "AiohttpTransport", {}),
    ("httpx2", ".httpx", "HttpxTransport", {"module": "httpx2"}),
    ("httpx", ".httpx", "HttpxTransport", {}),
)


def chosen(transport: Transport | Auto | None) -> Transport:
    """Return the one that was given, or a new one, over httpx unless it says "auto".

    Raises ConfigurationError for any other text, and when nothing is installed.
    """
    if transport is not None and not isinstance(transport, str):
        return transport
    if transport not in (None, AUTO):
        raise ConfigurationError('expected a transport or "auto"')
    several = _TRANSPORTS if transport == AUTO else _TRANSPORTS[-1:]
    for library, module, name, options in several:
        if _is_installed(library):
            # Imported now, since each needs a library that may be missing.
            make = getattr(import_module(module, __package__), name)
            made: Transport = make(**options)
            return made
    raise ConfigurationError("expected httpx to be installed")


def _is_installed(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ValueError:  # somebody hides it
        return False
