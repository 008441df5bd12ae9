"""How a browser shows which verifications are its own: by a cookie or a bearer handle.

Neither needs the other's protection: a cookie comes along with what other sites send, a
bearer handle only with what the page itself sends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from attrs import field, frozen

from ..models.attempt import AttemptId
from .handle import Handles
from .problems import Refused
from .request import WebRequest
from .site import Site

# As long as a Verifier keeps attempts by default.
_COOKIE_SECONDS = 86_400


@frozen(kw_only=True)
class Bound:
    """Hold what gives an attempt to a browser: headers, or a handle for its page."""

    headers: Mapping[str, str] = field(factory=dict, repr=False)
    handle: str | None = field(default=None, repr=False)


class Browsers(Protocol):
    """Give attempts to browsers, and know them again."""

    def own(self, request: WebRequest) -> Sequence[AttemptId]:
        """Return the attempts of this browser, the latest first."""

    def give(self, request: WebRequest, attempt_id: AttemptId) -> Bound:
        """Let the attempt be this browser's."""

    def require_same_site(self, request: WebRequest) -> None:
        """Raise Refused when another site may have made the browser send it."""


class CookieBrowsers:
    """Know browsers by a cookie that their pages cannot read."""

    def __init__(self, handles: Handles, site: Site) -> None:
        self._handles = handles
        self._site = site
        # With this prefix no other host of the domain can plant one.
        self._name = "__Host-callauth" if site.is_https else "callauth"

    def own(self, request: WebRequest) -> Sequence[AttemptId]:
        """Return the attempts of this browser, the latest first."""
        for value in request.cookies(self._name):
            if ids := self._handles.read(value):
                return ids
        return ()

    def give(self, request: WebRequest, attempt_id: AttemptId) -> Bound:
        """Let the attempt be this browser's, besides the latest ones."""
        handle = self._handles.sign([attempt_id, *self.own(request)])
        cookie = f"{self._name}={handle}; Path=/; Max-Age={_COOKIE_SECONDS}"
        secure = "; Secure" if self._site.is_https else ""
        return Bound(
            headers={"Set-Cookie": f"{cookie}; HttpOnly; SameSite=Lax{secure}"}
        )

    def require_same_site(self, request: WebRequest) -> None:
        """Raise Refused when another site may have made the browser send it."""
        if not self._site.has_sent(request):
            raise Refused("cross-site")


class BearerBrowsers:
    """Know browsers, and programs, by a handle that they send."""

    def __init__(self, handles: Handles) -> None:
        self._handles = handles

    def own(self, request: WebRequest) -> Sequence[AttemptId]:
        """Return the attempt of the handle."""
        scheme, _, handle = request.headers.get("authorization", "").partition(" ")
        return self._handles.read(handle.strip()) if scheme.lower() == "bearer" else ()

    def give(self, request: WebRequest, attempt_id: AttemptId) -> Bound:
        """Return the handle of this attempt alone."""
        del request
        return Bound(handle=self._handles.sign([attempt_id]))

    def require_same_site(self, request: WebRequest) -> None:
        """Let it pass: no browser sends a bearer handle by itself."""
