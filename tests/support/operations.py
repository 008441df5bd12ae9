"""Every operation of every provider, ready to be sent and read."""

from __future__ import annotations

from typing import Any

from callauth.models.key import IdempotencyKey
from callauth.models.phone import PhoneNumber
from callauth.models.pin import Pin
from callauth.models.secret import Secret
from callauth.protocol import callpass, nerotech, telefonip
from callauth.protocol.message import Operation

from .canaries import Canaries

SERVICE_NUMBER = PhoneNumber("+79123456789")
LEASE_ID = 122760
CALL_ID = "4f2ea8a1-75e8-4fdd-8e6b-b92e804b1a1d"
# The documents' samples hold these; the rest is canaries.
_WEBHOOK = "https://app.example/hook/"


def operations(canaries: Canaries) -> dict[str, Operation[Any]]:
    """Return one operation of each kind, by name."""
    return {
        **_nerotech(nerotech.Account(1234, canaries.secret()), canaries),
        **_telefonip(telefonip.Account(canaries.secret()), canaries),
        **_callpass(canaries),
    }


def _nerotech(
    account: nerotech.Account, canaries: Canaries
) -> dict[str, Operation[Any]]:
    user, key = canaries.phone(), IdempotencyKey.new()
    return {
        "voicemail": nerotech.voicemail(account, user, key=key),
        "test voicemail": nerotech.voicemail(account, user, key=key, test=True),
        "checkCode": nerotech.check_code(account, "103000", Pin("7777")),
        "incoming/init": nerotech.incoming_init(account, user),
        "incoming/verify": nerotech.incoming_verify(
            account, number=SERVICE_NUMBER, user=user
        ),
    }


def _telefonip(
    account: telefonip.Account, canaries: Canaries
) -> dict[str, Operation[Any]]:
    user = canaries.phone()
    webhook = Secret(_WEBHOOK + canaries.secret().reveal())
    return {
        "get": telefonip.reverse_auth_phone_get(account, user),
        "post": telefonip.reverse_auth_phone_post(account, user, webhook=webhook),
        "post form": telefonip.reverse_auth_phone_post(
            account, user, webhook=webhook, encoding="form"
        ),
        "check": telefonip.reverse_auth_phone_check(account, LEASE_ID),
    }


def _callpass(canaries: Canaries) -> dict[str, Operation[Any]]:
    found: dict[str, Operation[Any]] = {}
    for version in callpass.VERSIONS:
        account = callpass.Account(canaries.secret(), version)
        found[f"start {version}"] = callpass.start_call_password(
            account,
            canaries.phone(),
            timeout_seconds=30,
            asynchronous=version != "v1.0",
        )
        if version != "v1.0":
            found[f"status {version}"] = callpass.get_call_password_status(
                account, CALL_ID
            )
    return found
