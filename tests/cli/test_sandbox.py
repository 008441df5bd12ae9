from __future__ import annotations

import re
import socket
import subprocess
import sys
from urllib.request import urlopen

import pytest

from callauth.cli.sandbox import announcement

from .commands import run


def test_settings_can_be_pasted_into_a_shell() -> None:
    """One line per variable, nothing around it."""
    lines = [line for line in announcement("127.0.0.1", 8900) if "export" in line]

    assert lines == [
        "export CALLAUTH_CALLPASS_BASE_URL=http://127.0.0.1:8900/",
        "export CALLAUTH_CALLPASS_TOKEN=sandbox",
        "export CALLAUTH_NEROTECH_BASE_URL=http://127.0.0.1:8900/api/v1/",
        "export CALLAUTH_NEROTECH_SECRET_KEY=sandbox",
        "export CALLAUTH_NEROTECH_SERVICE_ID=1",
        "export CALLAUTH_TELEFONIP_BASE_URL=http://127.0.0.1:8900/api/v1/authcalls/",
        "export CALLAUTH_TELEFONIP_TOKEN=sandbox",
    ]


@pytest.mark.parametrize(
    ("host", "root"),
    [
        ("localhost", "http://localhost:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("fe80::1", "http://[fe80::1]:80"),
    ],
)
def test_the_url_is_one_that_can_be_opened(host: str, root: str) -> None:
    """Listening everywhere is no address to speak to."""
    assert announcement(host, 80)[0].startswith(
        f"Three providers are served at {root};"
    )


def test_an_address_that_is_taken_is_refused() -> None:
    """One line, not uvicorn's."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("sandbox", "--port", str(port))

    assert result.exit_code == 2
    assert result.output.startswith("callauth: expected an address that is free: ")


def test_the_sandbox_is_served_until_it_is_interrupted() -> None:
    """What it prints is true."""
    command = [sys.executable, "-m", "callauth.cli", "sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        with urlopen(f"{found[0]}/control/ledger") as answer:
            entries = answer.read()
        process.terminate()

    assert entries == b'{"entries": []}'


def test_a_blank_host_is_refused() -> None:
    """It would be every address of the machine."""
    result = run("sandbox", "--host", " ")

    assert result.exit_code == 2
    assert "expected a host to listen on" in result.stderr
