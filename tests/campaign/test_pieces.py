from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.support.refusals import refused
from tests.support.tally import Tally

from .__main__ import main
from .bulk import bulk_kills
from .pieces import Piece
from .verifications import crowds, kills, races


def test_the_pieces_are_the_whole() -> None:
    """However they are divided."""
    pieces = [Piece(share=0.5, seed=1, number=n, parts=5) for n in range(5)]

    assert sum(piece.of(14) for piece in pieces) == 7
    assert [piece.of(4) for piece in pieces] == [1, 1, 0, 0, 0]


@pytest.mark.parametrize("keep", [crowds, kills, races])
async def test_the_verifier_keeps_its_promises(
    keep: Callable[[Piece], Awaitable[Tally]],
) -> None:
    """In small."""
    tally = await keep(Piece(share=0.001, seed=3, number=0, parts=1))

    assert tally.broken == []
    assert tally.runs >= 5


async def test_bulk_runs_keep_their_promises() -> None:
    """In small."""
    tally = await bulk_kills(Piece(share=0.002, seed=3, number=0, parts=1))

    assert tally.broken == []
    assert (tally.runs, tally.faults > 5) == (10, True)


def test_a_promise_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing was kept then, and that must not look like success."""
    monkeypatch.setattr("sys.argv", ["campaign", "nonsense"])

    with refused(SystemExit, match="no promise"):
        main()
