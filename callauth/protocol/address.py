"""Addresses: where a provider is, and the one place where a URL is put together."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from ..errors import ConfigurationError
from ..models.secret import Secret

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def base_url(text: str) -> str:
    """Return a base URL that ends with a slash.

    Raises ConfigurationError unless it is http or https with a host and without user,
    query or fragment.
    """
    parts = _split(text)
    is_http = parts is not None and parts.scheme in ("http", "https")
    is_plain = parts is not None and _is_plain(text, parts)
    # A password in it must not be in a traceback that shows local variables.
    del parts
    if not (is_http and is_plain):
        del text
        raise ConfigurationError(
            "expected a base URL http(s)://host without user, query or fragment"
        )
    return text.rstrip("/") + "/"


def webhook_url(text: str | Secret) -> Secret:
    """Return the URL at which a webhook may reach us; it is as good as a password.

    Raises ConfigurationError unless it is https (http on loopback) and has neither
    query nor fragment: the provider appends its own query.
    """
    url = Secret.of(text)
    del text
    parts = _split(url.reveal())
    safe = parts is not None and (
        parts.scheme == "https"
        or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )
    plain = parts is not None and _is_plain(url.reveal(), parts)
    del parts
    if not (safe and plain):
        raise ConfigurationError(
            "expected a webhook URL with https and without query or fragment"
        )
    return url


def credential(value: str | Secret, name: str) -> Secret:
    """Return a key or token that can travel in a URL or a header.

    Raises ConfigurationError, naming the credential and not showing it, when it is
    blank or has other than printable ASCII characters.
    """
    text = value.reveal() if isinstance(value, Secret) else value
    del value
    good = isinstance(text, str) and text.strip(".") != "" and _is_printable(text)
    if not good:
        del text
        raise ConfigurationError(
            f"expected {name} as printable ASCII text without spaces, not blank"
        )
    return Secret(text)


def full_url(base: str, path: str, query: Sequence[tuple[str, str]] = ()) -> Secret:
    """Return the whole URL; the path is already quoted, the query is not."""
    if not query:
        return Secret(base + path)
    return Secret(f"{base}{path}?{urlencode(query, quote_via=quote)}")


def segment(text: str) -> str:
    """Return the text as one segment of a path, whatever is in it."""
    return quote(text, safe="")


def _is_plain(text: str, parts: SplitResult) -> bool:
    has_host = bool(parts.hostname) and parts.username is None
    return has_host and "?" not in text and "#" not in text


def _is_printable(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text


def _split(text: str) -> SplitResult | None:
    if not isinstance(text, str) or not _is_printable(text):
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts
