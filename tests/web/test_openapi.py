"""The OpenAPI document, held against what the router answers to anything."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest
import schemathesis
from attrs import frozen
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from callauth import Secret, VerificationPolicy, Verifier
from callauth.sandbox import FastClock
from callauth.web.operations import OPERATIONS, Operation
from tests.verification.own import Bell, Desk

from .servers import listener, uvicorn_server
from .sites import fastapi_app

# The longest wait, 25 s, takes an eighth of a second.
_SPEED = 200.0
_EXAMPLES = 12
_CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_NO_LIMITS = VerificationPolicy(
    starts_per_phone=None, starts_per_client_ip=None, cool_down=()
)
# Each of them once: a phone that was just rung is busy.
_PHONES = (f"+79{number:09}" for number in count())


@frozen
class _Served:
    url: str
    document: dict[str, Any]

    def browser(self) -> httpx.Client:
        """Return a browser that has started a verification."""
        # Without verify it would read all certificates of the machine.
        return httpx.Client(
            base_url=self.url, headers={"Origin": self.url}, verify=False
        )


@pytest.fixture(scope="module")
def served() -> Iterator[_Served]:
    """Give an application under uvicorn, in a thread of its own."""
    with listener() as sock:
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        clock = FastClock(_SPEED)
        verifier = Verifier(
            [Bell(clock), Desk(clock), Bell(clock, name="other")],
            clock=clock,
            policy=_NO_LIMITS,
        )
        own = {"secret": Secret("k" * 32), "public_url": url, "owns_verifier": True}
        app = fastapi_app(verifier, own, {})
        server = uvicorn_server(app)
        thread = threading.Thread(
            target=lambda: asyncio.run(server.serve(sockets=[sock]))
        )
        thread.start()
        try:
            yield _Served(url, app.openapi())
        finally:
            server.should_exit = True
            thread.join()


_MODES = [
    pytest.param(operation, mode, id=f"{operation.name}-{mode.value}")
    for operation in OPERATIONS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    # Where any text will do, nothing is wrong.
    if mode is GenerationMode.POSITIVE or operation.takes or operation.query
]


# Schemathesis draws by the module random in places.
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
@pytest.mark.parametrize(("operation", "mode"), _MODES)
def test_every_answer_is_documented(
    operation: Operation, mode: GenerationMode, served: _Served
) -> None:
    """Whatever is sent, there is no server error and nothing unforeseen."""
    schema = schemathesis.openapi.from_dict(served.document)
    cases = schema[operation.path][operation.verb].as_strategy(generation_mode=mode)

    @settings(
        max_examples=_EXAMPLES, deadline=None, suppress_health_check=[*HealthCheck]
    )
    @given(case=cases, end=st.sampled_from(["open", "ended", "foreign"]))
    def answered(case: Case[Any], end: str) -> None:
        with served.browser() as browser:
            _aim(case, browser, end)
            case.call_and_validate(
                base_url=served.url,
                headers={"Origin": served.url},
                cookies=dict(browser.cookies),
                checks=_CHECKS,
            )

    answered()


def _aim(case: Case[Any], browser: httpx.Client, end: str) -> None:
    """Let the case mean a verification that there is, and a phone that is one."""
    if isinstance(case.body, dict) and "phone" in case.body and end == "open":
        case.body["phone"] = next(_PHONES)
    if case.path_parameters and end != "foreign":
        started = browser.post("/verifications", json={"phone": next(_PHONES)}).json()
        case.path_parameters["id"] = started["id"]
        # A stream of an open one takes a minute.
        if end == "ended" or case.path.endswith("/events"):
            browser.delete(f"/verifications/{started['id']}")
