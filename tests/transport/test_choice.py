from __future__ import annotations

import sys

import pytest

from callauth import ConfigurationError, HttpxTransport, ScriptedTransport, Transport
from callauth.transport.choice import chosen
from tests.support.refusals import refused

_LIBRARIES = ["httptools", "aiohttp", "httpx2", "httpx"]


def _name(transport: Transport) -> str:
    """Return its class, and the library below that of httpx."""
    core = transport._library.core if isinstance(transport, HttpxTransport) else ""
    return f"{type(transport).__name__} {core}".rstrip()


@pytest.mark.parametrize(
    ("hidden", "expected"),
    [
        (0, "NativeTransport"),
        (1, "AiohttpTransport"),
        (2, "HttpxTransport httpcore2"),
        (3, "HttpxTransport httpcore"),
    ],
)
def test_auto_takes_the_first_that_is_installed(
    hidden: int, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever installs an extra wants to have it used."""
    for library in _LIBRARIES[:hidden]:
        monkeypatch.setitem(sys.modules, library, None)

    assert _name(chosen("auto")) == expected


def test_the_default_is_httpx_whatever_is_installed() -> None:
    """What an application imports elsewhere must not change how we send."""
    assert _name(chosen(None)) == "HttpxTransport httpcore"


def test_what_is_given_is_taken() -> None:
    """Whoever brings a transport knows why."""
    given = ScriptedTransport()

    assert chosen(given) is given


def test_another_text_is_refused() -> None:
    """A slip of the keyboard must not come up with the first call."""
    with refused(ConfigurationError, match='"auto"'):
        chosen("native")  # type: ignore[arg-type] # by mistake


def test_nothing_to_choose_from_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It must be said what is missing."""
    for library in _LIBRARIES:
        monkeypatch.setitem(sys.modules, library, None)

    with refused(ConfigurationError, match="httpx to be installed"):
        chosen("auto")
