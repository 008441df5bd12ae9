from __future__ import annotations

import os
from collections.abc import Iterator
from io import StringIO
from typing import TextIO

import anyio
import pytest

from callauth.cli.keyboard import Keyboard


@pytest.fixture
def pipe() -> Iterator[tuple[TextIO, int]]:
    reader, writer = os.pipe()
    with os.fdopen(reader) as stream, os.fdopen(writer, "wb", closefd=False):
        yield stream, writer


async def test_lines_come_as_they_are_typed(pipe: tuple[TextIO, int]) -> None:
    """Several may come at once, and one in parts."""
    stream, writer = pipe
    keyboard = Keyboard(stream)
    os.write(writer, "один\r\nдва\nth".encode())

    first = [await keyboard.line(), await keyboard.line()]
    os.write(writer, b"ree")
    os.close(writer)

    assert first == ["один", "два"]
    assert [await keyboard.line() for _ in range(3)] == ["three", None, None]


async def test_waiting_for_a_line_can_be_given_up(pipe: tuple[TextIO, int]) -> None:
    """A code expires while nobody types."""
    stream, writer = pipe
    with anyio.move_on_after(0.01) as scope:
        await Keyboard(stream).line()
    os.write(writer, b"late\n")
    os.close(writer)

    assert scope.cancelled_caught


async def test_a_stream_without_a_descriptor_is_read_as_well() -> None:
    """Programs that call the command put their own text there."""
    keyboard = Keyboard(StringIO("1\n2"))

    assert [await keyboard.line() for _ in range(3)] == ["1", "2", None]


async def test_a_stream_that_cannot_be_read_has_no_lines() -> None:
    """Such as the standard input of a service."""
    writer = os.open(os.devnull, os.O_WRONLY)
    with os.fdopen(writer, "w") as stream:
        assert await Keyboard(stream).line() is None
