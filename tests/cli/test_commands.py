from __future__ import annotations

import signal
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version

import click
import pytest
from click.testing import CliRunner

from callauth.cli.commands import Commands
from callauth.cli.loopback import server
from callauth.cli.main import main
from callauth.errors import (
    AnswerLost,
    CallAuthError,
    ConfigurationError,
    InvalidPhoneNumber,
)
from tests.support.refusals import refused

from .commands import python, run

_WITHOUT = """
import sys
sys.modules[{module!r}] = None
sys.argv[1:] = ["demo"]
from callauth.cli.main import main
main()
"""


@pytest.mark.parametrize(
    "words", [["--help"], ["-h"], ["demo", "-h"], ["verify", "-h"]]
)
def test_help_is_shown(words: list[str]) -> None:
    """It is how a command line is learned."""
    result = run(*words)

    assert result.exit_code == 0
    assert result.output.startswith("Usage: callauth")


def test_the_version_is_shown() -> None:
    """A checkout that is not installed has none."""
    try:
        number = version("callauth")
    except PackageNotFoundError:
        number = "of a checkout that is not installed"

    assert run("--version").output == f"callauth {number}\n"


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (ConfigurationError("expected x"), 2, "callauth: expected x\n"),
        (InvalidPhoneNumber("expected y"), 2, "callauth: expected y\n"),
        (AnswerLost("a", "b", "reset"), 1, "callauth: a b: reset\n"),
        (KeyboardInterrupt(), 130, "\n"),
    ],
)
def test_errors_become_one_line_and_an_exit_code(
    error: CallAuthError | KeyboardInterrupt, code: int, message: str
) -> None:
    """A traceback tells a newcomer nothing."""

    @click.command()
    def fail() -> None:
        raise error

    result = CliRunner().invoke(Commands(commands=[fail]), ["fail"])

    assert (result.exit_code, result.output) == (code, message)


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (
            "click",
            'callauth: the command line needs an extra: pip install "callauth[cli]"\n',
        ),
        (
            "rich",
            'callauth: the command line needs an extra: pip install "callauth[cli]"\n',
        ),
        (
            "uvicorn",
            (
                "callauth: the sandbox over HTTP needs an extra: "
                'pip install "callauth[cli,sandbox]"\n'
            ),
        ),
    ],
)
def test_a_missing_extra_is_named(module: str, message: str) -> None:
    """The core package alone installs the command, too."""
    ended = python("-c", _WITHOUT.format(module=module))

    assert (ended.returncode, ended.stderr, ended.stdout) == (2, message, "")


def test_a_missing_extra_is_told_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """So it is in this process, too."""
    monkeypatch.delitem(sys.modules, "callauth.cli.commands")
    monkeypatch.setitem(sys.modules, "click", None)

    with refused(SystemExit) as ended:
        main()

    assert ended.error.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_another_missing_module_is_a_defect() -> None:
    """It must not be hidden behind advice that does not help."""
    ended = python("-c", _WITHOUT.format(module="attrs"))

    assert ended.returncode == 1
    assert "ModuleNotFoundError" in ended.stderr


def test_the_server_needs_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything else works without it."""
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "callauth.sandbox.server", raising=False)

    with refused(ConfigurationError, match="callauth\\[cli,sandbox\\]"):
        server()


def test_the_entry_point_leaves_with_the_exit_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Scripts ask for it."""
    monkeypatch.setattr(sys, "argv", ["callauth", "verify"])

    with refused(SystemExit) as ended:
        main()

    assert ended.error.code == 2


def test_the_module_can_be_run() -> None:
    """A checkout has no script."""
    ended = python("-m", "callauth.cli", "--help")

    assert ended.returncode == 0
    assert ended.stdout.startswith("Usage: callauth ")


@pytest.mark.parametrize("words", [["demo"], ["sandbox", "--port", "0"]])
def test_an_interrupt_ends_it_without_a_traceback(words: list[str]) -> None:
    """Ctrl-C is how one leaves."""
    process = _started(*words)
    assert process.stdout is not None
    process.stdout.readline()

    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)

    assert (process.returncode, errors.strip()) == (130, "")


def test_a_reader_who_leaves_ends_it_quietly() -> None:
    """``callauth demo | head -1``."""
    process = _started("demo")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()

    assert process.stderr is not None
    with process.stderr:
        assert process.stderr.read() == ""
    assert process.wait(timeout=20) == 1


def _started(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "callauth.cli", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has interrupts ignored.
        preexec_fn=_hear_interrupts,  # noqa: PLW1509 - no thread is about to fork
    )


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
