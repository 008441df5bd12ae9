"""One life before all others, so that their processes find everything loaded.

It is imported by the server that forks them, and by nobody else.
"""

from __future__ import annotations

import asyncio
import tempfile
from multiprocessing import Pipe

from callauth import PhoneNumber

from .lives import begin_here, go_on_here
from .orders import Deed, Order, Person
from .served import served


async def _live() -> None:
    judge, reports = Pipe(duplex=False)
    people = (
        Person(phone=PhoneNumber("+79991234567"), deed=Deed.TYPES),
        Person(phone=PhoneNumber("+79991234568"), deed=Deed.DIALS),
    )
    with tempfile.TemporaryDirectory() as folder:
        async with served(0) as (_, base):
            order = Order(
                store=f"{folder}/warm.db", base=base, desk="nerotech", people=people
            )
            await begin_here(order, reports)
            await go_on_here(order, reports)
    judge.close()


asyncio.run(_live())
