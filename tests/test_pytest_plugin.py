"""The fixtures for other people's tests, in runs of pytest like theirs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

import callauth
from callauth import ManualClock, Sandbox, TelefonIPClient
from callauth.sandbox import Subscriber, WebhookSent
from tests.support.canaries import Canaries

pytest_plugins = ["pytester"]

_ROOT = Path(callauth.__file__).parents[1]
_MODULES_AFTERWARDS = """
import json, sys

def pytest_unconfigure(config):
    print("modules:", json.dumps(sorted(sys.modules)))
"""
_IN_A_THREAD = """
import pytest
from starlette.testclient import TestClient
from callauth import ManualClock
from test_account import PHONE, make_app

@pytest.fixture
def callauth_clock():
    return ManualClock(autojump=False)

def test_a_clock_that_is_turned_by_hand(callauth_sandbox, callauth_clock):
    app = make_app(callauth_sandbox.transport(), callauth_clock)
    with TestClient(app, base_url="https://app.example") as browser:
        started = browser.post("/verifications", json={"phone": PHONE.e164}).json()
        pin = {"pin": callauth_sandbox.network.typed(PHONE)}
        browser.post(f"/verifications/{started['id']}/pin", json=pin)
        assert browser.get("/account").status_code == 200
        browser.portal.call(callauth_clock.advance, 3600)
        assert browser.get("/account").status_code == 401
"""

_KEPT = """
from callauth.sandbox.visit import Unanswered
from callauth.sandbox.wire import Arrival

ARRIVAL = Arrival(method="GET", path="/")
kept = []

def test_a_sandbox_is_open(callauth_sandbox):
    kept.append(callauth_sandbox)
    assert kept[0].deliver(ARRIVAL) is not Unanswered.REFUSED

def test_it_is_closed_afterwards():
    assert kept[0].deliver(ARRIVAL) is Unanswered.REFUSED
"""


def _example() -> str:
    blocks = re.findall(
        r"^```python\n(# test_.*?)^```",
        (_ROOT / "README.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    assert len(blocks) == 1
    return str(blocks[0])


def _run(folder: Path, *arguments: str, plugins: tuple[str, ...]) -> str:
    """Return what pytest prints in that folder, where it must find no fault."""
    # A program of its own, so that nothing is loaded yet that this one has, and none
    # of the plugins of others that happen to be installed.
    chosen = [f"-p{name}" for name in ("no:cacheprovider", *plugins)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *chosen, *arguments],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(_ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("mode", ["auto", "strict"])
def test_the_example_runs_as_a_file_of_its_own(
    mode: str, pytester: pytest.Pytester
) -> None:
    """Whoever copies it sees it pass, whatever runs the coroutines."""
    example = _example()
    pytester.makepyfile(
        test_account=example,
        test_thread=_IN_A_THREAD,
        test_kept=_KEPT,
        test_anyio=example.replace("mark.asyncio", "mark.anyio"),
    )
    pytester.makeconftest(
        "import pytest\n@pytest.fixture\ndef anyio_backend(): return 'asyncio'"
    )

    printed = _run(
        pytester.path,
        f"--asyncio-mode={mode}",
        "--override-ini=asyncio_default_fixture_loop_scope=function",
        "-Werror",
        "-rA",
        plugins=("callauth", "asyncio", "anyio"),
    )

    assert sorted(re.findall(r"^PASSED (\w+)", printed, re.MULTILINE)) == [
        "test_account",
        "test_anyio",
        "test_kept",
        "test_kept",
        "test_thread",
    ]


def test_the_fixtures_are_listed(pytester: pytest.Pytester) -> None:
    """What nobody finds is not used; ``pytest --fixtures`` is where people look."""
    printed = _run(pytester.path, "--fixtures", plugins=("callauth",))

    listed = re.findall(r"^(callauth_\w+).*\n    (\w+)", printed, re.MULTILINE)
    assert sorted(listed) == [
        ("callauth_clock", "ManualClock"),
        ("callauth_sandbox", "Sandbox"),
    ]


def test_a_run_that_does_not_use_them_loads_nothing(pytester: pytest.Pytester) -> None:
    """Everybody's tests begin with it, those of other packages, too."""
    pytester.makepyfile("def test_nothing(): pass")
    pytester.makeconftest(_MODULES_AFTERWARDS)

    without, with_it = (
        _modules(_run(pytester.path, plugins=plugins))
        for plugins in ((), ("callauth",))
    )

    assert with_it - without == {"callauth", "callauth.pytest_plugin"}


def _modules(printed: str) -> set[str]:
    (found,) = re.findall(r"^modules: (.*)$", printed, re.MULTILINE)
    return set(json.loads(found))


def test_the_plugin_is_registered_once(pytestconfig: pytest.Config) -> None:
    """The checkout and what is installed are the same, and loading it twice fails."""
    points = {
        (each.name, each.value)
        for each in entry_points(group="pytest11")
        if each.name.startswith("callauth")
    }
    plugins = pytestconfig.pluginmanager.list_name_plugin()
    registered = [
        name
        for name, plugin in plugins
        if getattr(plugin, "__name__", "").startswith("callauth")
    ]

    assert points == {("callauth", "callauth.pytest_plugin")}
    assert registered == ["callauth"]


def test_the_sandbox_lives_by_the_clock(
    callauth_sandbox: Sandbox, callauth_clock: ManualClock
) -> None:
    """One that is turned alone would prove nothing about the other."""
    assert callauth_sandbox.clock is callauth_clock


async def test_a_webhook_reaches_nobody(
    callauth_sandbox: Sandbox, callauth_clock: ManualClock, canaries: Canaries
) -> None:
    """A test that forgets about it must not knock at somebody's door."""
    phone = canaries.phone()
    sandbox = callauth_sandbox
    sandbox.network.subscribers[phone] = Subscriber(dials_after_seconds=1.0)
    async with TelefonIPClient(
        canaries.secret(), transport=sandbox.transport(), clock=callauth_clock
    ) as client:
        await client.reverse_auth_phone_post(phone, webhook="https://app.example/hook")
        await callauth_clock.sleep(60.0)

    (sent,) = sandbox.ledger.entries(WebhookSent)
    assert (sent.status, sent.failure) == (None, "ConnectionRefusedError")
