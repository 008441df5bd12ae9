"""Every client that is measured, each with what its own documentation shows.

Each is opened with a base URL and the context that trusts the server of the benchmark,
None without TLS. All else is as it comes: pools, time-outs, retries.
"""

# ruff: noqa: PLC0415 - a process loads one of them only

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from calls_server import CALL_ID

if TYPE_CHECKING:
    import httpx

    from callauth import Transport

Call: TypeAlias = Callable[[], Awaitable[object]]
Form: TypeAlias = Mapping[str, str]

_TOKEN = "sandbox"
_NUMBER = "89991234567"
_HEADERS = {"Authorization": f"Bearer {_TOKEN}", "Accept": "application/json"}
_ASK = "api/v3.0/get-call-password-status/"
_START = "api/v3.0/start-call-password/"
_ASK_FORM = {"callid": CALL_ID}
_START_FORM = {"dn": "79991234567", "timeout": "30", "async": "1"}
# As many as are ever at once; a thread that is not used costs nothing.
_THREADS = 256


@dataclass(frozen=True)
class Trust:
    """Hold what to trust, in the forms in which clients want it."""

    authority: Path
    context: ssl.SSLContext


@dataclass(frozen=True)
class Calls:
    """Hold how one client asks how a call ended, and how it starts one."""

    ask: Call
    start: Call


Open: TypeAlias = Callable[[str, Trust | None], AbstractAsyncContextManager[Calls]]


class LeftOut(Exception):
    """Say why a client cannot be measured here."""


@asynccontextmanager
async def _callauth(
    module: str,
    name: str,
    options: Mapping[str, str],
    base_url: str,
    trust: Trust | None,
) -> AsyncIterator[Calls]:
    from callauth import CallPassClient, PhoneNumber

    phone = PhoneNumber.parse(_NUMBER)
    transport = _transport(module, name, options, trust)
    # Retries, their budget, the breaker, the deadline, strict parsing and tasks of the
    # client's own are always there; a hook is what an application adds.
    heard: list[None] = []

    def hook(_: object) -> None:
        heard[:] = [None]

    try:
        async with CallPassClient(
            _TOKEN, base_url=base_url, transport=transport, hooks=[hook]
        ) as client:
            yield Calls(
                ask=lambda: client.get_call_password_status(CALL_ID),
                start=lambda: client.start_call_password(phone),
            )
            assert heard
    finally:
        await transport.aclose()


def _transport(
    module: str, name: str, options: Mapping[str, str], trust: Trust | None
) -> Transport:
    from callauth import ConfigurationError

    context = None if trust is None else trust.context
    try:
        make = getattr(import_module(f"callauth.transport.{module}"), name)
        transport: Transport = make(ssl_context=context, **options)
    except (ConfigurationError, ModuleNotFoundError, TypeError) as error:
        raise LeftOut(f"no such transport is installed: {error}") from None
    return transport


@asynccontextmanager
async def _like_httpx(
    module: str, base_url: str, trust: Trust | None
) -> AsyncIterator[Calls]:
    # httpx2 has the same names.
    client: httpx.AsyncClient = import_module(module).AsyncClient(
        headers=_HEADERS, verify=True if trust is None else trust.context
    )

    async def post(path: str, form: Form) -> object:
        answer = await client.post(base_url + path, data=form)
        return answer.json()["data"]["callid"]

    async with client:
        yield _posting(post)


@asynccontextmanager
async def aiohttp(base_url: str, trust: Trust | None) -> AsyncIterator[Calls]:
    import aiohttp

    connector = aiohttp.TCPConnector(ssl=True if trust is None else trust.context)
    async with aiohttp.ClientSession(headers=_HEADERS, connector=connector) as client:

        async def post(path: str, form: Form) -> object:
            async with client.post(base_url + path, data=form) as answer:
                return (await answer.json())["data"]["callid"]

        yield _posting(post)


@asynccontextmanager
async def pyreqwest(base_url: str, trust: Trust | None) -> AsyncIterator[Calls]:
    from pyreqwest.client import ClientBuilder

    builder = ClientBuilder().default_headers(_HEADERS)
    if trust is not None:
        builder = builder.add_root_certificate_pem(trust.authority.read_bytes())
    async with builder.build() as client:

        async def post(path: str, form: Form) -> object:
            request = client.post(base_url + path).form(form).build()
            return (await (await request.send()).json())["data"]["callid"]

        yield _posting(post)


@asynccontextmanager
async def openai(base_url: str, trust: Trust | None) -> AsyncIterator[Calls]:
    from openai import AsyncOpenAI, DefaultAsyncHttpxClient

    http = None if trust is None else DefaultAsyncHttpxClient(verify=trust.context)
    async with AsyncOpenAI(
        api_key=_TOKEN, base_url=base_url, http_client=http
    ) as client:
        yield _generated(client)


@asynccontextmanager
async def prelude(base_url: str, trust: Trust | None) -> AsyncIterator[Calls]:
    from prelude_python_sdk import AsyncPrelude, DefaultAsyncHttpxClient

    http = None if trust is None else DefaultAsyncHttpxClient(verify=trust.context)
    async with AsyncPrelude(
        api_token=_TOKEN, base_url=base_url, http_client=http
    ) as client:
        yield _generated(client)


@asynccontextmanager
async def pytelefonipapi(base_url: str, trust: Trust | None) -> AsyncIterator[Calls]:
    """Ask Telefon-IP, in threads: it knows no other provider and no asyncio."""
    import requests
    from pytelefonipapi import TelefonIpAPI

    http = requests.Session()
    if trust is not None:
        http.verify = str(trust.authority)
    api = TelefonIpAPI(_TOKEN, session=http, base_url=f"{base_url}api/v1")
    with ThreadPoolExecutor(_THREADS) as threads:
        in_thread = partial(asyncio.get_running_loop().run_in_executor, threads)
        yield Calls(
            ask=lambda: in_thread(api.get_status, 1),
            start=lambda: in_thread(api.get_code, _NUMBER),
        )


def _generated(client: Any) -> Calls:  # noqa: ANN401 - one of two generated SDKs
    async def post(path: str, form: Form) -> object:
        answer = await client.post(path, cast_to=object, body=form)
        return answer["data"]["callid"]

    return _posting(post)


def _posting(post: Callable[[str, Form], Awaitable[object]]) -> Calls:
    return Calls(
        ask=lambda: post(_ASK, _ASK_FORM), start=lambda: post(_START, _START_FORM)
    )


PEERS: Mapping[str, Open] = {
    "callauth_native": partial(_callauth, "native", "NativeTransport", {}),
    "callauth_aiohttp": partial(_callauth, "aiohttp", "AiohttpTransport", {}),
    "callauth_httpx2": partial(
        _callauth, "httpx", "HttpxTransport", {"module": "httpx2"}
    ),
    "callauth_httpx": partial(_callauth, "httpx", "HttpxTransport", {}),
    "pyreqwest": pyreqwest,
    "aiohttp": aiohttp,
    "httpx2": partial(_like_httpx, "httpx2"),
    "httpx": partial(_like_httpx, "httpx"),
    "openai": openai,
    "prelude": prelude,
    "pytelefonipapi": pytelefonipapi,
}
"""All of them, by the names that the results have."""
