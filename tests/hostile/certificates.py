"""Certificates of the servers, and what the clients trust."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache

import trustme

HOST = "127.0.0.1"


class Certificate(Enum):
    """Name what is right or wrong with the certificate of a server."""

    GOOD = "good"
    WRONG_HOST = "for another host"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"
    UNKNOWN_CA = "of an authority that nobody knows"


@cache
def client_context() -> ssl.SSLContext:
    """Return what trusts the good authority, and no other."""
    context = ssl.create_default_context(purpose=ssl.Purpose.SERVER_AUTH)
    _authority().configure_trust(context)
    return context


@cache
def server_context(certificate: Certificate) -> ssl.SSLContext:
    """Return what a server shows that has this certificate."""
    context = ssl.create_default_context(purpose=ssl.Purpose.CLIENT_AUTH)
    _issue(certificate).configure_cert(context)
    return context


@cache
def _authority() -> trustme.CA:
    return trustme.CA()


def _issue(certificate: Certificate) -> trustme.LeafCert:
    now, day = datetime.now(UTC), timedelta(days=1)
    match certificate:
        case Certificate.GOOD:
            return _authority().issue_cert(HOST)
        case Certificate.WRONG_HOST:
            return _authority().issue_cert("127.0.0.2", "other.example")
        case Certificate.EXPIRED:
            return _authority().issue_cert(
                HOST, not_before=now - 2 * day, not_after=now - day
            )
        case Certificate.NOT_YET_VALID:
            return _authority().issue_cert(
                HOST, not_before=now + day, not_after=now + 2 * day
            )
        case Certificate.UNKNOWN_CA:
            return trustme.CA().issue_cert(HOST)
