"""What an exception would show to somebody who prints all of it."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from types import FunctionType, ModuleType

import callauth

_PACKAGE = str(Path(callauth.__file__).parent)
_DEEPEST = 4


def texts_of(error: BaseException) -> Iterator[tuple[str, str]]:
    """Yield where and what: messages, fields and locals, of all causes as well.

    Of the frames only those inside the package count: a test's own frame, or that of a
    library which the test called, holds its canaries by right.
    """
    for each in _family(error):
        name = type(each).__name__
        message = traceback.TracebackException(type(each), each, None)
        yield f"the message of {name}", "".join(message.format_exception_only())
        yield f"repr of {name}", repr(each)
        for value in (*each.args, *vars(each).values()):
            for text in _shown(value, _DEEPEST, set()):
                yield f"a field of {name}", text
        for function, variable, value in _locals(each):
            yield f"local {variable} of {function} in {name}", _printed(value)


def _family(error: BaseException) -> list[BaseException]:
    found: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is None or any(each is other for other in found):
            continue
        found.append(each)
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
    return found


def _locals(error: BaseException) -> Iterator[tuple[str, str, object]]:
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename.startswith(_PACKAGE):
            for variable, value in frame.f_locals.items():
                yield frame.f_code.co_name, variable, value


def _printed(value: object) -> str:
    # As tracebacks with locals do it: a value may be half made when its maker refuses.
    try:
        return repr(value)
    except Exception as error:  # noqa: BLE001 - whatever a repr raises
        return f"<{type(error).__name__} in repr>"


def _shown(value: object, levels: int, seen: set[int]) -> Iterator[str]:
    if id(value) in seen:
        return
    seen.add(id(value))
    yield repr(value)
    yield str(value)
    if levels:
        for part in _parts(value):
            yield from _shown(part, levels - 1, seen)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, Mapping):
        return chain(value.keys(), value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return value
    if isinstance(value, type | ModuleType | FunctionType):
        return ()
    return vars(value).values() if hasattr(value, "__dict__") else ()
