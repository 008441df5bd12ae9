from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from socket import socket

import pytest
from click.testing import Result

from callauth.cli.kinds import ANY_KEY, PROVIDERS, base_url_of
from callauth.cli.loopback import HOST, served
from callauth.models.phone import PhoneNumber
from callauth.sandbox import ResetAfter, Sandbox
from tests.support.canaries import Canaries

from .commands import run

FLOWS = ["callpass", "callpass --flow sync", "nerotech"]
DIAL_INS = ["nerotech --flow incoming", "telefonip"]
OUTCOME = re.compile(
    r"^(confirmed|rejected|expired|unknown|refused): .+$", re.MULTILINE
)


def played(canaries: Canaries, flow: str, typed: str, *, speed: int = 20) -> Result:
    words = f"--sandbox --speed {speed} --provider {flow}".split()
    result = run("verify", canaries.text_phone(), *words, typed=typed)
    canaries.scan(result.output)
    return result


def outcome(result: Result) -> str:
    (found,) = OUTCOME.finditer(result.output)
    return found[0]


def shown_code(output: str) -> str:
    """Return what the sandbox's phone showed or what its robot said."""
    (message,) = re.findall(r"^Sandbox: the .*?([+0-9][-0-9 ]+)$", output, re.MULTILINE)
    return str(message)


@pytest.mark.parametrize("flow", FLOWS)
def test_the_code_that_the_sandbox_shows_confirms(
    canaries: Canaries, flow: str
) -> None:
    """A newcomer types along; the sandbox draws the same code each time."""
    code = shown_code(played(canaries, flow, "").output)

    result = played(canaries, flow, f"0\n{code}\n")

    assert result.exit_code == 0
    assert outcome(result) == "confirmed: the code reached the phone"
    assert "That is not it. " in result.output


@pytest.mark.parametrize("flow", FLOWS)
def test_three_wrong_codes_end_it(canaries: Canaries, flow: str) -> None:
    """The exit code tells scripts."""
    result = played(canaries, flow, "1\n2\n3\n")

    assert result.exit_code == 1
    assert outcome(result) == "rejected: 3 wrong codes"


@pytest.mark.parametrize("flow", FLOWS)
def test_the_end_of_input_ends_it(canaries: Canaries, flow: str) -> None:
    """Nobody is left to type."""
    result = played(canaries, flow, "")

    assert result.exit_code == 1
    assert outcome(result) == "rejected: no code was typed"


@pytest.mark.parametrize("flow", DIAL_INS)
@pytest.mark.parametrize("typed", ["", "\n"])
def test_a_number_that_is_dialled_confirms(
    canaries: Canaries, flow: str, typed: str
) -> None:
    """The leased number is shown in full, with its link."""
    result = played(canaries, flow, typed)

    assert result.exit_code == 0
    assert outcome(result).startswith("confirmed: the number called")
    assert re.search(
        r"dial \+7 9.. ...-..-.. within 1.. seconds: tel:\+79", result.output
    )


@pytest.mark.parametrize(
    ("flow", "expected"),
    [
        (DIAL_INS[0], "expired: no call from the number in time"),
        (DIAL_INS[1], "rejected: another number called"),
    ],
)
def test_a_call_from_another_number_does_not(
    canaries: Canaries, flow: str, expected: str
) -> None:
    """Only Telefon-IP tells who called."""
    result = played(canaries, flow, "x\n", speed=200)

    assert (result.exit_code, outcome(result)) == (1, expected)


def test_on_a_terminal_a_qr_code_is_shown(canaries: Canaries) -> None:
    """A phone's camera dials from it."""
    words = ["--sandbox", "--speed", "20", "--provider", "telefonip"]

    result = run("verify", canaries.text_phone(), *words, env={"FORCE_COLOR": "1"})

    assert result.exit_code == 0
    assert "█▀▀▀▀▀█" in result.output


def test_a_number_may_be_typed_without_quotes(canaries: Canaries) -> None:
    """People forget them."""
    words = canaries.text_phone().split()

    result = run("verify", *words, "--sandbox", "--provider", "callpass")

    assert result.exit_code == 1
    assert outcome(result) == "rejected: no code was typed"


@pytest.mark.parametrize(
    ("provider", "names"),
    [
        ("callpass", ["CALLAUTH_CALLPASS_TOKEN"]),
        ("nerotech", ["CALLAUTH_NEROTECH_SERVICE_ID", "CALLAUTH_NEROTECH_SECRET_KEY"]),
        ("telefonip", ["CALLAUTH_TELEFONIP_TOKEN"]),
    ],
)
def test_missing_credentials_are_named(
    canaries: Canaries, provider: str, names: list[str]
) -> None:
    """One line says what to set, or what to do without."""
    result = run("verify", canaries.text_phone(), "--provider", provider)

    assert result.exit_code == 2
    assert result.output == (
        f"callauth: expected the environment variables {', '.join(names)}; "
        "or try --sandbox\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("12 --provider callpass", "callauth: expected 11 digits"),
        ("--provider callpass", "Missing argument 'PHONE...'"),
        ("89990000000", "Missing option '--provider'"),
        ("89990000000 --provider nobody", "'nobody' is not one of"),
        ("89990000000 --provider telefonip --flow sync", "expected --flow reverse of"),
        ("89990000000 --provider callpass --sandbox --speed 0", "range x>0"),
    ],
)
def test_bad_usage_is_refused(words: str, message: str) -> None:
    """Nothing is sent."""
    result = run("verify", *words.split())

    assert result.exit_code == 2
    assert message in result.output


def settings(root: str) -> Mapping[str, str]:
    urls = {f"CALLAUTH_{p.upper()}_BASE_URL": base_url_of(p, root) for p in PROVIDERS}
    return {**urls, "CALLAUTH_CALLPASS_TOKEN": ANY_KEY, "CALLAUTH_TELEFONIP_TOKEN": "x"}


async def really(
    sandbox: Sandbox, phone: PhoneNumber, provider: str, typed: str
) -> Result:
    """Run the command against the sandbox as if it were the real provider."""
    async with served(sandbox) as root:
        return await asyncio.to_thread(
            run,
            *("verify", phone.e164, "--provider", provider),
            typed=typed,
            env=settings(root),
        )


async def test_a_real_provider_is_found_by_the_environment(canaries: Canaries) -> None:
    """The same command, over HTTP, with settings of one's own."""
    phone, pin = canaries.phone(), canaries.pin(7)
    async with Sandbox() as sandbox:
        sandbox.callpass.next_codes.append(pin.reveal())
        result = await really(sandbox, phone, "callpass", f"{pin.reveal()}\n")

    assert (result.exit_code, outcome(result)) == (
        0,
        "confirmed: the code reached the phone",
    )
    assert "Sandbox" not in result.output
    canaries.scan(result.output)


async def test_a_lost_answer_is_told_honestly(canaries: Canaries) -> None:
    """The phone may be ringing, and whoever tries again rings it twice."""
    async with Sandbox() as sandbox:
        sandbox.faults.add(ResetAfter(), operation="start-call-password")
        result = await really(sandbox, canaries.phone(), "callpass", "")

    assert result.exit_code == 1
    assert outcome(result).startswith("unknown: answer lost (")
    assert "The phone may be ringing; it was not called again." in result.output


async def test_a_refusal_is_told(canaries: Canaries) -> None:
    """In the provider's word for it."""
    phone = canaries.phone()
    async with Sandbox() as sandbox:
        sandbox.telefonip.blocked.add(phone)
        result = await really(sandbox, phone, "telefonip", "")

    assert (result.exit_code, outcome(result)) == (1, "refused: by Telefon-IP: REFUSED")


def test_what_never_left_was_refused_by_nobody(canaries: Canaries) -> None:
    """Whoever reads it looks at the network, not at the account."""
    with socket() as deaf:
        # Held and not listened at, so nobody answers there.
        deaf.bind((HOST, 0))
        root = f"http://{HOST}:{deaf.getsockname()[1]}"
        words = ("verify", canaries.text_phone(), "--provider", "callpass")
        result = run(*words, env=settings(root))

    assert result.exit_code == 1
    assert "CallPass is asked to ring +7" in result.output
    assert re.fullmatch(
        r"refused: not sent \(.+\)\. Nothing reached CallPass\.", outcome(result)
    )
