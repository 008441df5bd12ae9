"""What a request costs through the router and through a bare handler, one at a time."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TypeAlias

from attrs import define, frozen

Found: TypeAlias = dict[str, float]
Request: TypeAlias = Callable[[], bytes]

_SERVER = Path(__file__).parent / "web_server.py"
REQUESTS = 1_000
ROUNDS = 5
_PHONES = count(79_000_000_000)


@define
class Server:
    """Hold a server that runs in another process, on another processor."""

    process: subprocess.Popen[str]
    port: int

    def tell(self, *words: str) -> None:
        assert self.process.stdin is not None
        print(*words, file=self.process.stdin, flush=True)

    def answer(self) -> Found:
        assert self.process.stdout is not None
        found: Found = json.loads(self.process.stdout.readline())
        return found

    def figures(self) -> Found:
        """Return its bytes, seconds of CPU, and longest stall since the last ones."""
        self.tell("figures")
        return self.answer()


@contextmanager
def served(framework: str) -> Iterator[Server]:
    """Run a server that has used nothing before."""
    command = ["taskset", "-c", "0", sys.executable, str(_SERVER), framework]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield Server(process, int(process.stdout.readline()))


class Line:
    """Ask over one connection that is kept."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> bytes:
        """Return the whole answer."""
        self._socket.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._socket.recv(65_536)
        head, _, body = answer.partition(b"\r\n\r\n")
        (length,) = re.findall(rb"(?i)content-length: (\d+)", head)
        while len(body) < int(length):
            body += self._socket.recv(65_536)
        assert head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")), head
        return head + b"\r\n\r\n" + body

    def close(self) -> None:
        self._socket.close()


@frozen
class Started:
    """One verification, and the cookie of its browser."""

    id: str
    cookie: str

    def get(self, path: str) -> bytes:
        """Return its browser's request."""
        return (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {self.cookie}\r\n\r\n"
        ).encode()


def start(line: Line) -> Started:
    """Start the verification of another number."""
    head, _, body = line.ask(_post("/verifications")).partition(b"\r\n\r\n")
    (cookie,) = re.findall(rb"(?i)set-cookie: ([^;]+)", head)
    return Started(json.loads(body)["id"], cookie.decode())


def _post(path: str) -> bytes:
    body = json.dumps({"phone": f"+{next(_PHONES)}"})
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json"
    return f"{head}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def measure(framework: str) -> dict[str, dict[str, list[Found]]]:
    """Return what bare requests and those of the router cost, round by round."""
    with served(framework) as server:
        line = Line(server.port)
        own = start(line)
        kinds: dict[str, dict[str, Request]] = {
            "read the state": {
                "bare": lambda: own.get(f"/bare/{own.id}"),
                "router": lambda: own.get(f"/verifications/{own.id}"),
            },
            "start": {
                "bare": lambda: _post("/bare"),
                "router": lambda: _post("/verifications"),
            },
        }
        # The first round warms everything up.
        rounds = [_round(server, line, kinds) for _ in range(ROUNDS + 1)][1:]
        line.close()
    return {
        kind: {name: [each[kind][name] for each in rounds] for name in requests}
        for kind, requests in kinds.items()
    }


def _round(
    server: Server, line: Line, kinds: dict[str, dict[str, Request]]
) -> dict[str, dict[str, Found]]:
    return {
        kind: {name: _cost(server, line, each) for name, each in requests.items()}
        for kind, requests in kinds.items()
    }


def _cost(server: Server, line: Line, request: Request) -> Found:
    before, began = server.figures()["cpu"], time.perf_counter()
    for _ in range(REQUESTS):
        line.ask(request())
    seconds = time.perf_counter() - began
    cpu = server.figures()["cpu"] - before
    return {"ms": seconds / REQUESTS * 1e3, "CPU µs": cpu / REQUESTS * 1e6}
