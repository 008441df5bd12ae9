from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import pytest

from callauth.cli.console import Console


@contextmanager
def piped() -> Iterator[int]:
    """Make stdout a pipe that knows ASCII only; give the end to read from."""
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="ascii") as stream, redirect_stdout(stream):
        yield reader


def test_a_reader_who_leaves_is_noticed() -> None:
    """Nothing is raised, neither then nor later."""
    with piped() as reader:
        console = Console()
        os.close(reader)

        console.print("one")
        was_closed = console.is_closed
        console.print("two")

    assert was_closed


def test_a_file_without_unicode_gets_question_marks() -> None:
    """A masked number must not end the demo."""
    with piped() as reader:
        Console().print("+7999•••4567")

        assert os.read(reader, 100) == b"+7999???4567\n"
        os.close(reader)


@pytest.mark.parametrize(("columns", "width"), [(None, 100), ("70", 70)])
def test_a_file_is_as_wide_as_the_tables_want(
    monkeypatch: pytest.MonkeyPatch, columns: str | None, width: int
) -> None:
    """Only a terminal has a width of its own; it can be set as everywhere else."""
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)

    with piped() as reader:
        found = Console().width
        os.close(reader)

    assert found == width


def test_text_is_not_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    """Providers and lists may send anything."""
    Console().print("[red]:smile:")

    assert capsys.readouterr().out == "[red]:smile:\n"
