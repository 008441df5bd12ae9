from __future__ import annotations

import pytest

from tests.support.canaries import Canaries
from tests.support.transports import Make, on_each_transport

from .callers import CALLERS, Planted
from .crowd import tried
from .kinds import EVERY_KIND, KINDS
from .trial import all_trials

_CODES = (300, 301, 302, 303, 304, 305, 307, 308)
_PROMISED = {
    "refused",
    "reset-before-reading",
    "reset-after-reading",
    "half-closed-after-reading",
    "status-line-of-garbage",
    "header-drip",
    "body-drip",
    "cut-Content-Length",
    "cut-chunk",
    "no-length,-closed-at-the-end",
    "a-million-headers",
    "hundreds-of-100-Continue",
    "body-of-1-GiB",
    "announced-bomb",
    "unannounced-bomb",
    "wrong-content-type",
    "UTF-16",
    "BOM",
    "cp1251",
    "duplicate-keys",
    "NaN",
    "25-levels",
    "25,000-levels",
    "digits-as-numbers",
    "booleans-as-text",
    *(f"redirect-{code}" for code in _CODES),
    "from-a-cache",
    "page-401-Unauthorized",
    "page-403-Forbidden",
    "certificate-for-another-host",
    "certificate-expired",
    "reset-in-the-handshake",
    "closed-between-two-requests",
    "reset-between-two-requests",
    "slow-accept",
}


# Apart from each other, since a deadline of half a second is too short for a handshake
# while a processor is busy with dozens of others.
@on_each_transport
@pytest.mark.parametrize("ends", [True, False], ids=["that ends", "without an end"])
async def test_every_operation_survives_every_kind_of_server(
    ends: bool,  # noqa: FBT001 - a parameter
    make: Make,
    canaries: Canaries,
) -> None:
    """Whatever a server does, the caller must know whether a phone may ring."""
    trials = [trial for trial in all_trials() if KINDS[trial.kind].ends is ends]

    results = await tried(trials, Planted.by(canaries), make)

    assert [fault for each in results for fault in each.faults] == []
    assert len(results) == len(trials) > 0


def test_the_table_holds_all_that_was_promised() -> None:
    """A kind that is left out by mistake is a promise that nobody keeps."""
    assert KINDS.keys() >= _PROMISED
    assert len(KINDS) == len(EVERY_KIND) >= 80


def test_every_kind_meets_every_operation() -> None:
    """Over plain TCP and over TLS, unless the kind is one of TLS."""
    trials = all_trials()

    ways = sum(1 if kind.tls_only else 2 for kind in EVERY_KIND)
    assert len({str(trial) for trial in trials}) == len(trials)
    assert len(trials) == ways * len(CALLERS) > 1700
