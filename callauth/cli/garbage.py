"""Garbage: looked for less often, while thousands of calls are under way."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_AFTER_SO_MANY_MORE = 100_000


@contextmanager
def collected_rarely() -> Iterator[None]:
    """Look for unreachable cycles only after 100,000 more objects.

    With thousands of calls in memory each look walks through all of them; as often as
    Python does it by itself, that takes a quarter of the time of a bulk run.
    """
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_AFTER_SO_MANY_MORE, 10, 10)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
