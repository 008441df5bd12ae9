"""TLS: what a transport trusts unless it is told otherwise."""

from __future__ import annotations

import ssl
from functools import cache

import certifi

from ..errors import ConfigurationError


@cache
def default_ssl_context() -> ssl.SSLContext:
    """Return the one context of this process; whoever gets it must not change it."""
    # Making one takes 16 ms and reads the whole list of authorities.
    context = ssl.create_default_context(cafile=certifi.where())
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def require_verification(context: ssl.SSLContext) -> None:
    """Raise ConfigurationError unless it verifies certificates and host names."""
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        raise ConfigurationError(
            "expected an ssl_context that verifies certificates and host names"
        )
