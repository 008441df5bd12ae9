from __future__ import annotations

import re
from pathlib import Path

import pytest

from callauth.cli.kinds import KINDS
from tests.support.canaries import Canaries

from .commands import run

GOOD_VERDICT = "rings twice: 0, false verifications: 0"


def listed(canaries: Canaries, path: Path, *lines: str) -> str:
    good = [canaries.text_phone() for _ in KINDS]
    path.write_text("\n".join([*good, *lines]), encoding="utf-8")
    return str(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "numbers.txt"


def test_the_demo_verifies_300_numbers_through_all_flows() -> None:
    """It is what a newcomer sees first, and it must be right every time."""
    result = run("demo", "--speed", "20")

    lines = result.output.splitlines()
    rows = {kind.title: row for kind in KINDS for row in lines if kind.title in row}
    assert result.exit_code == 0
    assert GOOD_VERDICT in lines
    assert all(int(row.split()[-8]) > 0 for row in rows.values())
    assert len(rows) == len(KINDS)
    assert not re.search(r"https?://|\+7\d{10}|\b[78]\d{10}\b", result.output)


def test_a_list_of_ones_own_is_verified(canaries: Canaries, path: Path) -> None:
    """Numbers are shown masked, and wrong lines with their reason."""
    slip = canaries.text_phone() + "1"

    result = run("demo", "--speed", "50", "--numbers", listed(canaries, path, slip))

    assert result.exit_code == 0
    assert "line 6" in result.output
    assert "got 12 digits" in result.output
    assert GOOD_VERDICT in result.output.splitlines()
    canaries.scan(result.output)


@pytest.mark.parametrize("width", ["60", "80", "120"])
def test_the_demo_moves_on_a_terminal(
    canaries: Canaries, path: Path, width: str
) -> None:
    """Bars where there is room for them, numbers everywhere."""
    env = {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": width}

    result = run("demo", "--speed", "50", "--numbers", listed(canaries, path), env=env)

    assert result.exit_code == 0
    assert "in the sandbox" in result.output
    assert ("━" in result.output) is (width == "120")
    canaries.scan(result.output)


def test_a_list_without_numbers_is_refused(path: Path) -> None:
    """There is nothing to show."""
    path.write_text("# nobody\n", encoding="utf-8")

    result = run("demo", "--numbers", str(path))

    assert result.exit_code == 2
    assert "expected a file with at least one phone number" in result.output


@pytest.mark.parametrize("speed", ["0", "-1", "51", "nan", "fast"])
def test_a_speed_that_no_clock_has_is_refused(speed: str) -> None:
    """It is refused before anything is printed."""
    result = run("demo", "--speed", speed)

    assert result.exit_code == 2
    assert "phone numbers by calls" not in result.output
