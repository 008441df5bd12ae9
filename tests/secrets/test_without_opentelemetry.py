"""Most applications have no OpenTelemetry, and notice nothing."""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from callauth import ConfigurationError, ScriptedTransport
from callauth.client import telemetry
from tests.support.refusals import refused

_ROOT = Path(__file__).parents[2]
# Hides a package as if it was not installed, then verifies a number in the sandbox.
_PROGRAM = """
import asyncio
import sys

for name in sys.argv[1:]:
    sys.modules[name] = None

from callauth import ConfigurationError, ManualClock, NeroTechClient, PhoneNumber
from callauth import Sandbox
from callauth.client import telemetry


async def main():
    async with Sandbox(clock=ManualClock()) as sandbox:
        transport = sandbox.transport()
        try:
            transport = telemetry.TracedTransport(transport)
        except ConfigurationError as error:
            print(error)
        async with NeroTechClient(
            1, "key", transport=transport, clock=sandbox.clock
        ) as client:
            print(await client.voicemail(PhoneNumber("+79001234567")) and "called")


print(telemetry.IS_INSTALLED)
with telemetry.uninstrumented():
    asyncio.run(main())
print(any(name.startswith("opentelemetry.sdk") for name in sys.modules))
"""


def _printed(*hidden: str) -> list[str]:
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROGRAM, *hidden],
        capture_output=True,
        text=True,
        check=False,
        cwd=_ROOT,
    )
    assert run.stderr == ""
    return run.stdout.splitlines()


def test_without_it_clients_work_and_there_are_no_spans() -> None:
    """The extra is named to whoever asks for spans."""
    assert _printed("opentelemetry") == [
        "False",
        "expected the extra callauth[otel]",
        "called",
        "False",
    ]


@pytest.mark.parametrize(
    "hidden", ["opentelemetry.instrumentation", "opentelemetry.instrumentation.utils"]
)
def test_without_instrumentations_there_are_spans(hidden: str) -> None:
    """Then there is nothing to be kept out."""
    assert _printed(hidden) == ["True", "called", "False"]


def _loaded_again() -> ModuleType:
    """Return the module as it is when it is imported now."""
    spec = spec_from_file_location("callauth.client.again", telemetry.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_extra_is_named_when_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spans that are silently missing would be looked for in vain."""
    for name in ("opentelemetry", "opentelemetry.instrumentation.utils"):
        monkeypatch.setitem(sys.modules, name, None)
    bare = _loaded_again()

    with refused(ConfigurationError, match=r"the extra callauth\[otel\]"):
        bare.TracedTransport(ScriptedTransport())
    assert (bare.IS_INSTALLED, bare.uninstrumented) == (False, nullcontext)


def test_an_instrumentation_that_is_not_installed_is_not_kept_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The spans of the application are another package than those of httpx."""
    monkeypatch.setitem(sys.modules, "opentelemetry.instrumentation.utils", None)
    bare = _loaded_again()

    assert bare.TracedTransport(ScriptedTransport())
    assert (bare.IS_INSTALLED, bare.uninstrumented) == (True, nullcontext)


def test_with_all_of_it_nothing_is_loaded_that_is_not_needed() -> None:
    """Importing the package starts no SDK."""
    assert _printed() == ["True", "called", "False"]
