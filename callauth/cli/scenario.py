"""Scenario: what the demo lets happen to whom, the same for the same seed.

Most people do what they should; the others are few but certain, so that every outcome
occurs once there are some fifty people per flow.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from attrs import frozen

from ..models.phone import PhoneNumber
from ..sandbox import Sandbox
from .kinds import KINDS, Kind
from .stories import DECK_SIZE, DECKS, GOOD, Story

_ARRIVALS_PER_SECOND = 5.0


@frozen(kw_only=True)
class Part:
    """Hold one person's part; he comes ``arrives_seconds`` after the start."""

    phone: PhoneNumber
    kind: Kind
    story: Story
    arrives_seconds: float
    typing_seconds: float


def parts_of(phones: Sequence[PhoneNumber], random: Random) -> list[Part]:
    """Return a part for each phone; the flows take turns."""
    sizes = {kind: len(phones[place :: len(KINDS)]) for place, kind in enumerate(KINDS)}
    stories = {kind: _shuffled(kind, size, random) for kind, size in sizes.items()}
    return [
        Part(
            phone=phone,
            kind=(kind := KINDS[place % len(KINDS)]),
            story=stories[kind].pop(),
            arrives_seconds=place / _ARRIVALS_PER_SECOND,
            typing_seconds=random.uniform(2, 8),
        )
        for place, phone in enumerate(phones)
    ]


def stage(sandbox: Sandbox, parts: Sequence[Part], random: Random) -> None:
    """Tell the sandbox's people and providers what to do."""
    for part in parts:
        sandbox.network.subscribers[part.phone] = part.story.play(random)
        if part.story.trouble is not None:
            part.story.trouble(sandbox, part.phone)


def _shuffled(kind: Kind, size: int, random: Random) -> list[Story]:
    stories = [
        story
        for share, story in DECKS[kind]
        for _ in range(round(share * size / DECK_SIZE))
    ]
    stories += [GOOD] * (size - len(stories))
    random.shuffle(stories)
    return stories
