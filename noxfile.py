"""The project's commands: ``nox --list`` names them."""

from __future__ import annotations

import os
import sys

import nox

# An interpreter that is not there is left out, never downloaded.
os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")

# The one that runs nox is always there, so that a green run has run tests.
RUNNING = "{}.{}".format(*sys.version_info)
PYTHONS = sorted({"3.11", "3.12", "3.13", RUNNING})

nox.needs_version = ">=2024.10.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["tests", "lint", "types"]
nox.options.error_on_missing_interpreters = False

EXTRAS = ".[aiohttp,cli,fast,fastapi,httpx2,otel,phonenumbers,qr,sandbox]"


def _group(name: str) -> tuple[str, ...]:
    return nox.project.dependency_groups(nox.project.load_toml("pyproject.toml"), name)


@nox.session
def demo(session: nox.Session) -> None:
    """Verify 300 numbers through all five flows, on a sandbox, offline."""
    session.install(".[cli,qr,sandbox]")
    session.run("callauth", "demo", *session.posargs)


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests, the examples of README and docstrings, and measure coverage."""
    session.install("-e", EXTRAS, *_group("tests"), *_group("browser"))
    # A path after a bare --cov would be taken for the package to measure.
    session.run("pytest", *(session.posargs or ("--numprocesses=2", "--cov")))


@nox.session
def lint(session: nox.Session) -> None:
    """Check layout and style."""
    session.install(*_group("lint"))
    session.run("ruff", "format", "--check", "--diff", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types of the package, its tests and its benchmarks, strictly."""
    groups = [*_group("tests"), *_group("browser"), *_group("types"), *_group("bench")]
    session.install("-e", EXTRAS, *groups, "nox")
    session.run("mypy")


@nox.session
def mutants(session: nox.Session) -> None:
    """Plant bugs, each in a copy of its own; the tests must see every one."""
    session.install("-e", EXTRAS, *_group("tests"))
    session.run("python", "-m", "tests.mutants", *session.posargs)


@nox.session
def campaign(session: nox.Session) -> None:
    """Keep every promise a great many times; takes about two hours on 2 cores."""
    session.install("-e", EXTRAS, *_group("tests"))
    session.run("python", "-m", "tests.campaign", *session.posargs)


@nox.session
def bench(session: nox.Session) -> None:
    """Print what calls, waits, requests and imports cost, as ratios over peers."""
    session.install(EXTRAS, *_group("bench"))
    session.run("python", "benchmarks/calls.py", *session.posargs)
    session.run("python", "benchmarks/overhead.py", *session.posargs)
    session.run("python", "benchmarks/imports.py", *session.posargs)
    session.run("python", "benchmarks/verifier.py", *session.posargs)
    session.run("python", "benchmarks/poller.py", *session.posargs)
    session.run("python", "benchmarks/bulk.py", *session.posargs)
    session.run("python", "benchmarks/web.py", *session.posargs)
