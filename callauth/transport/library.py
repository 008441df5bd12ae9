"""Library: httpx or httpx2, whichever serves one transport.

They have the same names and different classes; httpx2 brings an httpcore2 of its own.
What a transport needs of its library is bound once, so that no code path meets both.
"""

from __future__ import annotations

import importlib
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias

import anyio
from attrs import frozen

from ..errors import ConfigurationError

if TYPE_CHECKING:
    import httpx
    import httpx2

Given: TypeAlias = "httpx.AsyncBaseTransport | httpx2.AsyncBaseTransport"
Name: TypeAlias = Literal["httpx", "httpx2"]
_CORES: dict[str, str] = {"httpx": "httpcore", "httpx2": "httpcore2"}


@frozen(kw_only=True)
class Library:
    """Hold what is used of httpx or httpx2, under the names that both give it.

    ``core`` names the package below, whose loggers are to be silent. ``failures`` is
    what the library and the sockets below it raise, ``never_connected`` what they raise
    when certainly no byte left.
    """

    core: str
    request: type[httpx.Request]
    timeout: type[httpx.Timeout]
    limits: type[httpx.Limits]
    proxy: type[httpx.Proxy]
    transport: type[httpx.AsyncHTTPTransport]
    byte_stream: type[httpx.AsyncByteStream]
    stream_error: type[httpx.StreamError]
    invalid_url: type[httpx.InvalidURL]
    timed_out: type[httpx.TimeoutException]
    never_connected: tuple[type[Exception], ...]
    failures: tuple[type[Exception], ...]


def library(name: Name | None, given: Given | None) -> Library:
    """Return the one of that name, or the one that a given transport belongs to.

    Raises ConfigurationError for another name, for a transport that belongs to the
    other library, and when it is not installed.
    """
    if name is not None and name not in _CORES:
        raise ConfigurationError("expected a module of httpx, httpx2")
    owner = None if given is None else _owner(given)
    if name and owner and name != owner:
        raise ConfigurationError(f"expected a transport of {name}, not of {owner}")
    return _load(name or owner or "httpx")


def _owner(given: Given) -> Name | None:
    """Return whose transport it is, None for one that stands alone."""
    roots = {base.__module__.partition(".")[0] for base in type(given).__mro__}
    if "httpx2" in roots:
        return "httpx2"
    return "httpx" if "httpx" in roots else None


@cache
def _load(name: str) -> Library:
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise ConfigurationError(f"expected {name} to be installed") from None
    # An application can let httpx2 stand in for httpx under its name.
    core = _CORES[module.__name__]
    # Otherwise the first call would wait for it.
    importlib.import_module(core)
    return Library(
        core=core,
        request=module.Request,
        timeout=module.Timeout,
        limits=module.Limits,
        proxy=module.Proxy,
        transport=module.AsyncHTTPTransport,
        byte_stream=module.AsyncByteStream,
        stream_error=module.StreamError,
        invalid_url=module.InvalidURL,
        timed_out=module.TimeoutException,
        never_connected=(
            module.ConnectError,
            module.ConnectTimeout,
            module.PoolTimeout,
            module.UnsupportedProtocol,
        ),
        # Unicode before anything is sent.
        failures=(
            module.HTTPError,
            module.InvalidURL,
            module.StreamError,
            OSError,
            EOFError,
            UnicodeError,
            anyio.ClosedResourceError,
        ),
    )
