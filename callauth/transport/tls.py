"""What every transport demands of TLS."""

from __future__ import annotations

import ssl

from ..errors import ConfigurationError


def require_verification(context: ssl.SSLContext) -> None:
    """Raise ConfigurationError unless it verifies certificates and host names."""
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        raise ConfigurationError(
            "expected an ssl_context that verifies certificates and host names"
        )
