"""Bugs of NativeTransport."""

from __future__ import annotations

from .patch import Patch

_TESTS = "tests/transport/native"
_WILD = (f"{_TESTS}/test_feeding.py::test_wild_answers_break_no_promise",)
_READ = (f"{_TESTS}/test_answers.py",)
_COMPARED = (
    f"{_TESTS}/test_answers.py::test_each_difference_from_other_transports_is_explained",
)

NATIVE = (
    Patch(
        name="a connection is used again after more than an answer",
        file="transport/native/answer.py",
        old="            clause = _OUTSIDE\n            self.is_last = True",
        new="            clause = _OUTSIDE",
        tests=_WILD,
    ),
    Patch(
        name="line ends after an answer are nothing",
        file="transport/native/answer.py",
        old="if len(received) > 1 and received[-1] in _LINE_ENDS:",
        new="if not received:",
        tests=_WILD,
    ),
    Patch(
        name="a body that was cut is believed",
        file="transport/native/connection.py",
        old="if self._answers.ends_with_connection and self._has_said_farewell():",
        new="if self._answers.response().status and self._has_said_farewell():",
        tests=_WILD,
    ),
    Patch(
        name="a body without an end is read on",
        file="transport/native/answer.py",
        old="return self.is_whole or len(self._body) > BODY_LIMIT",
        new="return self.is_whole",
        tests=_WILD,
    ),
    Patch(
        name="a connection is used again after an interruption",
        file="transport/native/connection.py",
        old="            or self._exchange is not None\n",
        new="",
        tests=_WILD,
    ),
    Patch(
        name="bytes that nobody asked for are passed over",
        file="transport/native/connection.py",
        old="nobody asked for.\n            self.abort()\n",
        new="nobody asked for.\n",
        tests=_WILD,
    ),
    Patch(
        name="a request of which a part never left is followed by another",
        file="transport/native/connection.py",
        old="self._is_spent = exchange.own or is_writing or",
        new="self._is_spent = exchange.own or",
        tests=_WILD,
    ),
    Patch(
        name="closing forgets the timer of idle connections",
        file="transport/native/pool.py",
        old="            self._sweep.cancel()",
        new="            self._sweep = None",
        tests=_WILD,
    ),
    Patch(
        name="any coding is taken for chunks",
        file="transport/native/answer.py",
        old='if has_length or coding.lower() != "chunked":',
        new="if has_length:",
        tests=_WILD,
    ),
    Patch(
        name="another protocol is taken for HTTP",
        file="transport/native/answer.py",
        old="if received[: len(expected)] != expected:",
        new="if not received:",
        tests=_COMPARED,
    ),
    Patch(
        name="only the first of several heads is looked at",
        file="transport/native/answer.py",
        old="self._headers.clear()\n            self._in_head = 0",
        new="self._headers.clear()",
        tests=_READ,
    ),
    Patch(
        name="the last of two headers with one name is read",
        file="transport/native/answer.py",
        old='f"{headers[key]}, {text}" if key in headers else text',
        new="text",
        tests=_COMPARED,
    ),
)
