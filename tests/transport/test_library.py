"""Which of httpx and httpx2 serves a transport, and that the other is not needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Literal, NoReturn

import httpx
import httpx2
import pytest

import callauth
from callauth import ConfigurationError, HttpxTransport
from callauth.transport.library import Given, library
from tests.support.refusals import refused


class _StandsAlone:
    """Look like a transport of httpx, and inherit from none."""


def _never(request: object) -> NoReturn:
    raise AssertionError


@pytest.mark.parametrize(
    ("name", "given", "core"),
    [
        (None, None, "httpcore"),
        ("httpx", None, "httpcore"),
        ("httpx2", None, "httpcore2"),
        (None, httpx.MockTransport(_never), "httpcore"),
        (None, httpx2.MockTransport(_never), "httpcore2"),
        ("httpx2", httpx2.MockTransport(_never), "httpcore2"),
        (None, _StandsAlone(), "httpcore"),
        ("httpx2", _StandsAlone(), "httpcore2"),
    ],
)
def test_the_given_transport_decides_or_the_name(
    name: Literal["httpx", "httpx2"] | None, given: Given | None, core: str
) -> None:
    """The classes of one library mean nothing to the other."""
    assert library(name, given).core == core


def test_a_transport_of_the_other_library_is_refused() -> None:
    """Its errors would not be recognised, and a lost answer would crash."""
    with refused(ConfigurationError, match="of httpx2, not of httpx$"):
        HttpxTransport(module="httpx2", transport=httpx.MockTransport(_never))


def test_another_module_is_refused() -> None:
    """A mistake in the set-up must not come up with the first call."""
    with refused(ConfigurationError, match="httpx, httpx2"):
        HttpxTransport(module="requests")  # type: ignore[arg-type] # by mistake


# The package around it imports much more, so a bare one stands in for it.
_PROGRAM = """
import sys
import types

package = types.ModuleType("callauth")
package.__path__ = [sys.argv[1]]
sys.modules["callauth"] = package
sys.modules[sys.argv[2]] = None

from callauth.errors import ConfigurationError
from callauth.transport.httpx import HttpxTransport

HttpxTransport(module=sys.argv[3])
try:
    HttpxTransport(module=sys.argv[2])
except ConfigurationError as error:
    print(error)
"""


@pytest.mark.parametrize("missing", ["httpx", "httpx2"])
def test_only_the_library_that_is_used_must_be_there(missing: str) -> None:
    """Nobody installs two libraries to use one of them."""
    other = "httpx" if missing == "httpx2" else "httpx2"
    folder = Path(callauth.__file__).parent

    run = subprocess.run(
        [sys.executable, "-c", _PROGRAM, folder, missing, other],
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.stderr == ""
    assert run.stdout == f"expected {missing} to be installed\n"
