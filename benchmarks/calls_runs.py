"""One measurement in processes of its own, pinned away from the server."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from calls_client import COST, RATE
from calls_peers import PEERS, LeftOut
from calls_server import CALL_ID, Served

CEILING = "wrk"
NAMES = (*PEERS, CEILING)
SYSTEM_CALLS = "system calls per call"
SENDS = "sends per call"
_PROCESSOR = 0
_TRACED_CALLS = 200
_WRK_SECONDS = 1

# An ask of CallPass, as the clients send it.
_WRK_SCRIPT = f"""\
wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer sandbox"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = "callid={CALL_ID}"
"""
_WRK_PATH = "api/v3.0/get-call-password-status/"

# The second line of a call that another thread interrupted has no parenthesis there.
_CALL = re.compile(r"^\d+ +\w+\(")
# Those to other sockets wake the loop from a thread, or a thread from the loop.
_SEND = re.compile(r"^\d+ +(?:sendto|sendmsg|sendmmsg|write|writev)\(\d+<TCP")


def run(
    name: str, served: Served, work: str, *arguments: object, tls: bool = False
) -> dict[str, float]:
    """Return what one client finds out about itself.

    Raises LeftOut when it is not installed.
    """
    done = _client(name, served, work, *arguments, tls=tls)
    found: dict[str, float] = json.loads(done)
    if "left out" in found:
        raise LeftOut(found["left out"])
    return found


def ceiling(served: Served, at_once: int, *, tls: bool = False) -> dict[str, float]:
    """Return what wrk does, which makes its one request once and reads no JSON."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_WRK_SCRIPT)
        script.flush()
        options = ["-t1", f"-c{at_once}", f"-d{_WRK_SECONDS}s", "-s", script.name]
        url = (served.tls if tls else served.plain) + _WRK_PATH
        with subprocess.Popen(
            _pinned(CEILING, *options, url), stdout=subprocess.PIPE, text=True
        ) as wrk:
            assert wrk.stdout is not None
            said = wrk.stdout.read()
            _, _, used = os.wait4(wrk.pid, 0)
            wrk.returncode = 0
    cpu = used.ru_utime + used.ru_stime
    return {
        RATE: _said(r"Requests/sec: +([\d.]+)", said),
        COST: cpu / _said(r"(\d+) requests in", said) * 1e6,
    }


def traced(name: str, served: Served) -> dict[str, float]:
    """Count system calls, and sends to the server, of calls one at a time."""
    less, more = (_traced(name, served, count) for count in (0, _TRACED_CALLS))
    each = [(b - a) / _TRACED_CALLS for a, b in zip(less, more, strict=True)]
    return dict(zip((SYSTEM_CALLS, SENDS), each, strict=True))


def _traced(name: str, served: Served, count: int) -> tuple[int, int]:
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as trace:
        strace = ("strace", "-f", "-yy", "-qq", "-o", trace.name)
        _client(name, served, "some", count, under=strace)
        lines = trace.readlines()
    calls, sends = (
        sum(pattern.match(line) is not None for line in lines)
        for pattern in (_CALL, _SEND)
    )
    return calls, sends


def _client(
    name: str,
    served: Served,
    work: str,
    *arguments: object,
    tls: bool = False,
    under: tuple[str, ...] = (),
) -> str:
    script = str(Path(__file__).with_name("calls_client.py"))
    where = (served.tls, served.authority) if tls else (served.plain, "none")
    words = (name, *where, work, *arguments)
    command = _pinned(*under, sys.executable, script, *map(str, words))
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env=_environment()
    )
    if done.returncode != 0:
        raise RuntimeError(f"{name} failed at {work}:\n{done.stderr}")
    return done.stdout


def _environment() -> dict[str, str]:
    # Proxies and authorities of this machine, which some clients take from there.
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith(("_proxy", "_ca_bundle", "ssl_cert_file"))
    }


def _pinned(*command: str) -> list[str]:
    return ["taskset", "-c", str(_PROCESSOR), *command]


def _said(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found is not None, text
    return float(found[1])
