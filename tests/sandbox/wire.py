"""Requests built by hand, from the providers' documents, and sent to a sandbox."""

from __future__ import annotations

import json
from typing import Any, TypeAlias
from urllib.parse import urlencode

from callauth.models.phone import PhoneNumber
from callauth.models.secret import Secret
from callauth.protocol.message import Request, Response
from callauth.sandbox import Sandbox

Json: TypeAlias = Any
"""What came out of JSON; the assertions say what it has to be."""

PHONE = PhoneNumber("+79991234567")
OTHER = PhoneNumber("+79997654321")
HOST = "https://provider.example"
FORM = "application/x-www-form-urlencoded"
WEBHOOK = "https://app.example/hook/3f1c"

NEROTECH = {"service_id": "1234", "secret_key": "key"}


def request(
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    body: str | None = None,
) -> Request:
    return Request(
        provider="somebody",
        operation="something",
        method=method,
        template="https://provider.example/…",
        url=Secret(HOST + path),
        headers=dict(headers or {}),
        body=None if body is None else Secret(body),
    )


class Wire:
    """Speak to a sandbox in the providers' words."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.transport = sandbox.transport()

    async def send(
        self, sent: Request, *, timeout_seconds: float = 15.0
    ) -> tuple[int, Json]:
        response = await self.respond(sent, timeout_seconds=timeout_seconds)
        return response.status, json.loads(response.body)

    async def respond(
        self, sent: Request, *, timeout_seconds: float = 15.0
    ) -> Response:
        return await self.transport.send(sent, timeout_seconds=timeout_seconds)

    async def nerotech(self, operation: str, **fields: str) -> Json:
        _, answer = await self.send(nerotech(operation, **fields))
        return answer

    async def voicemail(self, phone: PhoneNumber = PHONE, **fields: str) -> Json:
        return await self.nerotech(
            "voicemail", **NEROTECH, phone=phone.msisdn, **fields
        )

    async def check_code(self, call_id: object, code: str) -> Json:
        return await self.nerotech(
            "checkCode", call_id=str(call_id), secret_key="key", code=code
        )

    async def init(self, phone: PhoneNumber = PHONE) -> Json:
        return await self.nerotech("incoming/init", **NEROTECH, user_phone=phone.msisdn)

    async def leased(self, phone: PhoneNumber = PHONE) -> PhoneNumber:
        answer = await self.init(phone)
        return PhoneNumber("+" + answer["service_phone"])

    async def verify(self, number: PhoneNumber, phone: PhoneNumber = PHONE) -> Json:
        return await self.nerotech(
            "incoming/verify",
            **NEROTECH,
            service_phone=number.msisdn,
            user_phone=phone.msisdn,
        )

    async def lease(self, phone: PhoneNumber = PHONE) -> Json:
        _, answer = await self.send(telefonip_get(phone.national))
        return answer["data"]

    async def lease_with_webhook(
        self, url: str = WEBHOOK, phone: PhoneNumber = PHONE
    ) -> Json:
        fields = {"phone": phone.national, "webhook": url}
        _, answer = await self.send(telefonip_post(json.dumps(fields)))
        return answer["data"]

    async def check(self, record_id: object) -> tuple[int, Json]:
        return await self.send(telefonip(f"reverse_auth_phone_check/{record_id}"))

    async def start(
        self, version: str = "v3.0", phone: PhoneNumber = PHONE, /, **fields: str
    ) -> Json:
        _, answer = await self.send(
            start(version, phone, **fields), timeout_seconds=120
        )
        return answer

    async def status(self, callid: str, version: str = "v3.0") -> Json:
        _, answer = await self.send(status(callid, version))
        return answer


def refused(code: int) -> dict[str, object]:
    return {"status": False, "error": code}


def nerotech(operation: str, **fields: str) -> Request:
    return request("GET", f"/api/v1/{operation}?{urlencode(fields)}")


def voicemail(phone: PhoneNumber = PHONE, **fields: str) -> Request:
    return nerotech("voicemail", **NEROTECH, phone=phone.msisdn, **fields)


def telefonip(rest: str, *, token: str = "token") -> Request:
    return request("GET", f"/api/v1/authcalls/{token}/{rest}")


def telefonip_get(phone: str, *, token: str = "token") -> Request:
    return telefonip(f"reverse_auth_phone_get?phone={phone}", token=token)


def telefonip_post(body: str, *, content_type: str = "application/json") -> Request:
    return request(
        "POST",
        "/api/v1/authcalls/token/reverse_auth_phone_post",
        headers={"Content-Type": content_type},
        body=body,
    )


def callpass(
    version: str,
    operation: str,
    *,
    token: str = "token",
    content_type: str = FORM,
    **fields: str,
) -> Request:
    return request(
        "POST",
        f"/api/{version}/{operation}/",
        headers={"Authorization": f"Bearer {token}", "Content-Type": content_type},
        body=urlencode(fields) or " ",
    )


def start(
    version: str = "v3.0", phone: PhoneNumber = PHONE, /, **fields: str
) -> Request:
    form = {"dn": phone.msisdn, "timeout": "30"}
    if version != "v1.0":
        form["async"] = "1"
    return callpass(version, "start-call-password", **(form | fields))


def status(callid: str, version: str = "v3.0") -> Request:
    return callpass(version, "get-call-password-status", callid=callid)
