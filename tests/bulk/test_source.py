"""Sources: whatever holds numbers, read some at a time."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from callauth import ConfigurationError, PhoneNumber
from callauth.bulk import NumberFile, Source
from callauth.bulk.source import AT_ONCE, batches
from tests.support.refusals import refused

_ROOT = Path(__file__).parents[2]
_A, _B, _C = "+79000000001", "8 (900) 000-00-02", "79000000003"


async def _texts(source: Source) -> list[str]:
    return [text async for batch in batches(source) for text in batch]


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Give what writes a file of that name."""

    def write(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


File = Callable[[str, str | bytes], Path]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (f"phone,name\n{_A},x\n{_B},y\n", [_A, _B]),
        (f"name,Tel\nx,{_A}\ny,{_B}\n", [_A, _B]),
        (f"id, MSISDN ,number\n1,{_A},{_B}\n", [_B]),
        (f"number,phone\n{_A},{_B}\n", [_B]),
        (f"Имя;Телефон\nx;{_A}\n", [_A]),
        (f"{_A},x\n{_B},y\n", [_A, _B]),
        (f"{_A}\n{_B}", [_A, _B]),
        (f"something,else\n{_A},x\n", ["something", _A]),
        (f'phone\n"{_B}"\n" {_C} "\n', [_B, _C]),
        (f'phone,note\n{_A},"two\nlines"\n{_C},z\n', [_A, _C]),
        (f"\ufeffphone\r\n{_A}\r\n\r\n{_C}\r\n", [_A, _C]),
        (f"name,phone\nx\ny,{_A}\n", ["", _A]),
        ("", []),
        ("phone\n", []),
    ],
)
async def test_csv_by_its_header_or_its_first_column(
    file: File, content: str, expected: list[str]
) -> None:
    """However the table came out of whose program."""
    assert await _texts(file("a.CSV", content)) == expected


async def test_a_column_is_named(file: File) -> None:
    """In any case; the columns that would be guessed are left alone."""
    path = file("a.csv", f"phone,Second Phone\n{_A},{_B}\n")

    assert await _texts(NumberFile(path, column=" second phone")) == [_B]


async def test_a_column_that_is_not_there_is_refused(file: File) -> None:
    """Before the wrong people are called."""
    path = file("a.csv", f"phone\n{_A}\n")
    with refused(ConfigurationError, match="^expected a file with the column mobile$"):
        await _texts(NumberFile(path, column="mobile"))


@pytest.mark.parametrize("name", ["a.jsonl", "a.NDJSON"])
async def test_json_lines(file: File, name: str) -> None:
    """Objects, texts and plain numbers."""
    lines = [
        f'{{"phone": "{_A}", "x": 1}}',
        "",
        f'{{"number": {_C}}}',
        f'"{_B}"',
        _C,
        '{"other": 1}',
        "[1, 2]",
    ]

    found = await _texts(file(name, "\n".join(lines)))
    assert found == [_A, _C, _B, _C, "", "[1, 2]"]


async def test_a_field_of_json_lines_is_named(file: File) -> None:
    """Exactly."""
    path = file("a.jsonl", f'\ufeff{{"phone": "{_A}", "mobile": "{_C}"}}\n')

    assert await _texts(NumberFile(path, column="mobile")) == [_C]


@pytest.mark.parametrize("line", ["{", "+7900", "[" * 100_000, "9" * 5000])
async def test_a_line_that_is_no_json_is_refused(file: File, line: str) -> None:
    """Not taken for a number of nobody; blank lines count as in an editor."""
    path = file("a.jsonl", f'"{_A}"\n\n{line}\n')
    clause = "^expected JSON in each line, got something else in line 3$"
    with refused(ConfigurationError, match=clause):
        await _texts(path)


async def test_a_line_without_the_field_is_refused(file: File) -> None:
    """Whoever names it knows that it is there."""
    path = file("a.jsonl", f'{{"mobile": "{_A}"}}\n{{"phone": "{_A}"}}\n')
    clause = "^expected the field mobile in each line, got none in line 2$"
    with refused(ConfigurationError, match=clause):
        await _texts(NumberFile(path, column="mobile"))


@pytest.mark.parametrize("name", ["a.txt", "numbers", "a.lst"])
async def test_plain_lines(file: File, name: str) -> None:
    """Blank ones are none, and a mark of Windows is none either."""
    path = file(name, f"\ufeff{_A}\r\n\r\n  {_B}\t\n{_C}")

    assert await _texts(path) == [_A, _B, _C]
    assert await _texts(str(path)) == [_A, _B, _C]
    assert await _texts(NumberFile(str(path))) == [_A, _B, _C]


@pytest.mark.parametrize(
    ("name", "content", "clause"),
    [
        ("a.csv", "phone\n+7\xff".encode("latin-1"), "UTF-8 text, got UnicodeDecode"),
        ("a.txt", b"\x89PNG\r\n\xff\xfe" * 100, "UTF-8 text, got UnicodeDecode"),
        ("a.jsonl", b'"\xff"\n', "UTF-8 text, got UnicodeDecode"),
        ("a.csv", "phone\n" + "9" * 200_000, "a CSV file"),
        ("a.csv", f'phone,name\n{_A},"Ann\n{_B},\n', "a CSV file"),
    ],
)
async def test_a_bad_file_is_refused(
    file: File, name: str, content: str | bytes, clause: str
) -> None:
    """In one clause, without what is in it."""
    with refused(ConfigurationError, match=clause):
        await _texts(file(name, content))


async def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """Without its path."""
    for path, name in (
        (tmp_path / "missing.csv", "FileNotFoundError"),
        (tmp_path, "IsADirectoryError"),
    ):
        clause = f"^expected a file that can be read, got {name}$"
        with refused(ConfigurationError, match=clause):
            await _texts(path)


async def test_numbers_from_anywhere() -> None:
    """A list, a generator, a set of phones, an async generator."""

    def some() -> Iterator[str]:
        yield f" {_A}\n"
        yield ""

    async def later() -> AsyncIterator[str | PhoneNumber]:
        yield _B
        yield PhoneNumber(_A)

    assert await _texts([_A, PhoneNumber("+79000000003")]) == [_A, "+79000000003"]
    assert await _texts(some()) == [_A, ""]
    assert await _texts({PhoneNumber(_A)}) == [_A]
    assert await _texts(later()) == [_B, _A]


@pytest.mark.parametrize("source", [[79000000001], b"+7900", [None]])
async def test_what_is_no_text_is_refused(source: list[object]) -> None:
    """A number as an int has lost its plus already."""
    clause = "^expected numbers as text or as PhoneNumber$"
    with refused(ConfigurationError, match=clause):
        await _texts(source)  # type: ignore[arg-type] # on purpose


async def test_a_file_is_read_in_batches(file: File) -> None:
    """Everybody else has a turn in between."""
    path = file("a.txt", f"{_A}\n" * (2 * AT_ONCE + 1))

    sizes = [len(batch) async for batch in batches(path)]
    assert sizes == [AT_ONCE, AT_ONCE, 1]


async def test_who_comes_one_by_one_is_not_waited_for() -> None:
    """The first number of a slow source is called before the second comes."""

    async def slow() -> AsyncIterator[str]:
        yield _A
        raise LookupError("nobody should have asked")

    first = await anext(batches(slow()))
    assert first == [_A]


_READ_INPUT = """
import asyncio
from callauth.bulk.source import batches

async def main():
    async for batch in batches("-"):
        for text in batch:
            print(ascii(text), flush=True)

asyncio.run(main())
"""


def test_standard_input_is_read_to_its_end() -> None:
    """As lines, the last one without an end, and bytes that are no text."""
    content = f"\ufeff{_A}\r\n\n  {_B} \n".encode() + b"\xff\n" + _C.encode()
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", _READ_INPUT],
        input=content,
        capture_output=True,
        check=False,
        cwd=_ROOT,
    )

    assert run.stderr == b""
    found = [line.strip("'") for line in run.stdout.decode().splitlines()]
    assert found == [_A, _B, "\\ufffd", _C]


def test_a_standard_input_that_is_closed_is_refused() -> None:
    """As a service may have it."""
    run = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-c", _READ_INPUT],
        capture_output=True,
        text=True,
        check=False,
        cwd=_ROOT,
    )

    assert "ConfigurationError: expected a standard input that is open" in run.stderr


def test_standard_input_is_not_waited_for() -> None:
    """A number is there as soon as its line is."""
    with subprocess.Popen(
        [sys.executable, "-c", _READ_INPUT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
    ) as run:
        assert run.stdin is not None
        assert run.stdout is not None
        for number in (_A, _C):
            run.stdin.write(number + "\n")
            run.stdin.flush()
            assert run.stdout.readline() == f"'{number}'\n"
        run.stdin.close()


async def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Its lines are there at once, and everybody else goes on meanwhile."""
    path = tmp_path / "a.csv"
    os.mkfifo(path)
    # Opened for both, so that neither end waits for the other.
    pipe = os.open(path, os.O_RDWR)
    async with aclosing(batches(NumberFile(path, column="phone"))) as found:
        os.write(pipe, f"name;phone\nx;{_A}\ny;".encode())
        assert await anext(found) == [_A]
        waiting = asyncio.ensure_future(anext(found))
        await asyncio.sleep(0)
        os.write(pipe, f"{_B}\nz;{_C}".encode())
        assert await waiting == [_B]
        os.close(pipe)
        assert await anext(found) == [_C]
        assert await anext(found, None) is None


async def test_a_pipe_that_holds_something_else_is_refused(tmp_path: Path) -> None:
    """What is wrong in it is told as that of a file."""
    path = tmp_path / "a.jsonl"
    os.mkfifo(path)
    pipe = os.open(path, os.O_RDWR)
    os.write(pipe, b"{\n")
    with refused(ConfigurationError, match="expected JSON in each line"):
        [_ async for _ in batches(path)]
    os.close(pipe)


@pytest.mark.parametrize("name", ["-", "a.txt"])
async def test_plain_lines_have_no_columns(file: File, name: str) -> None:
    """Nobody is called at numbers out of another one than was asked for."""
    path = name if name == "-" else file(name, _A)
    with refused(ConfigurationError, match="^expected a CSV file or JSON Lines"):
        [_ async for _ in batches(NumberFile(path, column="phone"))]


_MEASURE = """
import asyncio, resource, sys
from callauth.bulk.source import batches

async def main(path):
    count = before = 0
    async for batch in batches(path):
        count += len(batch)
        if not before:
            before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(count, after - before)

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.txt", "-"])
def test_memory_does_not_grow_with_the_file(file: File, name: str) -> None:
    """A hundred thousand lines take what a thousand take."""
    lines = 100_000
    line = '"+79000000001"' if name == "a.jsonl" else "+79000000001,a name"
    path = file("stdin" if name == "-" else name, f"{line}\n" * lines)
    with path.open("rb") as content:
        run = subprocess.run(
            [sys.executable, "-c", _MEASURE, name if name == "-" else str(path)],
            stdin=content,
            capture_output=True,
            check=True,
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
        )

    count, grown_kib = map(int, run.stdout.split())
    # With all lines in memory it would be more than 5,000.
    assert count == lines
    assert grown_kib < 1500
