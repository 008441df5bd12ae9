"""The ways in which tools print an object or an exception."""

from __future__ import annotations

import pprint
import traceback
from collections.abc import Callable, Iterator, Mapping

from rich.pretty import pretty_repr
from rich.traceback import Traceback

from tests.support.canaries import Canaries


def _attributes(value: object) -> str:
    return "\n".join(f"{name}={part!r}" for name, part in vars(value).items())


PRINTERS: Mapping[str, Callable[[object], str]] = {
    "repr": repr,
    "str": str,
    "format": lambda value: f"{value} {value!r} {value!a}",
    "percent": lambda value: "%s %r" % (value, value),  # noqa: UP031 - a way of many
    "inside a list": lambda value: f"{[value]} { ({'x': value}) }",
    "vars": lambda value: _attributes(value) if hasattr(value, "__dict__") else "",
    "pprint": pprint.pformat,
    "rich": lambda value: pretty_repr(value, expand_all=True),
}


def _standard(error: BaseException) -> Iterator[str]:
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    return shown.format()


def _rich(error: BaseException) -> Iterator[str]:
    # What it would print, without the colouring of the source, which takes long.
    trace = Traceback.extract(
        type(error),
        error,
        error.__traceback__,
        show_locals=True,
        locals_max_length=100,
        locals_max_string=10_000,
    )
    for stack in trace.stacks:
        yield f"{stack.exc_type}: {stack.exc_value} {stack.notes}"
        for frame in stack.frames:
            for name, node in (frame.locals or {}).items():
                yield f"{name} of {frame.name}: {node}"


TRACEBACKS: Mapping[str, Callable[[BaseException], Iterator[str]]] = {
    "traceback": _standard,
    "rich": _rich,
}


def scan_outcome(canaries: Canaries, printer: str, outcome: object) -> None:
    """Scan what a tool shows of an error, or of a result that came instead."""
    canaries.scan(f"{outcome} {outcome!r}", "an outcome")
    if isinstance(outcome, BaseException):
        for text in TRACEBACKS[printer](outcome):
            canaries.scan(text, f"{printer} of {type(outcome).__name__}")
        canaries.watch(outcome)
