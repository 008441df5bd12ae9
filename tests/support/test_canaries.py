from __future__ import annotations

import logging
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from callauth.errors import CallAuthError
from callauth.models.phone import PhoneNumber
from tests.support.canaries import Canaries, watched

_ROOT = Path(__file__).parents[2]
_WAYS = {
    "plus": lambda phone: phone.e164,
    "seven": lambda phone: phone.msisdn,
    "eight": lambda phone: phone.national,
    "ten digits": lambda phone: phone.msisdn[1:],
    "typed": lambda phone: (
        f"8 ({phone.msisdn[1:4]}) {phone.msisdn[4:7]}-"
        f"{phone.msisdn[7:9]}-{phone.msisdn[9:]}"
    ),
    "in a query": lambda phone: f"phone=%2B{phone.msisdn}&test=1",
    "in a longer word": lambda phone: f"x{phone.msisdn}0",
}


@pytest.mark.parametrize("spell", _WAYS.values(), ids=_WAYS.keys())
def test_a_phone_is_found_in_every_spelling(
    spell: Callable[[PhoneNumber], str],
) -> None:
    """A number is as personal without its prefix."""
    planted = Canaries()

    planted.scan(f"calling {spell(planted.phone())} now")

    assert len(planted.take_leaks()) >= 1


def test_a_masked_phone_is_no_leak(canaries: Canaries) -> None:
    """Masked numbers are what logs are meant to hold."""
    phone = canaries.phone()

    canaries.scan(f"{phone} {phone!r} {phone.masked}")


@pytest.mark.parametrize("template", ["'{}'", '{{"code": "{}"}}', "code={}&a=1", "{}"])
@pytest.mark.parametrize("digits", [4, 5, 7])
def test_a_pin_is_found_as_a_word(template: str, digits: int) -> None:
    """A pin of four digits is recognised by what stands around it."""
    planted = Canaries()

    planted.scan(template.format(planted.pin(digits).reveal()))

    assert len(planted.take_leaks()) == 1


@pytest.mark.parametrize("template", ["1{}", "{}1", "0x{}", "+7999•••{}", "1.{}"])
def test_digits_inside_something_else_are_no_pin(template: str) -> None:
    """Four digits stand somewhere in every address and every time."""
    planted = Canaries()

    planted.scan(template.format(planted.pin(4).reveal()))

    assert planted.take_leaks() == []


def test_half_a_secret_is_a_leak() -> None:
    """A shortened secret gives half of it away."""
    planted = Canaries()

    planted.scan(planted.secret().reveal()[:20] + "…")

    assert len(planted.take_leaks()) == 1


def test_a_planted_text_is_found_quoted() -> None:
    """A webhook's URL travels percent-encoded in a form."""
    planted = Canaries()
    planted.plant("https://example.org/hook/zaq12wsx")

    planted.scan("webhook=https%3A%2F%2Fexample.org%2Fhook%2Fzaq12wsx")

    assert planted.take_leaks() != []


def test_a_file_is_scanned(tmp_path: Path) -> None:
    """Stores write what they hold to the disk."""
    planted = Canaries()
    (tmp_path / "store.db").write_bytes(b"\xff\x00" + planted.phone().e164.encode())

    planted.scan_file(tmp_path / "store.db")

    assert "store.db" in planted.take_leaks()[0]


def test_every_logger_is_heard_at_debug() -> None:
    """A library may log what we do not, below the level that anybody configured."""
    deaf = logging.getLogger("tests.deaf")
    deaf.propagate = False
    deaf.setLevel(logging.CRITICAL)

    with watched() as planted:
        deaf.debug("key %s", planted.secret().reveal())
        deaf.debug("extra", extra={"key": planted.secret().reveal()})
        deaf.debug("too few %s %s", planted.secret().reveal())

    assert len(planted.take_leaks()) >= 3
    assert deaf.level == logging.CRITICAL


def test_many_records_are_not_kept() -> None:
    """A long campaign logs more than fits into memory."""
    with watched() as planted:
        logging.getLogger("tests.loud").debug(planted.secret().reveal())
        for _ in range(1000):
            logging.getLogger("tests.loud").debug("nothing")

        assert len(planted.take_leaks()) == 1


class _Holder:
    """Hide a text from its repr."""

    def __init__(self, text: str) -> None:
        self.parts = [{"text": text}]


def _message(text: str) -> Exception:
    return CallAuthError(text)


def _cause(text: str) -> Exception:
    error = CallAuthError("quiet")
    error.__cause__ = KeyError(text)
    return error


def _suppressed_context(text: str) -> Exception:
    error = CallAuthError("quiet")
    error.__context__ = KeyError(text)
    error.__suppress_context__ = True
    return error


def _field(text: str) -> Exception:
    error = OSError("quiet")
    error.add_note("a note")
    vars(error)["request"] = _Holder(text)
    return error


def _group(text: str) -> Exception:
    return ExceptionGroup("quiet", [ValueError("a"), CallAuthError(text)])


def _log(text: str) -> Exception:
    return CallAuthError("%s", text)


@pytest.mark.parametrize(
    "make", [_message, _cause, _suppressed_context, _field, _group, _log]
)
def test_a_leaking_exception_is_caught(make: Callable[[str], Exception]) -> None:
    """An error tracker sends all parts of an exception to somebody else."""
    planted = Canaries()

    planted.watch(make(planted.secret().reveal()))

    assert planted.take_leaks() != []


def test_locals_of_the_package_are_scanned_and_those_of_tests_are_not() -> None:
    """A traceback with locals shows what a function was given."""
    planted = Canaries()
    key = planted.secret().reveal()
    source = "def leak(text):\n    raise ValueError('quiet')\n"
    ours = str(_ROOT / "callauth" / "leaking.py")
    for filename, leaks in ((ours, 1), (__file__, 0)):
        scope: dict[str, Callable[[str], None]] = {}
        exec(compile(source, filename, "exec"), scope)
        try:
            scope["leak"](key)
        except ValueError as error:
            planted.watch(error)
        assert len(planted.take_leaks()) == leaks


_LEAKING_SUITE = """
import logging
import sys
from callauth.errors import CallAuthError
from tests.support.refusals import refused, warned

def test_clean(canaries): print(canaries.phone())
def test_log(canaries): logging.getLogger("httpx").info(canaries.secret().reveal())
def test_stdout(canaries): print(canaries.phone().e164)
def test_stderr(canaries): print(canaries.pin(4).reveal(), file=sys.stderr)
def test_read(canaries, capsys):
    print(canaries.text_phone())
    assert capsys.readouterr()[0]
def test_read_fd(canaries, capfd):
    print(canaries.text_phone())
    assert capfd.readouterr()[0]
def test_exception(canaries):
    with refused(CallAuthError):
        raise CallAuthError(canaries.secret().reveal())
def test_warning(canaries):
    import warnings
    with warned(UserWarning):
        warnings.warn(canaries.secret().reveal())
async def test_async_log(canaries):
    logging.getLogger("asyncio").debug("x", extra={"url": canaries.secret().reveal()})
def test_scan(canaries): canaries.scan(canaries.pin(7).reveal().encode())
"""


def test_a_leaking_suite_is_red(tmp_path: Path) -> None:
    """A check that cannot fail protects nobody."""
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n")
    (tmp_path / "test_leaks.py").write_text(_LEAKING_SUITE)
    options = ["-rA", "-p", "no:cacheprovider", "-o", f"pythonpath={_ROOT}"]
    options += ["-c", str(_ROOT / "pyproject.toml"), "--rootdir", str(tmp_path)]

    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    names = set(re.findall(r"def (test_\w+)", _LEAKING_SUITE))
    assert _named(r"^PASSED .*::(\w+)", run.stdout) == {"test_clean"}
    assert _named(r"^(?:FAILED|ERROR) .*::(\w+)", run.stdout) == names - {"test_clean"}


def _named(pattern: str, text: str) -> set[str]:
    return set(re.findall(pattern, text, re.MULTILINE))
