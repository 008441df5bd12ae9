"""Pepper: what must not stand in a store as it is, under a key that is not there.

A pin is kept as HMAC-SHA-256 over attempt, phone and pin: what leaks from a store
cannot be tried out without the key, and fits no other attempt. Phones and addresses
appear in the names of locks and counters the same way.
"""

from __future__ import annotations

import hashlib
import hmac
import re

from ..errors import ConfigurationError, TestModeRefused
from ..models.attempt import AttemptId
from ..models.phone import PhoneNumber
from ..models.pin import Pin, typed_digits
from ..models.secret import Secret

_DIGITS = re.compile(r"[0-9]+")
_PATH = re.compile(r"([A-Za-z0-9_-]{22})\.([0-9a-f]{32})")
_SHORTEST = 16


class Pepper:
    """Hold the key and everything that is made with it."""

    def __init__(self, secret: Secret) -> None:
        text = secret.reveal()
        if len(text) < _SHORTEST:
            del text
            raise ConfigurationError(
                f"expected a pepper of at least {_SHORTEST} characters"
            )
        self._secret = secret

    @classmethod
    def of(cls, given: Secret | None, of_store: Secret | None) -> Pepper:
        """Return the given one, else that of a store that dies with its process.

        Raises ConfigurationError when there is neither, and for a short one.
        """
        secret = of_store if given is None else given
        if not isinstance(secret, Secret):
            refusal = "expected a pepper, as a Secret: this store outlives the process"
            raise ConfigurationError(refusal)
        return cls(secret)

    def pin_mac(self, attempt_id: AttemptId, phone: PhoneNumber, pin: Pin) -> str:
        """Return what is kept of a pin.

        Raises TestModeRefused for the pin of a test call, which verifies nobody.
        """
        if not pin.verifies:
            raise TestModeRefused("callauth", "start", None, "TEST_CALL")
        return self._mac("pin", attempt_id, phone.e164, pin.reveal())

    def is_pin(
        self,
        mac: str,
        attempt_id: AttemptId,
        phone: PhoneNumber,
        *,
        digits: int,
        typed: str,
    ) -> bool:
        """Say whether that pin was typed, in constant time.

        Separators do not matter, and a whole number that ends with the pin is it.

        Raises ConfigurationError when something else than digits was typed.
        """
        spelled = typed_digits(typed, digits) if isinstance(typed, str) else ""
        if not _DIGITS.fullmatch(spelled.removeprefix("+")):
            del typed, spelled
            raise ConfigurationError(f"expected the {digits} digits of a pin, as text")
        return hmac.compare_digest(
            mac, self._mac("pin", attempt_id, phone.e164, spelled)
        )

    def name(self, kind: str, text: str) -> str:
        """Return the name of a lock or counter that tells nothing of the text."""
        return f"{kind}/{self._mac(kind, text)[:32]}"

    def path(self, attempt_id: AttemptId) -> str:
        """Return a part of a URL that nobody can guess."""
        return f"{attempt_id}.{self._mac('webhook', attempt_id)[:32]}"

    def is_path(self, path: str) -> bool:
        """Say whether ``path`` made this part of a URL, in constant time."""
        found = _PATH.fullmatch(path)
        if found is None:
            return False
        return hmac.compare_digest(path, self.path(AttemptId(found[1])))

    def _mac(self, *parts: str) -> str:
        # Each part with its length: "1" + "23" must not be "12" + "3".
        text = "".join(f"{len(part)}:{part}" for part in parts)
        key = self._secret.reveal().encode("utf-8", "surrogatepass")
        return hmac.new(
            key, text.encode("utf-8", "surrogatepass"), hashlib.sha256
        ).hexdigest()
