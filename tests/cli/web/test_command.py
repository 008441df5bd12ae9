from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from urllib.request import urlopen

from tests.cli.commands import run


def test_the_page_is_served_until_it_is_interrupted() -> None:
    """The address that is printed works, and Ctrl-C ends it without a word."""
    command = [sys.executable, "-m", "callauth.cli", "demo", "--web", "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        with urlopen(found[0]) as answer:
            page = answer.read()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)
        said = process.stderr.read()

    assert b"demo.js" in page
    assert "Traceback" not in said


def test_an_address_that_is_taken_is_refused() -> None:
    """One line, not uvicorn's."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("demo", "--web", "--port", str(port))

    assert result.exit_code == 2
    assert result.output.startswith("callauth: expected an address that is free: ")
