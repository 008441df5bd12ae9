from __future__ import annotations

import sys
from datetime import timedelta

import anyio
import pytest

from callauth.cli.console import Console
from callauth.cli.qr import qr_lines
from callauth.cli.terminal import TerminalPerson
from callauth.models.cause import HangupCause
from callauth.models.instructions import spaced
from callauth.models.lease import NumberLease
from callauth.models.phone import PhoneNumber
from callauth.transport.clock import ManualClock
from tests.support.canaries import Canaries

SERVICE = PhoneNumber("+79123456789")


@pytest.fixture
def person(canaries: Canaries) -> TerminalPerson:
    return TerminalPerson(
        console=Console(), clock=ManualClock(), phone=canaries.phone(), asks_for="{}"
    )


def lease_of(person: TerminalPerson) -> NumberLease:
    return NumberLease.from_sent_at(
        number=SERVICE,
        user=person.phone,
        lease_id=1,
        sent_at=person.clock.now() - timedelta(seconds=3),
    )


def test_the_number_to_dial_is_shown_with_the_time_that_is_left(
    person: TerminalPerson, capsys: pytest.CaptureFixture[str]
) -> None:
    """The provider counts from its request, not from the first look."""
    person.sees(lease_of(person))

    shown = capsys.readouterr().out
    assert shown == (
        f"From {person.phone} dial +7 912 345-67-89 within 112 seconds: "
        "tel:+79123456789\n"
    )


async def test_on_a_terminal_the_time_is_counted_down(
    person: TerminalPerson,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two minutes without a sign would look like a fault."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    person.console = Console()
    person.sees(lease_of(person))
    with anyio.CancelScope() as scope:
        person.clock.call_later(130.0, scope.cancel)
        await person.attend()

    shown = capsys.readouterr().out
    assert "one last question to the provider" in shown


async def test_a_file_is_not_counted_down_in(person: TerminalPerson) -> None:
    """It would be a hundred lines."""
    person.sees(lease_of(person))

    await person.attend()


@pytest.mark.parametrize(
    ("cause", "is_told"), [("SUBSCRIBER_ABSENT", True), ("NO_ANSWER", False)]
)
def test_only_a_call_that_may_have_failed_is_told_of(
    person: TerminalPerson,
    capsys: pytest.CaptureFixture[str],
    cause: str,
    *,
    is_told: bool,
) -> None:
    """For a missed call "no answer" is what should happen."""
    person.learns(HangupCause(cause))

    assert (cause in capsys.readouterr().out) is is_told


@pytest.mark.parametrize(
    ("number", "text"),
    [("+79123456789", "+7 912 345-67-89"), ("+442079460958", "+442079460958")],
)
def test_a_number_to_dial_is_spelled_as_at_home(number: str, text: str) -> None:
    """It is copied by eye."""
    assert spaced(PhoneNumber(number)) == text


def test_a_qr_code_is_a_square_of_blocks() -> None:
    """Each character is two modules high."""
    lines = qr_lines("tel:+79123456789")

    assert {len(line) for line in lines} == {25}
    assert len(lines) == 13
    assert set("".join(lines)) == set(" ▀▄█")


def test_without_the_extra_there_is_no_qr_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number and the link do as well."""
    monkeypatch.setitem(sys.modules, "segno", None)

    assert qr_lines("tel:+79123456789") == []
