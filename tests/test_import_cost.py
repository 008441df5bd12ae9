"""Importing the package is cheap: what is not used is not loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
# Of the standard library, what takes long to load or belongs to HTTP.
_HEAVY = {"asyncio", "concurrent", "email", "http", "logging", "sqlite3", "ssl"}
_HTTP = {"aiohttp", "h11", "httpcore", "httptools", "httpx", "httpx2"}
_PROGRAM = """
import sys
before = set(sys.modules)
{}
print(*{{name.partition(".")[0] for name in set(sys.modules) - before}})
"""


def _loaded(statement: str) -> set[str]:
    """Return the packages and top modules that it loads in a fresh process."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROGRAM.format(statement)],
        capture_output=True,
        text=True,
        check=False,
        cwd=_ROOT,
    )
    assert run.stderr == ""
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "statement", ["import callauth", "import callauth; dir(callauth)"]
)
def test_the_package_alone_loads_nothing(statement: str) -> None:
    """A command line tool or a worker may import it and not verify anybody."""
    loaded = _loaded(statement)

    assert "callauth" in loaded
    assert loaded - sys.stdlib_module_names == {"callauth"}
    assert loaded.isdisjoint(_HEAVY)


def test_an_error_loads_nothing_beside_itself() -> None:
    """What only catches our errors is no client."""
    loaded = _loaded("from callauth import CallAuthError")

    assert loaded - sys.stdlib_module_names == {"callauth"}


def test_the_first_client_loads_what_it_needs() -> None:
    """The first call of a phone must not wait for an import."""
    loaded = _loaded("import callauth; callauth.CallPassClient('token')")

    assert {"asyncio", "attrs", "cattrs", "httpcore", "httpx"} <= loaded


def test_a_client_over_another_transport_loads_no_http_library() -> None:
    """Who brings a transport has chosen the library."""
    loaded = _loaded(
        "import callauth as c; c.CallPassClient('-', transport=c.ScriptedTransport())"
    )

    assert "cattrs" in loaded
    assert loaded.isdisjoint(_HTTP)


_WITHOUT_EXTRAS = """
import sys
for name in ("aiohttp", "httptools", "httpx2", "opentelemetry", "segno"):
    sys.modules[name] = None
from callauth import *
for transport in (AiohttpTransport, NativeTransport):
    try:
        transport()
    except ConfigurationError as error:
        print(error)
"""


def test_every_name_is_there_without_extras() -> None:
    """Only who makes something hears that its library is missing."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", _WITHOUT_EXTRAS],
        capture_output=True,
        text=True,
        check=False,
        cwd=_ROOT,
    )

    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        "expected the extra callauth[aiohttp] for an AiohttpTransport",
        "expected the extra callauth[fast] for a NativeTransport",
    ]
