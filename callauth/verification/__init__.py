"""How a person is verified, whatever the provider.

What an application needs is in ``callauth``. Here is what those need who write hooks,
channels for their own providers, or stores. The modules, from the outside in:

- ``verifier``: the methods of ``Verifier``, and how all of these are put together
- ``starts``, ``placing``, ``reserving``, ``ring_ends``, ``limits``: a start. Who is
  asked in which order, what is locked and counted before, and given back
- ``flow``, ``stored``, ``casebook``: an attempt. What may happen to it, what is kept of
  it, and how it is changed by one at a time
- ``caretaker``, ``agenda``, ``dial_ins``, ``hints``, ``waiters``, ``workers``: what
  goes on between the calls of the application, and after a process has died
- ``policy``, ``route``, ``channels``, ``pepper``, ``events``: settings, providers,
  hashing, hooks
- ``store``, ``counters``, ``memory``: what a store must do, how it counts, and the one
  in memory; that on a disk is ``callauth.stores``
"""

from __future__ import annotations

from .channels import Channel, LeasesNumber, RingsPhone, Rung, TellsSuspicions
from .counters import Charge, Hit, Refusal
from .events import (
    AttemptEnded,
    AttemptStarted,
    ChallengeIssued,
    ChannelPassed,
    StartLimited,
    SuspiciousAttempt,
    VerificationEvent,
    VerificationHook,
)
from .store import Changes, Lock, Record, Store

__all__ = [
    "AttemptEnded",
    "AttemptStarted",
    "ChallengeIssued",
    "Changes",
    "Channel",
    "ChannelPassed",
    "Charge",
    "Hit",
    "LeasesNumber",
    "Lock",
    "Record",
    "Refusal",
    "RingsPhone",
    "Rung",
    "StartLimited",
    "Store",
    "SuspiciousAttempt",
    "TellsSuspicions",
    "VerificationEvent",
    "VerificationHook",
]
