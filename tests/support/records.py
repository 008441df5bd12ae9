"""Every log record of every logger, at DEBUG."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Self

_AT_MOST = 1000
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Records:
    """Hand over each record made meanwhile, also those that no handler would see.

    A record factory sees records of loggers that do not propagate, which a handler at
    the root does not. What a logger call adds as ``extra`` comes after the factory, so
    records are kept for a moment.
    """

    def __init__(
        self,
        scan: Callable[[str, str], None],
        watch: Callable[[BaseException], None],
    ) -> None:
        self._scan = scan
        self._watch = watch
        self._kept: list[logging.LogRecord] = []
        self._levels: list[tuple[logging.Logger, int]] = []
        self._factory = logging.getLogRecordFactory()

    def __enter__(self) -> Self:
        self._factory = logging.getLogRecordFactory()
        logging.setLogRecordFactory(self._make)
        named = logging.Logger.manager.loggerDict.values()
        for logger in (logging.getLogger(), *named):
            if isinstance(logger, logging.Logger) and logger.level > logging.DEBUG:
                self._levels.append((logger, logger.level))
                logger.setLevel(logging.DEBUG)
        return self

    def __exit__(self, *_: object) -> None:
        logging.setLogRecordFactory(self._factory)
        for logger, level in self._levels:
            logger.setLevel(level)
        self.hand_over()

    def hand_over(self) -> None:
        """Hand over what is still kept."""
        kept, self._kept = self._kept, []
        for record in kept:
            where = f"a log record of {record.name}"
            self._scan(_text(record), where)
            extra = vars(record).keys() - _STANDARD
            self._scan(repr([getattr(record, name) for name in extra]), where)
            if record.exc_info and record.exc_info[1]:
                self._watch(record.exc_info[1])

    def _make(self, *args: object, **kwargs: object) -> logging.LogRecord:
        record: logging.LogRecord = self._factory(*args, **kwargs)
        # A record that its logger filters out is seen by nobody. Asked here, since a
        # filter may go by the context of the caller.
        if logging.getLogger(record.name).filter(record):
            self._kept.append(record)
        if len(self._kept) > _AT_MOST:
            self.hand_over()
        return record


def _text(record: logging.LogRecord) -> str:
    try:
        return f"{record.getMessage()} {record.args!r}"
    except (TypeError, ValueError):
        return f"{record.msg!r} {record.args!r}"
