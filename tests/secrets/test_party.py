from __future__ import annotations

import pytest

from .conftest import Place
from .party import METHODS, outcome_of, public_methods


def test_every_method_is_asked() -> None:
    """A new method must not go unseen by the tests of this folder."""
    assert METHODS.keys() == public_methods()


@pytest.mark.parametrize("name", METHODS)
async def test_every_question_is_sent(name: str, place: Place) -> None:
    """A question that is refused at once would prove nothing."""
    outcome = await outcome_of(METHODS[name], place.party)

    assert not isinstance(outcome, ValueError | TypeError)
    assert len(place.sandbox.ledger) >= 1
