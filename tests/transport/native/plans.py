"""Plans: what a server says to a request, and how it comes through a network.

Answers are honest, wild, or without an end, and are cut into reads anywhere.
"""

from __future__ import annotations

import random

from .answering import Ending
from .honest import honest
from .stream import READ_BYTES, Plan
from .wild import answer, mutated

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_ENDLESS_BYTES = 400_000


def _endless(start: bytes, again: bytes) -> bytes:
    return start + again * (_ENDLESS_BYTES // len(again))


_ENDLESS = (
    _endless(_OK + b"Content-Length: 999999999\r\n\r\n", b"x"),
    _endless(_OK + b"\r\n", b"x"),
    _endless(_CHUNKED + b"fffffff\r\n", b"x"),
    _endless(_CHUNKED, b"1\r\n{\r\n"),
    _endless(_CHUNKED + b"1;", b"x"),
    _endless(_CHUNKED + b"0\r\n", b"X: y\r\n"),
    _endless(_OK, b"X: y\r\n"),
    _endless(_OK + b"X: ", b"y"),
    _endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
)


def planned(dice: random.Random, number: int, *, only_honest: bool) -> Plan:
    """Return what to say to the request of that number."""
    ending = Ending.NOTHING if dice.random() < 0.7 else Ending.CLOSE
    is_writing = dice.random() < 0.02
    if only_honest or dice.random() < 0.45:
        sure = honest(dice, b"%d" % number)
        return Plan(
            reads=_reads(sure.said, dice),
            ending=Ending.CLOSE if sure.ends_late else ending,
            is_writing=is_writing,
            sure=sure,
        )
    is_late = dice.random() < 0.1
    return Plan(
        reads=_reads(_wrong(dice, number), dice),
        ending=Ending.RESET if dice.random() < 0.1 else ending,
        ending_seconds=dice.random() * 8 if is_late else None,
        stray=b"HTTP/1.1 200 OK\r\n" if is_late else b"",
        is_writing=is_writing,
    )


def _wrong(dice: random.Random, number: int) -> bytes:
    chance = dice.random()
    if chance < 0.002:
        return dice.choice(_ENDLESS)
    if chance < 0.5:
        return answer(dice)
    return mutated(honest(dice, b"%d" % number).said, dice, dice.choice((1, 1, 2)))


def _reads(said: bytes, dice: random.Random) -> tuple[tuple[bytes, bool], ...]:
    if len(said) > READ_BYTES:
        starts = range(0, len(said), READ_BYTES)
        return tuple((said[at : at + READ_BYTES], True) for at in starts)
    cuts = sorted({dice.randrange(len(said) + 1) for _ in range(dice.randrange(4))})
    ends = zip([0, *cuts], [*cuts, len(said)], strict=True)
    parts = (said[start:end] for start, end in ends)
    return tuple((part, dice.random() < 0.7) for part in parts if part)
