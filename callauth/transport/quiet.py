"""Silence for httpcore's log while it carries our requests.

At DEBUG it logs the headers of answers, and a redirect that repeats the URL of the
request would put a key into the log. Other users of httpcore are not affected.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_IS_OURS: ContextVar[bool] = ContextVar("callauth_request", default=False)
_LOGGERS = (
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.proxy",
    "httpcore.socks",
)


def install() -> None:
    """Put the filter on httpcore's loggers; again is no change."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_is_of_others)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep httpcore's log silent about what is done inside."""
    token = _IS_OURS.set(True)
    try:
        yield
    finally:
        _IS_OURS.reset(token)


def _is_of_others(record: logging.LogRecord) -> bool:
    del record
    return not _IS_OURS.get()
