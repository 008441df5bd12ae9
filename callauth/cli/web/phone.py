"""PlayedPhone: the phone that was last called, or asked to call, in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from attrs import frozen

from ...errors import ConfigurationError
from ...models.instructions import spaced
from ...models.method import Method
from ...models.phone import PhoneNumber
from ...sandbox import Answer, Lease, Ring, Sandbox, Subscriber
from ..stories import STRANGER

Words: TypeAlias = Mapping[str, object]

ANSWERS_AFTER_SECONDS = 4.0
_CALLS_LISTED = 4
_KINDS = {Method.FLASH_CALL: "flash", Method.VOICE_OTP: "robot"}


@frozen
class PlayedPhone:
    """Show what its screen shows, dial from it, and let it answer or not."""

    sandbox: Sandbox

    @classmethod
    def of(cls, sandbox: Sandbox) -> PlayedPhone:
        """Return the phone of a sandbox, where every phone now answers."""
        phone = cls(sandbox)
        phone.behave({"answers": Answer.ANSWERS.value})
        return phone

    def shown(self) -> Words:
        """Return what its screen shows."""
        answers = self.sandbox.network.default.answers.value
        return {**self._screen(), "answers": answers}

    def dial(self, words: Words) -> None:
        """Dial {"number", "from": "own" or "another"}; ConfigurationError, or done."""
        phone = self._phone()
        number, caller = words.get("number"), words.get("from")
        if phone is None or not isinstance(number, str):
            raise ConfigurationError("expected a number to dial")
        if caller not in ("own", "another"):
            raise ConfigurationError("expected to dial from own or another")
        self.sandbox.network.dial(
            phone if caller == "own" else STRANGER, PhoneNumber.parse(number)
        )

    def behave(self, words: Words) -> None:
        """Let phones do {"answers"} from the next call on."""
        known = {each.value: each for each in Answer}
        answers = words.get("answers")
        if not isinstance(answers, str) or answers not in known:
            raise ConfigurationError(f"expected answers: one of {', '.join(known)}")
        self.sandbox.network.default = Subscriber(
            answers=known[answers], answers_after_seconds=ANSWERS_AFTER_SECONDS
        )

    def _screen(self) -> Words:
        phone = self._phone()
        if phone is None:
            return {"number": None, "call": None, "calls": [], "dial": None}
        now = self.sandbox.ledger.elapsed()
        rings = [ring for ring in self.sandbox.ledger.rings(phone) if _is_seen(ring)]
        going_on = [ring for ring in rings if ring.ends > now]
        over = [ring for ring in rings if ring.ends <= now]
        return {
            "number": spaced(phone),
            "call": _call(going_on[-1], now) if going_on else None,
            "calls": [_call(ring, now) for ring in over[: -_CALLS_LISTED - 1 : -1]],
            "dial": self._number_to_dial(phone, now),
        }

    def _phone(self) -> PhoneNumber | None:
        ledger = self.sandbox.ledger
        called: list[Ring | Lease] = [
            *ledger.entries(Ring)[-1:],
            *ledger.entries(Lease)[-1:],
        ]
        if not called:
            return None
        return max(called, key=lambda entry: entry.elapsed).phone

    def _number_to_dial(self, phone: PhoneNumber, now: float) -> str | None:
        leases = [
            lease
            for lease in self.sandbox.ledger.entries(Lease)
            if lease.phone == phone and lease.elapsed + lease.window_seconds > now
        ]
        return spaced(leases[-1].number) if leases else None


def _is_seen(ring: Ring) -> bool:
    """Say whether the phone rang at all."""
    return ring.cause not in ("DESTINATION_OUT_OF_ORDER", "SUBSCRIBER_ABSENT")


def _call(ring: Ring, now: float) -> Words:
    is_robot = ring.method is Method.VOICE_OTP
    return {
        "kind": _KINDS[ring.method],
        "from": spaced(ring.caller),
        "said": ring.code.reveal() if is_robot and ring.reached_by(now) else None,
    }
