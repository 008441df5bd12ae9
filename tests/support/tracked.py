"""Tracked: how many objects of a thing a full garbage collection looks at."""

from __future__ import annotations

import gc
from types import ModuleType


def tracked(root: object) -> int:
    """Count what the collector tracks from there on; classes and modules are shared."""
    gc.collect()
    seen: set[int] = set()
    left = [root]
    while left:
        thing = left.pop()
        is_shared = isinstance(thing, type | ModuleType)
        if is_shared or not gc.is_tracked(thing) or id(thing) in seen:
            continue
        seen.add(id(thing))
        left += gc.get_referents(thing)
    return len(seen)
