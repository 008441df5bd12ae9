"""store_suite: the checks of a store, as one class."""

from __future__ import annotations

from .changes import ChangeChecks
from .check import Checks, MakeStore
from .counters import CounterChecks
from .documents import DocumentChecks
from .locks import LockChecks
from .purge import PurgeChecks
from .records import RecordChecks
from .shared import SharedChecks
from .transience import TransienceChecks


class _EveryStore(
    RecordChecks, DocumentChecks, ChangeChecks, LockChecks, CounterChecks, PurgeChecks
):
    """Check what every store must do."""


class _Durable(_EveryStore, SharedChecks):
    """Check also what two stores on the same data must do."""


class _Transient(_EveryStore, TransienceChecks):
    """Check also what a store must do that ends with its process."""


def store_suite(make_store: MakeStore, *, durable: bool = False) -> type[Checks]:
    """Return the class of the checks; its methods ``test_…`` are for pytest.

    ``make_store`` is called with a new, empty folder, or with the same one again when
    the store is ``durable``. It returns a store that has not been opened yet.
    """
    checks = _Durable if durable else _Transient
    return type("StoreSuite", (checks,), {"make_store": staticmethod(make_store)})
