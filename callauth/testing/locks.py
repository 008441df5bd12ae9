"""Checks of locks: one owner at a time, until the lock's end."""

from __future__ import annotations

from ..verification.store import Lock, Store
from .check import Checks, check, expect, together
from .samples import NOW, ROUNDS, TASKS, later

_MICROSECOND = 0.000_001


class LockChecks(Checks):
    """Check lock, holder and unlock."""

    @check
    async def test_a_free_lock_is_taken(self, store: Store) -> None:
        """The answer says whose it is, and until when."""
        expect(await store.holder("phone", now=NOW), None, "at first nobody has it")

        taken = await store.lock("phone", "a", until=later(60), now=NOW)

        expect(taken, Lock(owner="a", until=later(60)), "it is taken as was asked")
        expect(await store.holder("phone", now=NOW), taken, "the holder is its owner")

    @check
    async def test_another_owner_is_refused_until_the_end(self, store: Store) -> None:
        """A phone that rings must not be called by somebody else."""
        held = await store.lock("phone", "a", until=later(60), now=NOW)

        for seconds in (0, 30, 60 - _MICROSECOND):
            now = later(seconds)
            answer = await store.lock("phone", "b", until=later(120), now=now)
            expect(answer, held, "the one who has it keeps it, with the same end")
            expect(await store.holder("phone", now=now), held, "and holds it")

    @check
    async def test_a_lock_is_free_at_its_end(self, store: Store) -> None:
        """From that moment on the phone may be called."""
        await store.lock("phone", "a", until=later(60), now=NOW)

        expect(await store.holder("phone", now=later(60)), None, "nobody has it then")
        answer = await store.lock("phone", "b", until=later(120), now=later(60))
        expect(answer, Lock(owner="b", until=later(120)), "and another one takes it")

    @check
    async def test_the_owner_moves_the_end(self, store: Store) -> None:
        """A call that lasts longer or shorter than was thought, moves its lock."""
        for seconds in (60, 90, 30):
            answer = await store.lock("phone", "a", until=later(seconds), now=NOW)
            expect(answer, Lock(owner="a", until=later(seconds)), "the end is moved")

        expect(await store.holder("phone", now=later(30)), None, "it ends at the last")
        taken = await store.lock("phone", "b", until=later(60), now=later(30))
        expect(taken.owner, "b", "and is another one's from then on")

    @check
    async def test_the_owner_takes_it_again_after_its_end(self, store: Store) -> None:
        """An end that has passed binds nobody."""
        await store.lock("phone", "a", until=later(10), now=NOW)

        answer = await store.lock("phone", "a", until=later(60), now=later(20))

        expect(answer, Lock(owner="a", until=later(60)), "the owner has it again")

    @check
    async def test_only_the_owner_gives_it_free(self, store: Store) -> None:
        """Whoever comes late must not free what is another one's by now."""
        held = await store.lock("phone", "a", until=later(60), now=NOW)

        await store.unlock("phone", "b")
        expect(await store.holder("phone", now=NOW), held, "another one frees nothing")
        await store.unlock("phone", "a")
        expect(await store.holder("phone", now=NOW), None, "the owner does")
        await store.unlock("phone", "a")
        taken = await store.lock("phone", "b", until=later(60), now=NOW)
        expect(taken.owner, "b", "and then another one takes it")

    @check
    async def test_locks_of_other_names_stand_apart(self, store: Store) -> None:
        """Two phones ring at the same time."""
        await store.lock("phone", "a", until=later(60), now=NOW)

        other = await store.lock("phone 2", "b", until=later(90), now=NOW)
        await store.unlock("phone", "a")

        expect(other.owner, "b", "another name is free")
        expect(await store.holder("phone 2", now=NOW), other, "and stays taken")

    @check
    async def test_one_of_many_takes_a_lock(self, store: Store) -> None:
        """All must be told the same, or two of them call the phone."""
        for number in range(ROUNDS):
            name = f"phone {number % 2}"
            now = later(number * 60)
            answers = await together(
                store.lock(name, f"{number} {n}", until=later(number * 60 + 1), now=now)
                for n in range(TASKS)
            )
            owners = {answer.owner for answer in answers}
            expect(len(owners), 1, "one of many takes the lock, and all are told so")
            held = await store.holder(name, now=now)
            expect(held, answers[0], "and it holds it")
