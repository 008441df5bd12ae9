"""Flows: four ways to verify a number, each with the others to fall back on."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from ...client.callpass import CallPassClient
from ...client.nerotech import NeroTechClient
from ...client.telefonip import TelefonIPClient
from ...sandbox import Sandbox
from ...transport.port import Clock
from ...verification.channels import Channel, FlashCall, ReverseCall, VoiceOtp
from ...verification.policy import Limit, VerificationPolicy
from ...verification.verifier import Verifier
from ..kinds import ANY_ID, ANY_KEY, Client

_RING_SECONDS = 6
# Whoever tries everything is not to be stopped, and still sees that there are pauses.
POLICY = VerificationPolicy(
    starts_per_phone=None,
    starts_per_client_ip=None,
    failures_per_phone=Limit(1000),
    cool_down=(8.0, 15.0),
)


@frozen(kw_only=True)
class Clients:
    """Hold a client of each provider, all on one sandbox."""

    callpass: CallPassClient
    nerotech: NeroTechClient
    telefonip: TelefonIPClient

    @classmethod
    def of(cls, sandbox: Sandbox, clock: Clock) -> Clients:
        """Return clients that need no network."""
        return cls(
            callpass=CallPassClient(
                ANY_KEY, transport=sandbox.transport(), clock=clock
            ),
            nerotech=NeroTechClient(
                ANY_ID, ANY_KEY, transport=sandbox.transport(), clock=clock
            ),
            telefonip=TelefonIPClient(
                ANY_KEY, transport=sandbox.transport(), clock=clock
            ),
        )

    @property
    def all(self) -> tuple[Client, ...]:
        """All of them, to be opened and closed."""
        return (self.callpass, self.nerotech, self.telefonip)

    def verifiers(
        self, *, clock: Clock, policy: VerificationPolicy = POLICY
    ) -> Mapping[str, Verifier]:
        """Return a Verifier for each flow, by its name."""
        channels = self._channels()
        names = tuple(channels)
        # Apart from one another, so that no flow has to wait for the pauses of another.
        return MappingProxyType(
            {
                name: Verifier(
                    [channels[each] for each in (*names[place:], *names[:place])],
                    policy=policy,
                    clock=clock,
                )
                for place, name in enumerate(names)
            }
        )

    def _channels(self) -> Mapping[str, Channel]:
        return {
            "flash": FlashCall(self.callpass, ring_seconds=_RING_SECONDS),
            "robot": VoiceOtp(self.nerotech),
            "telefonip": ReverseCall(self.telefonip),
            "nerotech": ReverseCall(self.nerotech),
        }
