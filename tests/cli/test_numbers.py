from __future__ import annotations

from pathlib import Path

import pytest

from callauth.cli.numbers import (
    NumberList,
    RefusedLine,
    lines_of,
    masked,
    shipped_lines,
)
from callauth.errors import ConfigurationError
from callauth.models.phone import PhoneNumber
from tests.support.canaries import Canaries
from tests.support.refusals import refused


def test_300_numbers_are_shipped_and_8_of_them_are_wrong() -> None:
    """The demo promises them."""
    numbers = NumberList.read(shipped_lines())

    assert (len(numbers.phones), len(numbers.refused)) == (292, 8)


def test_the_shipped_numbers_are_written_in_many_ways() -> None:
    """A list in one spelling would show nothing of the parser."""
    lines = shipped_lines()
    shapes = {"".join("0" if c.isdecimal() else c for c in line) for line in lines}

    assert len(shapes) > 25


def test_every_wrong_line_is_wrong_in_its_own_way() -> None:
    """Each teaches something else."""
    reasons = {line.reason for line in NumberList.read(shipped_lines()).refused}

    assert any("Kazakhstan" in reason for reason in reasons)
    assert any("another spelling" in reason for reason in reasons)
    assert len(reasons) >= 6


def test_a_number_in_another_spelling_is_refused_as_the_same(
    canaries: Canaries,
) -> None:
    """It would otherwise be called twice."""
    phone = canaries.phone()

    numbers = NumberList.read([phone.e164, f" 8{phone.e164[2:]}"])

    assert numbers.phones == (phone,)
    assert [line.reason for line in numbers.refused] == [
        "the same number as line 1, in another spelling"
    ]


def test_blank_lines_and_comments_do_not_count() -> None:
    """Lists are kept by hand; line numbers stay those of the file."""
    numbers = NumberList.read(["# staff", "", " \t", "12"])

    assert numbers.phones == ()
    assert numbers.refused == (
        RefusedLine(
            number=4,
            text="12",
            reason="expected 11 digits that begin with +7, 7 or 8, got 2 digits",
        ),
    )


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("8 (916) 123-45-6", "8 (916) •••-•5-6"),
        ("８９１６１２３４５６７", "８９１６•••••６７"),
        ("\t8-800-GOOD-DAY\n", "8-800-••••-•AY"),
        ("8916", "8916"),
        ("x" * 99, "xxxx" + 21 * "•" + "…"),
        ("8916\x1b[31m1234567", "8916 [••••••••67"),
    ],
)
def test_a_line_is_shown_without_its_middle(line: str, shown: str) -> None:
    """A wrong line is often a right number with one slip, and may hold anything."""
    assert masked(line) == shown


def test_no_number_of_a_list_is_in_its_repr(canaries: Canaries) -> None:
    """Values are logged."""
    numbers = NumberList((canaries.phone(),), ())

    canaries.scan(repr(numbers))


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """Windows writes one."""
    path = tmp_path / "numbers.txt"
    path.write_bytes(b"\xef\xbb\xbf+79990000000\r\n")

    assert NumberList.read(lines_of(path)).phones == (PhoneNumber("+79990000000"),)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read_is_refused(
    tmp_path: Path, content: bytes | None
) -> None:
    """The message names the kind of failure and nothing of the content."""
    path = tmp_path / "numbers.txt"
    if content is not None:
        path.write_bytes(content)

    with refused(ConfigurationError, match="expected a readable file in UTF-8, got"):
        lines_of(path)
