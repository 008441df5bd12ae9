"""Silence for the logs of HTTP libraries while they carry our requests.

At DEBUG httpcore logs the headers of answers, and a redirect that repeats the URL of
the request would put a key into the log; hpack, below HTTP/2, logs those of requests.
Other users of a library are not affected.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_IS_OURS: ContextVar[bool] = ContextVar("callauth_request", default=False)
# A filter of a logger does not hold for those below it, so each has its own.
_LOGGERS = {
    "httpcore": ("connection", "http11", "http2", "proxy", "socks"),
    "httpcore2": ("connection", "http11", "http2", "proxy", "socks"),
    "hpack": ("hpack", "table"),
    "aiohttp": ("client", "internal"),
}


def install(library: str) -> None:
    """Put the filter on the loggers of that library; again is no change."""
    for name in _LOGGERS[library]:
        logging.getLogger(f"{library}.{name}").addFilter(_is_of_others)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep those loggers silent about what is done inside."""
    token = _IS_OURS.set(True)
    try:
        yield
    finally:
        _IS_OURS.reset(token)


def _is_of_others(record: logging.LogRecord) -> bool:
    del record
    return not _IS_OURS.get()
