from __future__ import annotations

from collections import Counter
from random import Random

import pytest

from callauth.cli.kinds import KINDS, Kind
from callauth.cli.scenario import Part, parts_of
from callauth.cli.stories import DECKS, GOOD
from callauth.models.phone import PhoneNumber

PHONES = [PhoneNumber(f"+7999{number:07}") for number in range(292)]


def parts(seed: int) -> list[Part]:
    return parts_of(PHONES, Random(seed))


def test_the_same_seed_gives_everybody_the_same_part() -> None:
    """What is seen once can be looked at again."""
    assert parts(7) == parts(7)


def test_another_seed_gives_other_parts() -> None:
    """Otherwise the option would do nothing."""
    assert parts(7) != parts(8)


def test_the_flows_take_turns() -> None:
    """Each of them is shown with as many numbers as the others."""
    counts = Counter(part.kind for part in parts(0))

    assert counts == dict(zip(KINDS, [59, 59, 58, 58, 58], strict=True))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title)
def test_every_story_of_a_flow_is_told(kind: Kind) -> None:
    """So every outcome occurs, whatever the seed."""
    told = {part.story for part in parts(3) if part.kind == kind}

    assert told == {GOOD, *(story for _, story in DECKS[kind])}


def test_a_few_numbers_are_all_good() -> None:
    """Somebody who tries his own three numbers wants to see them confirmed."""
    assert {part.story for part in parts_of(PHONES[:5], Random(0))} == {GOOD}
