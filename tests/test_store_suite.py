"""The suite for stores finds what is wrong with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from callauth.stores import SQLiteStore
from callauth.testing import store_suite
from callauth.testing.check import Checks
from callauth.verification.memory import MemoryStore
from tests import broken_stores as broken
from tests.support.refusals import caught

_BUGS = [
    (broken.ReadsThenWrites, "one_of_many_replacements_wins"),
    (broken.AsksNoVersion, "another_version_replaces_nothing"),
    (broken.Resurrects, "a_missing_record_is_not_replaced"),
    (broken.InsertsOver, "an_id_is_inserted_once"),
    (broken.LooksThenInserts, "one_of_many_inserts_wins"),
    (broken.EndsAtNul, "any_text_is_a_document"),
    (broken.KeepsNoMicroseconds, "a_moment_is_kept_to_the_microsecond"),
    (broken.IgnoresCase, "every_id_is_another_one"),
    (broken.IgnoresCaseOfCounters, "odd_workers_locks_and_counters_are_names"),
    (broken.KeepsTheFirstWorker, "a_record_follows_its_worker"),
    (broken.NamesWorkersTwice, "each_worker_is_named_once"),
    (broken.TellsAllChanges, "each_id_is_told_once"),
    (broken.CountsRecordsAsChanges, "purging_takes_no_position_back"),
    (broken.TellsAPositionTooHigh, "a_change_after_the_position_is_told_next"),
    (broken.GivesLocksToAll, "one_of_many_takes_a_lock"),
    (broken.TellsTheAskedOwner, "one_of_many_takes_a_lock"),
    (broken.NeverMovesAnEnd, "the_owner_moves_the_end"),
    (broken.LocksAMomentTooLong, "a_lock_is_free_at_its_end"),
    (broken.LocksForEver, "a_lock_is_free_at_its_end"),
    (broken.UnlocksForAnybody, "only_the_owner_gives_it_free"),
    (broken.LooksThenCounts, "a_limit_is_exact_when_many_come_at_once"),
    (broken.CountsOneByOne, "all_are_counted_or_none"),
    (broken.CountsTheRefused, "a_refused_charge_counts_nothing"),
    (broken.AlwaysEnforces, "without_enforcement_all_are_counted"),
    (broken.TellsTheFirstRefusal, "the_longest_wait_is_told"),
    (broken.CountsByTheMinute, "the_window_slides"),
    (broken.WeighsAllAlike, "weights_add_up"),
    (broken.RefundsNothing, "what_is_taken_back_makes_room"),
    (broken.RefundsTooMuch, "so_much_weight_is_taken_back"),
    (broken.PurgesTooLate, "a_record_goes_at_its_time"),
    (broken.PurgesTooEarly, "a_record_goes_at_its_time"),
    (broken.PurgesStandingLocks, "a_standing_lock_stays"),
    (broken.PurgesHits, "hits_in_their_window_stay"),
    (broken.ChangesItsPepper, "the_pepper_stays_the_same"),
    (broken.SharesItsPepper, "every_store_has_its_own_pepper"),
]
_SHARED_BUGS = [
    (broken.CachesRecords, "each_sees_what_the_other_did"),
    (broken.ReadsThenWritesTheFile, "one_of_both_wins"),
    (broken.KeepsLocksToItself, "one_of_both_takes_a_lock"),
    (broken.KeepsCountersToItself, "a_limit_holds_for_both_together"),
    (broken.KeepsCountersToItself, "everything_is_there_after_a_restart"),
    (broken.KeepsItsPepper, "the_pepper_is_kept_elsewhere"),
]


@pytest.mark.parametrize(("store", "check"), _BUGS)
def test_a_broken_store_is_caught(store: type[MemoryStore], check: str) -> None:
    """A suite that lets bugs through is worse than none."""
    suite = store_suite(lambda folder: store())

    assert isinstance(_run(suite, f"test_{check}"), AssertionError)


@pytest.mark.parametrize(("store", "check"), _SHARED_BUGS)
def test_a_store_that_does_not_share_is_caught(
    store: type[SQLiteStore], check: str
) -> None:
    """In one process nothing may be wrong with it."""
    suite = store_suite(lambda folder: store(folder / "a.db"), durable=True)

    assert isinstance(_run(suite, f"test_{check}"), AssertionError)


def test_a_right_store_passes() -> None:
    """A suite that finds fault with everything is switched off."""
    suite = store_suite(lambda folder: MemoryStore())

    assert [_run(suite, check) for check in _checks(suite)] == [None] * _count(suite)


def test_the_rule_and_both_values_are_told() -> None:
    """Whoever wrote the store must see what is wrong without a debugger."""
    suite = store_suite(lambda folder: broken.InsertsOver())

    error = _run(suite, "test_an_id_is_inserted_once")

    told = "insert refuses an id that is kept: got True, expected False"
    assert str(error) == told


def test_a_document_that_differs_is_shown() -> None:
    """Two records that look alike would tell nothing."""
    suite = store_suite(lambda folder: broken.EndsAtNul())

    error = _run(suite, "test_any_text_is_a_document")

    assert "'document': 'a'" in str(error)


_OF_SOMEBODY_ELSE = """
from callauth.testing import store_suite
from callauth.verification.memory import MemoryStore

TestMyStore = store_suite(lambda folder: MemoryStore())
"""


def test_pytest_alone_runs_the_suite(tmp_path: Path) -> None:
    """Nobody should have to take our plugins to test a store."""
    (tmp_path / "test_my_store.py").write_text(_OF_SOMEBODY_ELSE)
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "-p", "no:anyio"]
    options += ["-o", f"pythonpath={Path(__file__).parents[1]}", "-W", "error"]

    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", tmp_path, tmp_path],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    suite = store_suite(lambda folder: MemoryStore())
    assert f"{_count(suite)} passed" in run.stdout


def _run(suite: type[Checks], check: str) -> AssertionError | None:
    error: AssertionError | None = caught(getattr(suite(), check), AssertionError)
    return error


def _checks(suite: type[Checks]) -> list[str]:
    return [name for name in dir(suite) if name.startswith("test_")]


def _count(suite: type[Checks]) -> int:
    return len(_checks(suite))
