"""Bugs of the web layer."""

from __future__ import annotations

from .patch import Patch

_EVENTS = "tests/web/test_events.py"
_FLOWS = "tests/web/test_flows.py"
_PHONE = "tests/web/test_verified_phone.py"
_PROXIES = "tests/web/test_proxies.py"
_REFUSALS = "tests/web/test_refusals.py"
_REQUESTS = "tests/web/test_requests.py"
_SERVERS = "tests/web/test_servers.py"
_STRANGERS = "tests/web/test_strangers.py"
_WEBHOOKS = "tests/web/test_webhooks.py"

WEB = (
    Patch(
        name="any handle of the right form is ours",
        file="web/handle.py",
        old="not hmac.compare_digest(found[2], self._mac(found[1]))",
        new="not self._mac(found[1])",
        tests=(_STRANGERS,),
    ),
    Patch(
        name="who knows an id may see it",
        file="web/service.py",
        old="""        raise Refused("not-found")

    def _own_to_change""",
        new="""        return AttemptId(attempt_id)

    def _own_to_change""",
        tests=(_STRANGERS,),
    ),
    Patch(
        name="another site may send what changes something",
        file="web/service.py",
        old="""        self._browsers.require_same_site(request)
        return self._own""",
        new="""        return self._own""",
        tests=(_STRANGERS,),
    ),
    Patch(
        name="an origin that begins like ours is ours",
        file="web/site.py",
        old="origin.lower() == self._origin",
        new="origin.lower().startswith(self._origin)",
        tests=(_STRANGERS,),
    ),
    Patch(
        name="a body of a form is read as JSON",
        file="web/request.py",
        old="""            raise Refused("not-json")""",
        new="""            pass""",
        tests=(_REQUESTS,),
    ),
    Patch(
        name="a refusal tells that the number does not exist",
        file="web/problems.py",
        old="""    (ProviderError, "not-called"),""",
        new="""    (ProviderError, "invalid-phone"),
    (ProviderError, "not-called"),""",
        tests=(_REFUSALS,),
    ),
    Patch(
        name="the reason of a refusal is shown",
        file="web/answers.py",
        old="""return _REASONS.get(outcome.reason, "not_called")""",
        new="""return _REASONS.get(outcome.reason, outcome.reason)""",
        tests=(_REFUSALS,),
    ),
    Patch(
        name="whoever writes a header is another client",
        file="web/proxies.py",
        old="while address is not None and self._is_ours(address) and hops:",
        new="while address is not None and hops:",
        tests=(_PROXIES,),
    ),
    Patch(
        name="a phone is verified for every purpose",
        file="web/service.py",
        old="if attempt.purpose != purpose or not isinstance(outcome, Confirmed):",
        new="if not isinstance(outcome, Confirmed):",
        tests=(_PHONE,),
    ),
    Patch(
        name="a verified phone holds for ever",
        file="web/service.py",
        old="outcome.assurance if age < timedelta(seconds=holds_seconds) else None",
        new="outcome.assurance if age else None",
        tests=(_PHONE,),
    ),
    Patch(
        name="any path is a webhook's",
        file="web/service.py",
        old="if not self._verifier.check_webhook_path(path):",
        new="if not path:",
        tests=(_WEBHOOKS,),
    ),
    Patch(
        name="a webhook waits for the provider",
        file="web/service.py",
        old="""                scope.cancel()
""",
        new="",
        tests=(_WEBHOOKS,),
    ),
    Patch(
        name="a stream goes on as long as the attempt",
        file="web/events.py",
        old="_LONGEST_SECONDS = 60.0",
        new="_LONGEST_SECONDS = 6000.0",
        tests=(_EVENTS,),
    ),
    Patch(
        name="a server that stops waits for its streams",
        file="web/stopping.py",
        old="""            stop()
""",
        new="""            pass
""",
        tests=(_SERVERS,),
    ),
    Patch(
        name="a waiting browser stays when it has left",
        file="web/waits.py",
        old="self._scopes.discard(scope)",
        new="pass",
        tests=(_EVENTS,),
    ),
    Patch(
        name="the next way may be asked for at once",
        file="web/answers.py",
        old="at = now + timedelta(seconds=seconds)",
        new="at, seconds = now, 0.0",
        tests=(_FLOWS,),
    ),
)
