"""Site: where the application is for browsers, and what its own pages send."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..errors import ConfigurationError
from ..protocol.address import base_url
from .request import WebRequest

_PORTS = {"http": 80, "https": 443}


class Site:
    """Tell requests of our own pages from those of other sites.

    ``public_url`` is what browsers show, whatever proxies are in between.

    Raises ConfigurationError unless it is a URL http(s)://host.
    """

    def __init__(self, public_url: str) -> None:
        parts = urlsplit(base_url(public_url))
        self.is_https = parts.scheme == "https"
        port = parts.port
        shown = "" if port in (None, _PORTS[parts.scheme]) else f":{port}"
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        self._origin = f"{parts.scheme}://{host}{shown}"

    def has_sent(self, request: WebRequest) -> bool:
        """Say whether one of our pages, or no browser at all, has sent it.

        Browsers tell the origin with everything that changes something; what tells
        none carries no cookie that a browser keeps for others.
        """
        origin = request.headers.get("origin", self._origin)
        fetched = request.headers.get("sec-fetch-site", "same-origin")
        return origin.lower() == self._origin and fetched in ("same-origin", "none")


def require_prefix(prefix: str) -> None:
    """Raise ConfigurationError unless paths can follow it."""
    if prefix and (not prefix.startswith("/") or prefix.endswith("/")):
        raise ConfigurationError('expected a prefix such as "/api", or none')
