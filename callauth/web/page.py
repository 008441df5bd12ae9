"""Page: the web component and a ready-made page around it, as answers to serve.

The files lie in ``static`` beside this module and need no build. They work under
``SECURITY_POLICY``: no inline script or style, no other host, no text that is parsed as
HTML.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from .answers import Answer, answer
from .problems import Refused

PAGE_PATH = "/verification/"
"""Where the page is, beside /verifications; its files are under it."""

STATIC = Path(__file__).parent / "static"

SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)

_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "Content-Security-Policy": SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        # The files refer to one another, so an old one must not meet a new one.
        "Cache-Control": "no-cache",
    }
)
_TYPES: Mapping[str, str] = MappingProxyType(
    {
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".svg": "image/svg+xml",
    }
)


def page_file(name: str) -> Answer:
    """Return one file by its name, the page itself for "", or that there is none."""
    return file_of(STATIC, name) or answer(Refused("not-found").problem)


def file_of(folder: Path, name: str) -> Answer | None:
    """Return one file of a folder by its name, "index.html" for "", or None."""
    return _files(folder).get(name or "index.html")


@lru_cache
def _files(folder: Path) -> Mapping[str, Answer]:
    return {
        path.name: Answer(
            status=200,
            headers={"Content-Type": _TYPES[path.suffix], **_HEADERS},
            body=path.read_bytes(),
        )
        for path in sorted(folder.iterdir())
        if path.suffix in _TYPES
    }
