"""The public surface: what may be imported, and that all of it is explained."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

import callauth
from tests.support.refusals import refused

_README = Path(callauth.__file__).parents[1] / "README.md"
_NAMES = [
    "AiohttpTransport",
    "AnswerLost",
    "Attempt",
    "AttemptId",
    "AttemptNotFound",
    "AttemptSettled",
    "AuthenticationFailed",
    "BreakerClosed",
    "BreakerOpened",
    "CallAuthError",
    "CallInProgress",
    "CallPassClient",
    "CallSettled",
    "Challenge",
    "Clock",
    "ConfigurationError",
    "Confirmed",
    "ContractWarning",
    "DialInChallenge",
    "Event",
    "Expired",
    "FlashCall",
    "HangupCause",
    "Hook",
    "HttpxTransport",
    "IdempotencyKey",
    "InsufficientFunds",
    "InvalidPhoneNumber",
    "Limit",
    "ManualClock",
    "MemoryStore",
    "Method",
    "NativeTransport",
    "NeroTechClient",
    "NoChannelLeft",
    "NotSent",
    "NumberBlocked",
    "NumberInvalid",
    "NumberLease",
    "NumberRejected",
    "Outcome",
    "Pending",
    "PhoneNumber",
    "Pin",
    "PinChallenge",
    "PlacedCall",
    "PollSchedule",
    "ProtocolError",
    "ProviderError",
    "ProviderUnavailable",
    "RateLimited",
    "Rejected",
    "Replay",
    "Request",
    "RequestSettled",
    "Response",
    "RetryPolicy",
    "RetryScheduled",
    "ReverseCall",
    "RingLocked",
    "SQLiteStore",
    "Sandbox",
    "ScriptedTransport",
    "Secret",
    "StoreError",
    "SuspiciousAnswer",
    "SystemClock",
    "TelefonIPClient",
    "TestModeRefused",
    "TooManyAttempts",
    "Transport",
    "TransportError",
    "Unknown",
    "VerificationError",
    "VerificationPolicy",
    "Verifier",
    "VoiceCall",
    "VoiceOtp",
    "WebhookHint",
    "parse_webhook",
]
_NEVER_RAISE = {"aclose", "check_webhook_path"}
# Unions and callables have no docstring of their own.
_ALIASES = {"AttemptId", "Challenge", "Event", "Hook", "Outcome"}


def test_the_public_names_are_pinned() -> None:
    """A name that goes breaks somebody; a name that comes is kept for ever."""
    assert callauth.__all__ == _NAMES


def test_the_public_names_are_sorted() -> None:
    """Two people who add a name find the same place for it."""
    assert callauth.__all__ == sorted(callauth.__all__)


def test_nothing_else_is_public() -> None:
    """What is not listed is not promised."""
    for name in _NAMES:
        getattr(callauth, name)
    public = {
        name
        for name, value in vars(callauth).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }

    assert public - {"annotations"} == set(_NAMES)


def test_nothing_optional_is_imported_along() -> None:
    """Whoever has not installed an extra must be able to do without it."""
    program = (
        "import sys\n"
        "for name in ('aiohttp', 'httptools', 'httpx2'): sys.modules[name] = None\n"
        "import callauth\n"
        "callauth.CallPassClient('token', transport='auto')\n"
        "print(hasattr(callauth, 'nothing'))\n"
    )

    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )

    assert (run.stdout, run.stderr) == ("False\n", "")


def test_every_public_name_comes_from_where_type_checkers_look() -> None:
    """What an editor shows and what is loaded must be the same thing."""
    for_checkers = {
        name: module for module, name in _imports(Path(callauth.__file__).read_text())
    }
    del for_checkers["annotations"]

    assert for_checkers == callauth._MODULES
    assert list(callauth._MODULES) == _NAMES


def test_the_public_names_are_listed_before_they_are_loaded() -> None:
    """A prompt that completes names asks before anything was used."""
    assert set(_NAMES) <= set(dir(callauth))


def test_a_name_that_is_not_public_is_missing() -> None:
    """A slip of the pen must fail where it is, as in any other module."""
    assert not hasattr(callauth, "NerotechClient")
    with refused(ImportError):
        exec("from callauth import NerotechClient", {})


def test_a_star_brings_every_public_name() -> None:
    """At a prompt nobody types seventy names."""
    found: dict[str, object] = {}
    exec("from callauth import *", found)

    assert set(_NAMES) == found.keys() - {"__builtins__"}


def _documented() -> Iterator[tuple[str, object]]:
    for name in sorted(set(_NAMES) - _ALIASES):
        value = getattr(callauth, name)
        yield name, value
        if inspect.isclass(value):
            for attribute, member in vars(value).items():
                if attribute.startswith("_") or not _is_code(member):
                    continue
                yield f"{name}.{attribute}", member


def _is_code(member: object) -> bool:
    if isinstance(member, classmethod | staticmethod):
        return True
    return inspect.isfunction(member) or isinstance(member, property)


@pytest.mark.parametrize(
    "documented", list(_documented()), ids=lambda documented: documented[0]
)
def test_every_public_name_says_what_one_gets(
    documented: tuple[str, object],
) -> None:
    """An editor shows the docstring where the name is typed."""
    name, member = documented
    text = inspect.getdoc(member) or ""

    assert re.match(r"[A-Z*`]", text), name
    assert text.split("\n\n")[0].rstrip().endswith((".", "``", "::")), name


@pytest.mark.parametrize(
    "cls",
    [
        callauth.NeroTechClient,
        callauth.TelefonIPClient,
        callauth.CallPassClient,
        callauth.Verifier,
    ],
)
def test_every_client_says_what_it_raises(cls: type) -> None:
    """Whoever rings a phone must know how it can fail."""
    for name, member in vars(cls).items():
        tells_only = isinstance(member, property) or name in _NEVER_RAISE
        if name.startswith("_") or tells_only:
            continue
        text = inspect.getdoc(member.__func__ if name == "from_env" else member) or ""
        assert "Raises " in text, name


@pytest.mark.parametrize(
    "cls",
    [callauth.NeroTechClient, callauth.TelefonIPClient, callauth.CallPassClient],
)
def test_the_options_of_all_clients_are_alike(cls: type) -> None:
    """Who knows one client knows the others."""
    parameters = inspect.signature(cls).parameters
    common = {"base_url", "transport", "retry", "poll", "hooks", "clock"}

    assert common <= parameters.keys()
    assert all(parameters[name].kind.name == "KEYWORD_ONLY" for name in common)
    assert typing.get_type_hints(cls.from_env)["return"] is not None  # type: ignore[attr-defined] # all have it


def _imports(source: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                yield node.module, alias.name


def test_the_names_of_the_readme_can_be_imported() -> None:
    """The first thing that a reader does is to copy an example."""
    blocks = re.findall(r"```python\n(.*?)```", _README.read_text(), re.DOTALL)
    found = {
        pair
        for block in blocks
        for pair in _imports(inspect.cleandoc(block))
        if pair[0].split(".")[0] == "callauth"
    }

    assert found
    for module, name in found:
        assert hasattr(importlib.import_module(module), name), f"{module}.{name}"
        assert module != "callauth" or name in callauth.__all__
