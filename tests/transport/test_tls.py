from __future__ import annotations

import ssl
from collections.abc import Callable

import pytest

from callauth import ConfigurationError, NotSent
from tests.hostile import deeds
from tests.hostile.sending import opened, sent, serving
from tests.support.refusals import refused
from tests.support.transports import Make, on_each_transport


def _without_verification() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _without_host_names() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    return context


@on_each_transport
@pytest.mark.parametrize(
    "context",
    [
        _without_verification,
        _without_host_names,
        lambda: ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
    ],
)
def test_an_ssl_context_that_does_not_verify_is_refused(
    context: Callable[[], ssl.SSLContext], make: Make
) -> None:
    """Verification cannot be switched off, not even by the back door."""
    with refused(ConfigurationError, match="ssl_context"):
        make(ssl_context=context())


@on_each_transport
async def test_the_default_context_trusts_no_stranger(make: Make) -> None:
    """A server that only our tests trust must not be trusted by anybody else."""
    async with serving(deeds.answer(), tls=True) as server, opened(make) as inner:
        outcome = await sent(inner, server.base_url)

    assert type(outcome) is NotSent
    assert server.requests == 0
