"""Handles: text that proves which verifications a browser has started.

A handle is the ids and their HMAC-SHA-256, so nothing has to be kept for it: whoever
knows an id and has no handle with it has nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Sequence

from ..errors import ConfigurationError
from ..models.attempt import AttemptId
from ..models.secret import Secret

# One for each purpose of most applications; the cookie stays below 200 bytes.
MOST_IDS = 4
_SHORTEST = 16
_FORM = re.compile(r"((?:[A-Za-z0-9_-]{22}\.){1,4})([A-Za-z0-9_-]{43})")


class Handles:
    """Sign handles and read them.

    Raises ConfigurationError unless the secret is a Secret of 16 characters or more.
    """

    def __init__(self, secret: Secret) -> None:
        if not isinstance(secret, Secret) or len(secret.reveal()) < _SHORTEST:
            raise ConfigurationError(
                f"expected a Secret of at least {_SHORTEST} characters"
            )
        self._secret = secret

    def sign(self, attempt_ids: Sequence[AttemptId]) -> str:
        """Return the handle of these attempts, the first four of them."""
        ids = "".join(f"{each}." for each in attempt_ids[:MOST_IDS])
        return ids + self._mac(ids)

    def read(self, handle: str) -> Sequence[AttemptId]:
        """Return the attempts of the handle, none unless it was signed here."""
        found = _FORM.fullmatch(handle)
        if found is None or not hmac.compare_digest(found[2], self._mac(found[1])):
            return ()
        return [AttemptId(each) for each in found[1].split(".")[:-1]]

    def _mac(self, ids: str) -> str:
        key = self._secret.reveal().encode("utf-8", "surrogatepass")
        # The application may sign other things with the same secret.
        text = f"callauth web handle {ids}".encode()
        mac = hmac.new(key, text, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")
