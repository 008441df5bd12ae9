"""nginx on loopback, which answers every client of the benchmark at once and alike."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

PROCESSOR = 1
CALL_ID = "8f3b2c32-ea06-43d2-856f-2ae05d6f86c6"
_PACKAGES = {"nginx": "nginx", "wrk": "wrk", "strace": "strace"}
_START_SECONDS = 5.0

_STATUS = {"callid": CALL_ID, "result": "NORMAL_CLEARING"}
_STARTED = {"callid": CALL_ID, "pin": "2214610"}
_TELEFONIP_STATUS = {
    "id": 1,
    "created_at": "2025-01-01 00:00:00",
    "phone": "89991234567",
    "status": True,
    "status_info": "answered",
    "price": 0.5,
}
_TELEFONIP_STARTED = {"id": 1, "phone": "89991234567", "code": "2214"}
_ANSWERS = {
    "/api/v3.0/get-call-password-status/": {"status": "success", "data": _STATUS},
    "/api/v3.0/start-call-password/": {"status": "success", "data": _STARTED},
    "/api/v1/authcalls/sandbox/get_status/1": {
        "success": True,
        "data": _TELEFONIP_STATUS,
    },
    "/api/v1/authcalls/sandbox/get_code/89991234567": {
        "success": True,
        "data": _TELEFONIP_STARTED,
    },
}

# Nothing is logged and no connection ends, so that the clients are what is measured.
_CONFIGURATION = """\
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log crit;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  default_type application/json;
  server {{
    listen 127.0.0.1:{plain} backlog=4096;
    listen 127.0.0.1:{tls} ssl backlog=4096;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/certificate.pem;
    ssl_protocols TLSv1.2 TLSv1.3;
{locations}
  }}
}}
"""


@dataclass(frozen=True)
class Served:
    """Hold where it listens, and the file of the authority that signed for it."""

    plain: str
    tls: str
    authority: Path


def require_programs() -> None:
    """Install what is missing, or end the program and say what to install."""
    missing = [package for name, package in _PACKAGES.items() if not _is_there(name)]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SystemExit(f"expected these packages of Debian: {' '.join(missing)}")
    for command in (["update"], ["install", "--yes", *missing]):
        subprocess.run(["apt-get", "--quiet=2", *command], check=True)


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Run one nginx, on one processor, while the block runs."""
    plain, tls = _free_ports()
    authority = _certify(folder)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            folder=folder, plain=plain, tls=tls, locations=_locations()
        )
    )
    options = ["-c", str(configuration), "-e", str(folder / "error.log")]
    command = ["taskset", "-c", str(PROCESSOR), "nginx", *options]
    with subprocess.Popen(command) as nginx:
        try:
            _wait_for(plain)
            yield Served(
                plain=f"http://127.0.0.1:{plain}/",
                tls=f"https://127.0.0.1:{tls}/",
                authority=authority,
            )
        finally:
            nginx.terminate()


def versions() -> dict[str, str]:
    """Return which programs those are."""
    return {
        "nginx": _said("nginx", "-v").rpartition("/")[2],
        "wrk": _said("wrk", "-v").split()[1],
        "strace": _said("strace", "--version").split()[-1],
    }


def _said(*command: str) -> str:
    # wrk takes the question for a mistake, nginx answers it beside its output.
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return (done.stdout or done.stderr).partition("\n")[0].strip()


def _is_there(name: str) -> bool:
    return shutil.which(name) is not None


def _certify(folder: Path) -> Path:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(
        str(folder / "certificate.pem")
    )
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


def _locations() -> str:
    return "\n".join(
        f"    location = {path} {{ return 200 '{json.dumps(answer)}'; }}"
        for path, answer in _ANSWERS.items()
    )


def _free_ports() -> tuple[int, int]:
    any_port = ("127.0.0.1", 0)
    with socket.create_server(any_port) as one, socket.create_server(any_port) as other:
        return one.getsockname()[1], other.getsockname()[1]


def _wait_for(port: int) -> None:
    gives_up = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > gives_up:
                raise
            time.sleep(0.02)
        else:
            return
