"""Plant canaries in every test; ``tests.support`` tells how to use them."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.support.canaries import Canaries, report, watched
from tests.support.examples import Examples
from tests.support.output import ScannedOutput

pytest.register_assert_rewrite("tests.support.refusals")

_CANARIES = pytest.StashKey[Canaries]()
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]

settings.register_profile(
    "quick", max_examples=60, deadline=None, derandomize=True, database=None
)
settings.register_profile(
    "campaign",
    max_examples=int(os.environ.get("CALLAUTH_EXAMPLES", "1000")),
    deadline=None,
    suppress_health_check=_SLOW,
    print_blob=True,
)
settings.load_profile("campaign" if "CALLAUTH_EXAMPLES" in os.environ else "quick")


def pytest_configure(config: pytest.Config) -> None:
    """Collect the examples of the README and of the docstrings, too."""
    config.pluginmanager.register(Examples(), "examples")


@pytest.fixture(autouse=True)
def canaries(request: pytest.FixtureRequest) -> Iterator[Canaries]:
    """Give made-up secrets, and fail the test when one of them is seen."""
    with watched() as planted:
        request.node.stash[_CANARIES] = planted
        yield planted
    planted.check()


@pytest.fixture
def capsys(capsys: pytest.CaptureFixture[str], canaries: Canaries) -> ScannedOutput:
    """Scan what a test reads, since nobody sees it afterwards."""
    return ScannedOutput(capsys, canaries)


@pytest.fixture
def capfd(capfd: pytest.CaptureFixture[str], canaries: Canaries) -> ScannedOutput:
    """Scan what a test reads, since nobody sees it afterwards."""
    return ScannedOutput(capfd, canaries)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Scan what the test wrote to stdout and stderr, once its capture is over."""
    outcome = yield
    planted = item.stash.get(_CANARIES, None)
    if planted is None:
        return outcome
    for title, text in outcome.sections:
        if "stdout" in title or "stderr" in title:
            planted.scan(text, title)
    leaks = planted.take_leaks() if outcome.passed else []
    if leaks:
        outcome.outcome = "failed"
        outcome.longrepr = report(leaks)
    return outcome
