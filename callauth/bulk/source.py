"""Source: where the numbers of a job come from, read some at a time.

Whatever it is, it is read in batches of texts, so that memory does not grow with it,
and of a pipe and of an async source a batch is what is there already. Files and
iterators are read in the event loop, a thousand at a time.
"""

from __future__ import annotations

import asyncio
import csv
import json
import os
import sys
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Callable,
    Iterable,
    Iterator,
)
from contextlib import aclosing
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias

import anyio
from attrs import field, frozen

from ..errors import ConfigurationError
from ..models.phone import PhoneNumber
from .pipe import in_thread, read_pipe

AT_ONCE = 1000
WITH_COLUMNS = (".csv", ".jsonl", ".ndjson")
_COLUMNS = ("phone", "number", "tel", "msisdn", "телефон", "номер")


@frozen
class NumberFile:
    """Name a file of numbers, and the column of a CSV file or field of JSON Lines.

    Without a ``column`` that is "phone", "number", "tel", "msisdn", "телефон" or
    "номер", or the first column of a CSV file. Its cells are separated by semicolons
    when its first line has no comma.
    """

    path: str | os.PathLike[str]
    column: str | None = field(default=None, kw_only=True)


Number: TypeAlias = str | PhoneNumber
Source: TypeAlias = (
    str | os.PathLike[str] | NumberFile | Iterable[Number] | AsyncIterable[Number]
)
"""A path by its ending (.csv, .jsonl, .ndjson, otherwise a number in each line), "-"
for standard input, or numbers."""

_Reader: TypeAlias = Callable[[Iterable[str]], Iterator[str]]


async def batches(source: Source) -> AsyncGenerator[list[str], None]:
    """Return the texts of the source, as they come.

    Raises ConfigurationError for a file that cannot be read, a column that is not there
    and a line that is no JSON.
    """
    if isinstance(source, str | os.PathLike):
        source = NumberFile(source)
    if isinstance(source, NumberFile):
        found = _file(Path(source.path), source.column)
    else:
        found = _batches(source)
    async with aclosing(found):
        async for batch in found:
            yield batch


def _batches(
    numbers: Iterable[Number] | AsyncIterable[Number],
) -> AsyncGenerator[list[str], None]:
    if isinstance(numbers, AsyncIterable):
        return _as_they_come(numbers)
    return _some_by_some(map(_text, numbers))


async def _file(path: Path, column: str | None) -> AsyncGenerator[list[str], None]:
    suffix = path.suffix.lower()
    if column is not None and suffix not in WITH_COLUMNS:
        raise ConfigurationError("expected a CSV file or JSON Lines for a column")
    texts = partial(_texts, suffix, column)
    try:
        async with aclosing(await _found(path, texts)) as found:
            async for batch in found:
                yield batch
    except OSError as error:
        raise ConfigurationError(
            f"expected a file that can be read, got {type(error).__name__}"
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"expected a file of UTF-8 text, got {type(error).__name__}"
        ) from None
    except csv.Error:
        clause = "expected a CSV file, its quotes around whole cells"
        raise ConfigurationError(clause) from None


async def _found(path: Path, texts: _Reader) -> AsyncGenerator[list[str], None]:
    if str(path) == "-":
        if sys.stdin is None:
            raise ConfigurationError("expected a standard input that is open")
        lines = _decoded(read_pipe(sys.stdin.fileno()), errors="replace")
        return in_thread(lambda: texts(lines), AT_ONCE)
    if await anyio.to_thread.run_sync(_is_pipe, path):
        return in_thread(lambda: texts(_decoded(read_pipe(path))), AT_ONCE)
    return _opened(path, texts)


def _is_pipe(path: Path) -> bool:
    return path.exists() and not (path.is_file() or path.is_dir())


async def _opened(path: Path, texts: _Reader) -> AsyncGenerator[list[str], None]:
    file = await anyio.to_thread.run_sync(
        partial(path.open, encoding="utf-8-sig", newline="")
    )
    with file:
        async for batch in _some_by_some(texts(file)):
            yield batch


def _decoded(lines: Iterable[bytes], errors: str = "strict") -> Iterator[str]:
    # A mark of its encoding may begin each of several files that are piped together.
    return (str(line, "utf-8-sig", errors) for line in lines)


def _texts(suffix: str, column: str | None, lines: Iterable[str]) -> Iterator[str]:
    match suffix:
        case ".csv":
            return _csv(lines, column)
        case ".jsonl" | ".ndjson":
            return _json_lines(lines, column)
    return _lines(lines)


async def _some_by_some(texts: Iterator[str]) -> AsyncGenerator[list[str], None]:
    while batch := list(islice(texts, AT_ONCE)):
        yield batch
        # Everybody else has a turn, however fast the disk is.
        await anyio.lowlevel.checkpoint()


async def _as_they_come(
    source: AsyncIterable[Number],
) -> AsyncGenerator[list[str], None]:
    """Yield what is there, while a task of its own reads on."""
    came: asyncio.Queue[str | Exception | None] = asyncio.Queue(AT_ONCE)

    async def read() -> None:
        try:
            async for number in source:
                await came.put(_text(number))
        except Exception as error:  # noqa: BLE001 - raised where it is awaited
            await came.put(error)
        else:
            await came.put(None)

    reading = asyncio.create_task(read())
    try:
        last: str | Exception | None = ""
        while isinstance(last, str):
            batch = [last := await came.get()]
            while isinstance(last, str) and not came.empty() and len(batch) < AT_ONCE:
                batch.append(last := came.get_nowait())
            if texts := [each for each in batch if isinstance(each, str)]:
                yield texts
        if last is not None:
            raise last
    finally:
        reading.cancel()


def _lines(lines: Iterable[str]) -> Iterator[str]:
    return filter(None, map(str.strip, lines))


def _csv(lines: Iterable[str], column: str | None) -> Iterator[str]:
    lines = iter(lines)
    first = next(lines, "")
    separator = ";" if ";" in first and "," not in first else ","
    rows = csv.reader(chain([first], lines), delimiter=separator, strict=True)
    header = next(rows, [])
    names = [name.strip().lower() for name in header]
    wanted = _COLUMNS if column is None else (column.strip().lower(),)
    position = next((names.index(name) for name in wanted if name in names), None)
    if position is None:
        if column is not None:
            raise ConfigurationError(f"expected a file with the column {column}")
        position = 0
        yield from _cells([header], position)
    yield from _cells(rows, position)


def _cells(rows: Iterable[list[str]], position: int) -> Iterator[str]:
    for row in rows:
        if row:
            yield row[position].strip() if position < len(row) else ""


def _json_lines(lines: Iterable[str], column: str | None) -> Iterator[str]:
    wanted = _COLUMNS if column is None else (column,)
    for place, line in enumerate(map(str.strip, lines), start=1):
        if not line:
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            clause = f"expected JSON in each line, got something else in line {place}"
            raise ConfigurationError(clause) from None
        if isinstance(found, dict):
            name = next((name for name in wanted if name in found), None)
            if name is None and column is not None:
                clause = f"expected the field {column} in each line"
                raise ConfigurationError(f"{clause}, got none in line {place}")
            found = "" if name is None else found[name]
        yield found if isinstance(found, str) else str(found)


def _text(number: Number) -> str:
    if isinstance(number, PhoneNumber):
        return number.e164
    if isinstance(number, str):
        return number.strip()
    raise ConfigurationError("expected numbers as text or as PhoneNumber")
