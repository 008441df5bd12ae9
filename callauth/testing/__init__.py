"""What a store of somebody else must do, as tests that it can run.

Give ``store_suite`` a function that makes a store in a new, empty folder, and assign
the class that it returns to a name that pytest collects::

    # test_my_store.py
    from callauth.testing import store_suite

    from my_store import MyStore

    TestMyStore = store_suite(lambda folder: MyStore(folder / "store"), durable=True)

``durable=True`` says that a second store made for the same folder finds what the first
one holds: with it the suite also reopens stores and lets two of them race. Without it
each store is alone. A store that keeps nothing in the folder, as on a server, can take
``str(folder)`` as the prefix of its names.

Nothing but pytest is needed, and not even that: each method ``test_…`` of the class is
an ordinary function that opens a store, uses it for at most a minute in an event loop
of its own, closes it, and raises AssertionError when the store broke a rule. So it must
not be called while an event loop runs.

>>> from callauth.verification.memory import MemoryStore
>>> suite = store_suite(lambda folder: MemoryStore())
>>> suite().test_an_id_is_inserted_once()
"""

from .suite import store_suite

__all__ = ["store_suite"]
