"""Patches: small bugs as somebody in a hurry would write them."""

from __future__ import annotations

from .native import NATIVE
from .patch import Patch
from .verifier import VERIFIER
from .web import WEB

_PROMISES = "tests/campaign/test_promises.py"
_STORM = "test_a_storm_of_cancels_leaves_no_socket_behind"
_PLUGIN = ("tests/test_pytest_plugin.py",)
_AGAIN = ("tests/protocol/test_retry.py", "tests/client/test_callpass_again.py")

PATCHES = (
    Patch(
        name="a missed call is sent again after a lost answer",
        file="protocol/retry.py",
        old="""        case Replay.UNSENT_ONLY:
            return 0""",
        new="""        case Replay.UNSENT_ONLY:
            return 1""",
        tests=_AGAIN,
    ),
    Patch(
        name="an answer outside the contract counts as not sent",
        file="protocol/retry.py",
        old="""    if isinstance(error, TransportError | ProtocolError):
        return Happened.LOST""",
        new="""    if isinstance(error, TransportError | ProtocolError):
        return Happened.NOT_SENT""",
        tests=_AGAIN,
    ),
    Patch(
        name="every key is as good as new",
        file="protocol/retry.py",
        old="if is_keyed and key_age_seconds + wait >= SENT_FOR.total_seconds():",
        new="if is_keyed and wait >= SENT_FOR.total_seconds():",
        tests=("tests/protocol/test_retry.py",),
    ),
    Patch(
        name="a lost voicemail is asked for at once",
        file="protocol/retry.py",
        old="backoff = max(backoff, _KEYED_SECONDS)",
        new="backoff = max(backoff, 0.0)",
        tests=("tests/protocol/test_retry.py",),
    ),
    Patch(
        name="the truth of NeroTech's status, not its being true",
        file="protocol/nerotech.py",
        old="""        if isinstance(status, bool):
            return status, fields""",
        new="""        if status is not None:
            return bool(status), fields""",
        tests=("tests/protocol", "tests/campaign"),
    ),
    Patch(
        name="any caller confirms",
        file="client/telefonip.py",
        old="if caller != self.lease.user:",
        new="if caller is None:",
        tests=("tests/client/test_wait_call.py",),
    ),
    Patch(
        name="the id of a check is not compared",
        file="protocol/telefonip.py",
        old="if int(reader.identifier(answer.id)) != lease_id:",
        new="if int(reader.identifier(answer.id)) < 0:",
        tests=("tests/protocol/test_telefonip.py",),
    ),
    Patch(
        name="the id of a status is not compared",
        file="protocol/callpass.py",
        old="if answer.callid != call_id:",
        new="if not answer.callid:",
        tests=("tests/protocol/test_callpass.py",),
    ),
    Patch(
        name="a foreign 8 is Russia's",
        file="protocol/codec.py",
        old='_PLUS_7 = re.compile(r"(?:7|8(?=9))[0-9]{10}")',
        new='_PLUS_7 = re.compile(r"[78][0-9]{10}")',
        tests=("tests/protocol",),
    ),
    Patch(
        name="the last of two keys wins",
        file="protocol/codec.py",
        old="if len(document) != len(pairs):",
        new="if len(document) > len(pairs):",
        tests=("tests/protocol/test_strict.py",),
    ),
    Patch(
        name="a number is text",
        file="protocol/codec.py",
        old="for cls in (str, int, bool):",
        new="for cls in (int, bool):",
        tests=("tests/protocol",),
    ),
    Patch(
        name="an answer from a cache is believed",
        file="protocol/codec.py",
        old='if "age" in response.headers:',
        new='if "stale" in response.headers:',
        tests=("tests/protocol/test_strict.py",),
    ),
    Patch(
        name="the caller's key is ignored",
        file="protocol/nerotech.py",
        old="    text = _TEST_KEY_PREFIX + key.text if test else key.text",
        new="    text = IdempotencyKey.new().text",
        tests=("tests/protocol/test_requests.py", "tests/client"),
    ),
    Patch(
        name="a new key for every try",
        file="client/runner.py",
        old="""        verdict = _NEUTRAL
        try:
""",
        new="""        verdict = _NEUTRAL
        import re
        from attrs import evolve
        from ..models.key import IdempotencyKey
        from ..models.secret import Secret
        fresh = f"idempotency_key={IdempotencyKey.new().text}"
        url = re.sub("idempotency_key=[^&]*", fresh, operation.request.url.reveal())
        request = evolve(operation.request, url=Secret(url))
        operation = operation._replace(request=request)
        try:
""",
        tests=("tests/client/test_voicemail_again.py",),
    ),
    Patch(
        name="test calls verify",
        file="protocol/nerotech.py",
        old="verifies = accept_test or not test",
        new="verifies = True",
        tests=("tests/protocol", "tests/client"),
    ),
    Patch(
        name="no drain",
        file="client/incoming.py",
        old="            if not drain:",
        new="            if True:",
        tests=("tests/client/test_incoming_init.py",),
    ),
    Patch(
        name="already verified is verified",
        file="client/incoming.py",
        old="live.is_confirmed = live.is_drained and live.was_answer_lost",
        new="live.is_confirmed = True",
        tests=("tests/client/test_incoming_verify.py",),
    ),
    Patch(
        name="a lost answer is forgotten",
        file="client/incoming.py",
        old="live.was_answer_lost = True",
        new="live.was_answer_lost = False",
        tests=("tests/client/test_incoming_verify.py",),
    ),
    Patch(
        name="the phone is given free too early",
        file="client/leases.py",
        old="reservation.until = live.last_check_at + LATE_SECONDS",
        new="reservation.until = live.leased_at + 60.0",
        tests=("tests/client/test_incoming_init.py",),
    ),
    Patch(
        name="nothing happened, says the last try",
        file="client/runner.py",
        old="    if not tries.lost:",
        new="    if tries.lost >= 0:",
        tests=("tests/client/test_scripted_tries.py", "tests/campaign"),
    ),
    Patch(
        name="retries without a budget",
        file="client/budget.py",
        old="if self._tokens < cost:",
        new="if self._tokens < 0:",
        tests=("tests/client",),
    ),
    Patch(
        name="many probes at once",
        file="client/breaker.py",
        old="is_open = self._is_probing or now < self._opened_until",
        new="is_open = now < self._opened_until",
        tests=("tests/client/test_breaker.py",),
    ),
    Patch(
        name="a cancelled caller takes the request along",
        file="client/tasks.py",
        old="            return await ended",
        new="""            await self._running[ended]
            return ended.result()""",
        tests=("tests/campaign", "tests/client"),
    ),
    Patch(
        name="a byte that left counts for nothing",
        file="transport/httpx.py",
        old="        if self._is_sent:\n            return AnswerLost",
        new="        if self._is_sent:\n            return NotSent",
        tests=("tests/transport", "tests/hostile"),
    ),
    Patch(
        name="a pool is used on after an interruption",
        file="transport/pools.py",
        old="if not is_clean or self._is_closed:",
        new="if self._is_closed:",
        tests=("tests/transport", f"{_PROMISES}::{_STORM}"),
    ),
    Patch(
        name="an answer without a name shares its connection",
        file="transport/httpx.py",
        old="self._single if request.own_connection else self._shared",
        new="self._shared",
        tests=("tests/transport", "tests/hostile/test_second_requests.py"),
    ),
    Patch(
        name="the whole body is read, however long",
        file="transport/httpx.py",
        old="if len(body) > BODY_LIMIT:",
        new="if len(body) > BODY_LIMIT * BODY_LIMIT:",
        tests=("tests/transport", "tests/hostile/test_memory.py"),
    ),
    Patch(
        name="a compressed answer is unpacked",
        file="transport/httpx.py",
        old="body = await _read(incoming.stream)",
        new="body = await _read(incoming.aiter_bytes())",
        tests=("tests/hostile/test_memory.py",),
    ),
    Patch(
        name="a lease is counted from the answer",
        file="client/incoming.py",
        old="lease_id=None, sent_at=settled.sent_at",
        new="lease_id=None, sent_at=self._line.clock.now()",
        tests=("tests/client",),
    ),
    Patch(
        name="numbers are shown whole",
        file="models/phone.py",
        old='return f"{self.e164[:-7]}•••{self.e164[-4:]}"',
        new="return self.e164",
        tests=("tests/models",),
    ),
    Patch(
        name="the sandbox of a test is open after it",
        file="pytest_plugin.py",
        old="sandbox.close()",
        new="pass",
        tests=_PLUGIN,
    ),
    Patch(
        name="every run of pytest loads the sandbox",
        file="pytest_plugin.py",
        old="if TYPE_CHECKING:",
        new="if pytest:",
        tests=_PLUGIN,
    ),
    *VERIFIER,
    *NATIVE,
    *WEB,
)
