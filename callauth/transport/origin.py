"""Origin: where the requests of one scheme, host and port go."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from attrs import frozen

from .wire import is_printable

_PORTS = {"http": 80, "https": 443}
_NOT_IN_ORIGINS = frozenset(" ?#@\\")


@frozen(eq=False, kw_only=True)
class Origin:
    """Hold where it is; ``name`` is what the Host header says."""

    host: str
    port: int
    is_tls: bool
    name: str

    @classmethod
    def of(cls, text: str) -> Self | None:
        """Return that of ``https://x.example:8443``, None for what is no origin."""
        if not is_printable(text) or not _NOT_IN_ORIGINS.isdisjoint(text):
            return None
        try:
            parts = urlsplit(text)
            port = parts.port
        except ValueError:
            return None
        usual = _PORTS.get(parts.scheme)
        if usual is None or not parts.hostname or parts.path:
            return None
        name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return cls(
            host=parts.hostname,
            port=usual if port is None else port,
            is_tls=parts.scheme == "https",
            name=name if port in (None, usual) else f"{name}:{port}",
        )
