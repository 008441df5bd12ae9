from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callauth.errors import ConfigurationError
from callauth.models.secret import Secret
from callauth.protocol.address import (
    base_url,
    credential,
    full_url,
    segment,
    webhook_url,
)
from tests.support.canaries import Canaries
from tests.support.refusals import caught, refused

_BASES = {
    "https://api.nerotech.ru/api/v1/": "https://api.nerotech.ru/api/v1/",
    "https://api.nerotech.ru/api/v1": "https://api.nerotech.ru/api/v1/",
    "https://host": "https://host/",
    "https://host//": "https://host/",
    "https://host:8443/x": "https://host:8443/x/",
    "http://localhost:8080": "http://localhost:8080/",
    "http://[::1]:8080/api": "http://[::1]:8080/api/",
}
_BAD_BASES = [
    "",
    "host",
    "//host/",
    "ftp://host/",
    "https://",
    "https:///api",
    "https://host:port/",
    "https://host:99999/",
    "https://[::1/",
    "https://ho st/",
    "https://host/\n",
    "https://хост/",
    "https://host/?a=1",
    "https://host/#a",
    "https://host/?",
    "https://host/#",
    "https://user@host/",
    "https://@host/",
    "https://:password@host/",
]


@pytest.mark.parametrize(("text", "expected"), _BASES.items())
def test_a_base_url_ends_with_a_slash(text: str, expected: str) -> None:
    """Paths are put behind it as they are."""
    assert base_url(text) == expected


@pytest.mark.parametrize("text", _BAD_BASES)
def test_a_bad_base_url_is_refused(text: str) -> None:
    """A typing error would send the key to somebody else, or into a fragment."""
    with refused(ConfigurationError, match="without user, query or fragment"):
        base_url(text)


def test_a_base_url_is_text() -> None:
    """Type checkers are not everywhere."""
    value: Any = b"https://host/"

    with refused(ConfigurationError, match="expected a base URL"):
        base_url(value)


def test_a_password_in_a_base_url_is_not_shown(canaries: Canaries) -> None:
    """It is refused because it is a password."""
    password = canaries.secret().reveal()

    with refused(ConfigurationError):
        base_url(f"https://user:{password}@host/")
    with refused(ConfigurationError):
        base_url(f"https://host/?key={password}")
    with refused(ConfigurationError):
        base_url(f"ftp://user:{password}@host/")


@pytest.mark.parametrize(
    "text",
    [
        "https://app.example/hook/4f2ea8a1",
        "https://app.example:8443/",
        "http://localhost:8080/hook",
        "http://127.0.0.1/hook",
        "http://[::1]:1/hook",
    ],
)
def test_a_webhook_reaches_us_by_https_or_on_loopback(text: str) -> None:
    """On loopback the sandbox sends it."""
    assert webhook_url(text) == Secret(text)
    assert webhook_url(Secret(text)) == Secret(text)


@pytest.mark.parametrize(
    "text",
    [
        "http://app.example/hook",
        "http://127.0.0.2/hook",
        "ftp://localhost/hook",
        "app.example/hook",
        "https://",
        "https:///hook",
        "https://:443/hook",
        "https://app.example:port/",
        "https://app.example/hook?x=1",
        "https://app.example/hook#x",
        "https://app.example/hook?",
        "https://app.example/hook#",
        "https://app.example/ho ok",
        "https://app.example/крюк",
        "https://app.example/hook\r\n",
    ],
)
def test_another_webhook_is_refused(text: str, canaries: Canaries) -> None:
    """The provider appends ?success=…, which must arrive as the query."""
    with refused(ConfigurationError, match="webhook URL with https"):
        webhook_url(text)


def test_a_refused_webhook_is_not_shown(canaries: Canaries) -> None:
    """Its path is a password."""
    path = canaries.secret().reveal()

    with refused(ConfigurationError):
        webhook_url(f"http://app.example/{path}")
    with refused(ConfigurationError):
        webhook_url(Secret(f"https://app.example/{path}?"))


@pytest.mark.parametrize("text", ["N73JXNJvWRWy", "a/b?c#d%", "...a", "!~"])
def test_a_credential_is_printable_ascii(text: str) -> None:
    """The documents contradict themselves about its length: it is not checked."""
    assert credential(text, "token") == Secret(text)
    assert credential(Secret(text), "token") == Secret(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "a b", "key\n", "ключ", "a\x00", ".", "..", "a\u00a0b", "a\r\nB: c"],
)
def test_another_credential_is_refused_by_its_name(text: str) -> None:
    """It would split a header, or climb to another path."""
    with refused(ConfigurationError, match="expected secret_key as printable ASCII"):
        credential(text, "secret_key")


@pytest.mark.parametrize("value", [None, 17, b"key"])
def test_a_credential_is_text(value: str) -> None:
    """A variable that was never set must not become a key."""
    with refused(ConfigurationError, match="expected token"):
        credential(value, "token")


def test_a_refused_credential_is_not_shown(canaries: Canaries) -> None:
    """A key with a line break at its end is still the key."""
    key = canaries.secret().reveal() + "\n"
    as_bytes: Any = key.encode()

    for value in (key, Secret(key), as_bytes):
        with refused(ConfigurationError):
            credential(value, "token")


def test_a_query_is_quoted() -> None:
    """A plus would arrive as a blank, and an ampersand as another key."""
    url = full_url("https://host/", "path", [("a", "+7 &=?/#"), ("b", "ё")])

    assert url == Secret("https://host/path?a=%2B7%20%26%3D%3F%2F%23&b=%D1%91")


def test_without_a_query_there_is_no_question_mark() -> None:
    """A trailing question mark is another URL for some servers."""
    assert full_url("https://host/", "path") == Secret("https://host/path")


@given(st.text(min_size=1))
def test_a_segment_stays_one_segment(text: str) -> None:
    """A token with a slash in it must not choose another operation."""
    assert set(segment(text)).isdisjoint("/?#&= \r\n")


@given(
    st.text(alphabet=st.characters())
    | st.text(alphabet="htps:/@?#[]1.a\\", max_size=20)
)
def test_no_text_raises_anything_else(text: str) -> None:
    """Settings come from files and from the environment."""
    for read in (base_url, webhook_url, lambda value: credential(value, "token")):
        said = caught(lambda read=read: read(text), ConfigurationError)  # type: ignore[misc]
        assert isinstance(said, str | Secret | ConfigurationError)
