"""Phone verification in a web application: what a browser asks, and what it is told.

``callauth.web.fastapi`` and ``callauth.web.aiohttp`` are the doors; import them by
name. Behind both stands ``service``, which knows no framework, so that both answer
alike. Bodies are JSON objects of at most 4,096 bytes, with ``Content-Type:
application/json``, and come within 10 seconds. A field that is not named here is
refused.

::

    POST   /verifications               {"phone", "purpose"?, "method"?}   201 Started
    GET    /verifications/{id}          ?wait=0…25 (seconds)               200 State
    GET    /verifications/{id}/events   server-sent events                 200, 204
    POST   /verifications/{id}/pin      {"pin"}                            200 State
    POST   /verifications/{id}/next     no body, or {}                     200 State
    DELETE /verifications/{id}          no body                            200 State
    GET    /verification-webhooks/{path}  for the provider; POST, too      200, empty
    GET    /verification/               a ready-made page, and beside it   200
    GET    /verification/{name}         callauth-verify.js with all it needs

A start or a ``next`` is answered when the provider has answered, which may take a
minute. ``method`` is "flash_call", "voice_otp" or "reverse_call"; null or none leaves
the choice to the order of the channels. ``?wait`` answers as soon as the verification
is settled, or else when that many seconds are over.

**State** ::

    id           text for the paths above
    state        "starting": a call, or a number to dial, is being asked for
                 "waiting":  for what ``challenge`` says
                 settled:    "verified", "failed", "expired", or
                             "unknown": the phone may ring, and must not be rung again
                             at once; start anew after the pause that 429 tells
    reason       with "failed", else null: "tries" (too many wrong pins),
                 "other_caller" (another phone dialled), "cancelled", "not_called"
    assurance    with "verified", else null: "code" or "caller_id"
    purpose      what it is for, such as "login"
    phone        masked: "+7999•••4567"
    method       as above: what is, or was, tried last
    challenge    with "waiting", else null:
        kind         "pin" or "dial"
        digits       pin: how many digits to type; dial: null
        tries_left   pin: how often one may still be typed; dial: null
        number       dial: "+7 964 411-57-86"; pin: null
        tel_uri      dial: "tel:+79644115786"; pin: null
        qr_svg       dial: an <svg> to put into the page as it stands; null with pin,
                     and without the extra ``qr``
        expires_at   when to stop showing it, ISO 8601 in UTC
        seconds_left until then, 0 or more
    next         null when there is no other way left, else when ``next`` may be asked:
        at, seconds_left   as above; the earliest moment, and 429 may tell a later one
    now          the server's clock, ISO 8601 in UTC

A countdown is right after the tab slept when it is ``expires_at`` minus the browser's
wall clock, corrected by ``now`` minus the browser's wall clock at the arrival of the
answer. A wrong pin is answered with 200 and "waiting", and ``tries_left`` is one less;
the last wrong one with "failed"; one that comes too late with "expired".

**Started** is State and ``handle``: the bearer handle, null with cookies.

**Events** ::

    retry: 1000
    id: <opaque>
    event: state
    data: <State in one line>

The state comes first, then again when it has changed; after a settled state the stream
ends, and reconnecting with its id as Last-Event-ID gives 204, upon which an EventSource
gives up. A comment comes every 10 seconds. A stream ends after 60 seconds at the
latest, or when the server stops: EventSource comes back by itself.

**Who may ask.** POST /verifications sets the cookie ``__Host-callauth`` (``callauth``
when the public URL is http): httpOnly, Secure, SameSite=Lax, signed. It names the
latest verifications of this browser, four of them at most. Without it every id is
answered with 404, as an unknown one is. An application that chooses bearer handles gets
one in Started, to be sent as ``Authorization: Bearer <handle>``, and no cookie; an
EventSource cannot send it, but fetch can. With cookies, a POST or DELETE whose Origin
or Sec-Fetch-Site is not ours is refused.

**Problems** (RFC 9457) are ``application/problem+json``: ``type``, ``title``,
``status``, ``detail`` and ``retry_after`` (whole seconds or null, also in the header
Retry-After). The types, each after ``urn:callauth:``::

    400 not-an-object         the body is no JSON object, or not all of it came
    401 not-verified          a route of yours wants a phone verified in this browser
    403 cross-site            another site sent it
    403 not-enough            that route wants a code, and only a caller ID was proven
    404 not-found             no such verification, or not this browser's
    409 settled               it has ended: read the state, start anew
    409 no-pin-expected       it does not wait for a pin now
    409 no-other-way          ``next``: every way was tried, or cannot be used now
    413 too-large             the body has more than 4,096 bytes
    415 not-json              Content-Type is not application/json
    422 invalid-request       a field or parameter is missing, unknown or of wrong type
    422 invalid-phone         no number that may be called, by its digits alone
    422 invalid-pin           something else than digits
    429 too-many-attempts     retry_after: a limit of the policy
    429 phone-busy            retry_after: the phone rings, or is waited for
    503 not-called            no call or number could be had; whatever the reason, the
                              same, since some reasons tell whether a number exists
    503 unavailable           the store cannot be reached, or the server stops
"""
