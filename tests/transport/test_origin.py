from __future__ import annotations

import pytest

from callauth.transport.origin import Origin


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("http://x.example", ("x.example", 80, False, "x.example")),
        ("https://X.example:443", ("x.example", 443, True, "x.example")),
        ("https://x.example:8443", ("x.example", 8443, True, "x.example:8443")),
        ("http://[::1]:80", ("::1", 80, False, "[::1]")),
        ("http://[::1]:81", ("::1", 81, False, "[::1]:81")),
        *((text, None) for text in ("", "http:", "http://", "//x", "ftp://x", "x")),
        *((f"http://{host}", None) for host in ("u@x", "u:p@x", "x?y", "x#y", "x y")),
        *((f"http://{host}", None) for host in ("x\r\n", "x\x00", "я", "x:y", "[x")),
        *((f"http://{host}", None) for host in ("x\\y", ":80", "x:70000")),
    ],
)
def test_an_origin(text: str, found: tuple[str, int, bool, str] | None) -> None:
    """What is no origin must not be looked up."""
    origin = Origin.of(text)

    assert found == (origin and (origin.host, origin.port, origin.is_tls, origin.name))
