from __future__ import annotations

from callauth.testing import store_suite
from callauth.verification.memory import MemoryStore

TestMemoryStore = store_suite(lambda folder: MemoryStore())
