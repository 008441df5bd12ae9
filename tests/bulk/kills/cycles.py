"""Cycles: runs that end early, and others that go on."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import evolve

from callauth import PhoneNumber
from callauth.bulk import SQLiteLedger
from callauth.sandbox import Subscriber
from tests.support.tally import Tally
from tests.verification.kills.children import lived
from tests.verification.kills.orders import Death
from tests.verification.kills.wards import Ward, judged_by_chance

from .judge import Case, Heard, violations
from .lives import live
from .orders import Order
from .plans import Plan, by_chance

_SOON = Subscriber(answers_after_seconds=0.01, dials_after_seconds=0.01)


class LedgerWard(Ward[Plan, Case]):
    """Let processes go on with ledgers."""

    async def cycle(self, plan: Plan) -> Case:
        """Let processes live as planned; return everything that is to be judged."""
        self.sandbox.network.default = _SOON
        number = next(self.numbers)
        phones = tuple(self.phone(number, place) for place in range(plan.phones))
        blocked = frozenset(phones[-1:] if plan.blocked else ())
        self.sandbox.callpass.blocked.update(blocked)
        self.sandbox.nerotech.blocked.update(blocked)
        self.sandbox.telefonip.blocked.update(blocked)
        order = Order(
            ledger=str(self.folder / f"{number}.db"),
            base=self.base,
            kind=plan.kind,
            texts=_texts(plan, phones),
            concurrency=plan.concurrency,
            one_by_one=plan.one_by_one,
            defect=plan.defect,
        )
        lives: list[Heard] = []
        for death in (*plan.deaths, None):
            lives.append(await _lived(order, death))
            if not lives[-1].was_killed:
                break
        ledger = SQLiteLedger(order.ledger)
        job = await ledger.open()
        rows = [row async for row in ledger.rows()]
        await ledger.aclose()
        return Case(
            kind=plan.kind,
            phones=phones,
            blocked=blocked,
            bad=plan.bad,
            texts=order.texts,
            concurrency=plan.concurrency,
            lives=tuple(lives),
            file=order.ledger,
            job=job,
            rows=tuple(rows),
            ledger=self.sandbox.ledger,
        )

    def violations(self, case: Case) -> Iterator[str]:
        """Name every promise that was broken."""
        return violations(case)


def _texts(plan: Plan, phones: tuple[PhoneNumber, ...]) -> tuple[str, ...]:
    """Return the numbers, some of them twice, and bad texts in between."""
    again = [f"8{phone.e164[2:]}" for phone in phones[: plan.repeated]]
    bad = [f"nobody {place}" for place in range(plan.bad)]
    return (*bad[:1], *(phone.e164 for phone in phones), *bad[1:], *again)


async def _lived(order: Order, death: Death | float | None) -> Heard:
    if isinstance(death, float):
        words, was_killed = await lived(live, order, death)
    else:
        words, was_killed = await lived(live, evolve(order, death=death))
    return Heard(words=words, was_killed=was_killed)


async def bulk_kill_cycles(cycles: int, seed: int) -> Tally:
    """Run so many cycles by chance: for the campaign."""
    return await judged_by_chance(LedgerWard, seed, by_chance(seed), cycles)
