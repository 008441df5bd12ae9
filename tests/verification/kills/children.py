"""Children: processes that are forked from one in which everything is loaded."""

from __future__ import annotations

import multiprocessing

CHILDREN = multiprocessing.get_context("forkserver")
# A main module that is a script, as that of pytest, is imported by every child.
CHILDREN.set_forkserver_preload(["pytest", "tests.verification.kills.warm"])
