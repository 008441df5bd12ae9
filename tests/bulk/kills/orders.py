"""What a child process is told to do, and what it says of it."""

from __future__ import annotations

from enum import Enum
from typing import Literal, TypeAlias

from attrs import frozen

from callauth import PhoneNumber
from callauth.bulk import RowState
from tests.verification.kills.orders import Death, Failed, Finished, Ready

Kind: TypeAlias = Literal["flash", "voice", "reverse"]


class Defect(Enum):
    """Name what can be wrong with a ledger, to see whether the judge sees it."""

    NONE = "none"
    FORGETS_CALLS = "does not write down that somebody is being called"
    LOSES_ROWS = "leaves out the last of several rows"
    CALLS_ALL_CONFIRMED = "takes every end for a good one"


@frozen(kw_only=True)
class Order:
    """Hold what each of the processes has to know.

    The source is read ``one_by_one``, or all of it at once.
    """

    ledger: str
    base: str
    kind: Kind
    texts: tuple[str, ...]
    concurrency: int
    one_by_one: bool = False
    death: Death | None = None
    defect: Defect = Defect.NONE


@frozen(kw_only=True)
class Resulted:
    """A result came out of the run; the ledger must say the same for ever."""

    phone: PhoneNumber | None
    state: RowState


Word: TypeAlias = Ready | Resulted | Finished | Failed
