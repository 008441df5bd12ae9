"""TerminalPerson: whoever sits at the terminal, with his own phone or a played one."""

from __future__ import annotations

from math import ceil

import anyio
from attrs import define, field
from rich.text import Text

from ..models.cause import HangupCause
from ..models.instructions import spaced
from ..models.lease import NumberLease
from ..models.phone import PhoneNumber
from ..transport.port import Clock
from .console import Console
from .flows import TRIES
from .handset import Handset
from .keyboard import Keyboard
from .qr import qr_lines

_TICK_SECONDS = 1.0


@define(eq=False, kw_only=True)
class TerminalPerson:
    """Talk to the person; without a handset the phone in his hand is a real one."""

    console: Console
    clock: Clock
    phone: PhoneNumber
    asks_for: str
    handset: Handset | None = None
    _keyboard: Keyboard = field(factory=Keyboard, init=False)
    _lease: NumberLease | None = field(default=None, init=False)
    _leased: anyio.Event = field(factory=anyio.Event, init=False)
    _has_looked: bool = field(default=False, init=False)

    def sees(self, lease: NumberLease) -> None:
        """Show the number to dial, in full: only so can it be dialled."""
        left = ceil((lease.show_until - self.clock.now()).total_seconds())
        self.console.print(
            Text.assemble(
                f"From {self.phone} dial ",
                (spaced(lease.number), "bold green"),
                f" within {left} seconds: {lease.tel_uri}",
            )
        )
        if self.console.is_terminal:
            for line in qr_lines(lease.tel_uri):
                self.console.print(Text(line, "black on white"))
        self._lease = lease
        self._leased.set()

    def learns(self, cause: HangupCause) -> None:
        """Tell a cause that may mean that the phone was not reached."""
        if not cause.shows_caller_id:
            self.console.print(
                f"\nThe call ended with {cause}: perhaps the phone was not reached."
            )

    async def types(self, *, digits: int, tries_left: int) -> str | None:
        """Ask for the code and return the line that was typed."""
        if self.handset is not None and not self._has_looked:
            self._has_looked = True
            self.console.print(f"Sandbox: {await self.handset.message()}")
        wrong = "" if tries_left == TRIES else "That is not it. "
        tries = "1 try" if tries_left == 1 else f"{tries_left} tries"
        return await self._ask(
            f"{wrong}Type {self.asks_for.format(digits)} ({tries} left): "
        )

    async def attend(self) -> None:
        """See to a number that is to be dialled: play the call, or count down."""
        while self._lease is None:
            await self._leased.wait()
        if self.handset is not None:
            await self._dial(self.handset, self._lease)
        elif self.console.is_terminal:
            await self._count_down(self._lease)

    async def _dial(self, handset: Handset, lease: NumberLease) -> None:
        typed = await self._ask(
            "Sandbox: press Enter to dial it from that phone (x and Enter: from "
            "another one): "
        )
        from_another = bool(typed and typed.strip())
        handset.dial(lease.number, from_another=from_another)
        self.console.print("Dialled. Asking the provider …")

    async def _count_down(self, lease: NumberLease) -> None:
        with self.console.status("") as status:
            while True:
                left = (lease.show_until - self.clock.now()).total_seconds()
                status.update(
                    f"waiting for the call, {ceil(left)} s left"
                    if left > 0
                    else "time is over; one last question to the provider"
                )
                await self.clock.sleep(_TICK_SECONDS)

    async def _ask(self, prompt: str) -> str | None:
        self.console.print(prompt, end="")
        line = await self._keyboard.line()
        if line is None or not self.console.is_terminal:
            self.console.print()
        return line
