"""Verdicts: holds what the Verifiers told against what really happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from attrs import frozen

from callauth import (
    Attempt,
    AttemptId,
    Confirmed,
    DialInChallenge,
    Expired,
    Pending,
    PhoneNumber,
    Rejected,
    Unknown,
)
from callauth.sandbox import Dial, Entry, Lease, Ring

from .chronicle import Act, Case
from .town import Town

_DAY_SECONDS = 86_400.0
_ROUNDING = 1e-3
_LOCK_SECONDS = 30.0
_PIN_SECONDS = 120.0
# A call that NeroTech counts outside of its window is heard by the last check.
_LAST_CHECK_SECONDS = 10.0
_LAST_QUESTION_SECONDS = 15.0
# The lease counts from when it was asked for, a little before it was made.
_SURELY_SECONDS = 105.0


@frozen(kw_only=True)
class Evidence:
    """Hold what happened, sorted by what it belongs to."""

    town: Town
    rings: Mapping[Act | None, Sequence[Ring]]
    leases: Mapping[Act | None, Sequence[Lease]]
    dials: Mapping[PhoneNumber, Sequence[Dial]]
    submits: Mapping[AttemptId, Sequence[Act]]

    @classmethod
    def of(cls, town: Town) -> Evidence:
        """Collect it."""
        rings: dict[Act | None, list[Ring]] = defaultdict(list)
        leases: dict[Act | None, list[Lease]] = defaultdict(list)
        entries = town.entries()
        for stretch in town.sandbox.stretches:
            for entry in entries[stretch.start : stretch.stop]:
                if isinstance(entry, Ring):
                    rings[stretch.act].append(entry)
                if isinstance(entry, Lease):
                    leases[stretch.act].append(entry)
        return cls(
            town=town,
            rings=rings,
            leases=leases,
            dials=_dials(entries),
            submits=_submits(town),
        )


def violations(town: Town) -> Iterator[str]:
    """Name every promise that was broken."""
    evidence = Evidence.of(town)
    yield from _double_rings(evidence)
    yield from _rings_within_the_lock(town)
    for attempt_id, case in town.chronicle.cases.items():
        for what in _of_case(evidence, attempt_id, case):
            yield f"#{case.number} of {case.who.name}: {what}"
    yield from _shared_dials(evidence)
    yield from _guesses(town)
    yield from _results(town)
    yield from _people(town)


def _double_rings(evidence: Evidence) -> Iterator[str]:
    for act, rings in evidence.rings.items():
        name = "nobody" if act is None else f"{act.what} of {act.who.name}"
        if len(rings) > 1 or act is None or act.what not in ("start", "next_channel"):
            yield f"{len(rings)} rings for {name}"


def _rings_within_the_lock(town: Town) -> Iterator[str]:
    last: dict[PhoneNumber, Ring] = {}
    for ring in town.sandbox.ledger.entries(Ring):
        before = last.get(ring.phone)
        if before is not None:
            free_at = max(before.ends, before.elapsed + _LOCK_SECONDS)
            if ring.elapsed < free_at - _ROUNDING:
                apart = ring.elapsed - before.elapsed
                yield f"a phone rang again after {apart:.3f} s"
        last[ring.phone] = ring


def _of_case(evidence: Evidence, attempt_id: AttemptId, case: Case) -> Iterator[str]:
    if len(case.ends) != 1:
        yield f"{len(case.ends)} outcomes"
        return
    at, outcome = case.ends[0]
    if isinstance(outcome, Unknown) and not _was_lost(evidence.town, case, at):
        yield "unknown, and no answer was lost"
    if isinstance(outcome, Expired) and _called_in_time(evidence, case):
        yield "expired, and the person had called in time"
    if not isinstance(outcome, Confirmed):
        return
    if not case.who.is_holder:
        yield "confirmed for somebody else"
    if outcome.assurance == "code":
        if not _code_was_learned(evidence, attempt_id, case, at):
            yield "confirmed without the code of a call"
    elif not list(_backing_dials(evidence, case, at)):
        yield "confirmed without a call from that phone"


def _was_lost(town: Town, case: Case, at: float) -> bool:
    last_question = at - _LAST_QUESTION_SECONDS
    was_lost = any(
        (met.is_loss and case.asks[0].began <= met.elapsed <= at)
        # Whatever answers the last question with neither yes nor no.
        or last_question <= met.elapsed <= at
        for met in town.weather.met.get(case.who.phone, ())
    )
    was_not_asked = any(
        start <= at and last_question <= end for start, end in town.weather.openings
    )
    return was_lost or was_not_asked


def _code_was_learned(
    evidence: Evidence, attempt_id: AttemptId, case: Case, at: float
) -> bool:
    rung = [(act, ring) for act in case.asks for ring in evidence.rings.get(act, ())]
    return any(
        _digits(act.typed).endswith(ring.code.reveal())
        and ring.reached is not None
        and ring.reached <= act.began + _ROUNDING
        and act.began - (ask.ended or ring.elapsed) <= _PIN_SECONDS + _ROUNDING
        for act in evidence.submits.get(attempt_id, ())
        for ask, ring in rung[-1:]
        if act.began <= at + _ROUNDING
    )


def _backing_dials(evidence: Evidence, case: Case, at: float) -> Iterator[Dial]:
    setting = evidence.town.setting
    more = _LAST_CHECK_SECONDS if setting.counts_any_call else 0.0
    for act in case.asks:
        for lease in evidence.leases.get(act, ()):
            for dial in evidence.dials.get(case.who.phone, ()):
                after = dial.elapsed - lease.elapsed
                is_in_time = -_ROUNDING <= after <= lease.window_seconds + more
                if (
                    dial.number == lease.number
                    and is_in_time
                    and dial.elapsed <= at + _ROUNDING
                ):
                    yield dial


def _called_in_time(evidence: Evidence, case: Case) -> bool:
    """Say whether the number that was shown last was called from that phone."""
    shown = case.asks[-1].result
    leases = evidence.leases.get(case.asks[-1], ())
    if not isinstance(shown, Attempt) or not leases:
        return False
    challenge = shown.challenge
    return isinstance(challenge, DialInChallenge) and any(
        dial.number == challenge.lease.number
        and _ROUNDING <= dial.elapsed - leases[-1].elapsed <= _SURELY_SECONDS
        for dial in evidence.dials.get(case.who.phone, ())
    )


def _shared_dials(evidence: Evidence) -> Iterator[str]:
    by_phone: dict[PhoneNumber, int] = defaultdict(int)
    for case in evidence.town.chronicle.cases.values():
        for _, outcome in case.ends:
            if isinstance(outcome, Confirmed) and outcome.assurance == "caller_id":
                by_phone[case.who.phone] += 1
    for phone, confirmed in by_phone.items():
        calls = len(evidence.dials.get(phone, ()))
        if confirmed > calls:
            yield f"{confirmed} were confirmed by {calls} calls"


def _guesses(town: Town) -> Iterator[str]:
    most = town.setting.policy.failures_per_phone.times
    guesses: dict[PhoneNumber, list[float]] = defaultdict(list)
    for act in town.chronicle.acts:
        was_compared = isinstance(act.result, Pending | Rejected)
        if act.what == "submit" and was_compared and act.attempt_id is not None:
            case = town.chronicle.cases[act.attempt_id]
            guesses[case.who.phone].append(act.began)
    for moments in guesses.values():
        for earlier, later in zip(moments, moments[most:], strict=False):
            # Tries are counted when they are granted, up to a pin's life before.
            if later - earlier < _DAY_SECONDS - _PIN_SECONDS:
                yield f"more than {most} guesses within a day"


def _results(town: Town) -> Iterator[str]:
    """Name what was said to somebody and is not so."""
    winners: dict[AttemptId, int] = defaultdict(int)
    for act in town.chronicle.acts:
        if act.attempt_id is None or act.error is not None:
            continue
        case = town.chronicle.cases[act.attempt_id]
        if act.what == "submit" and isinstance(act.result, Confirmed):
            winners[act.attempt_id] += 1
        said_yes = isinstance(act.result, Confirmed)
        if said_yes and not case.is_confirmed:
            yield f"#{case.number}: {act.what} said confirmed, and it is not"
        if act.what == "cancel" and case.is_confirmed:
            yield f"#{case.number}: cancelled, and confirmed"
    for attempt_id, count in winners.items():
        if count > 1:
            number = town.chronicle.cases[attempt_id].number
            yield f"#{number}: {count} submits said confirmed"


def _people(town: Town) -> Iterator[str]:
    confirmed = {
        case.who.name for case in town.chronicle.cases.values() if case.is_confirmed
    }
    for person in town.people:
        if person.must_be is False and person.name in confirmed:
            yield f"{person.name} proved nothing and was confirmed"
        is_healthy = not town.setting.fault_rate
        if is_healthy and person.must_be and person.name not in confirmed:
            yield f"{person.name} did everything right and was not confirmed"


def unknown(town: Town) -> int:
    """Count the attempts of which nobody knows."""
    cases = town.chronicle.cases.values()
    return sum(isinstance(end, Unknown) for case in cases for _, end in case.ends)


def _dials(entries: Sequence[Entry]) -> Mapping[PhoneNumber, Sequence[Dial]]:
    dials: dict[PhoneNumber, list[Dial]] = defaultdict(list)
    for entry in entries:
        if isinstance(entry, Dial):
            dials[entry.caller].append(entry)
    return dials


def _submits(town: Town) -> Mapping[AttemptId, Sequence[Act]]:
    submits: dict[AttemptId, list[Act]] = defaultdict(list)
    for act in town.chronicle.acts:
        if act.what == "submit" and act.attempt_id is not None:
            submits[act.attempt_id].append(act)
    return submits


def _digits(typed: str) -> str:
    return "".join(filter(str.isdigit, typed))
