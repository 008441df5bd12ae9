"""Kinds: the five flows by name, and the clients that they need."""

from __future__ import annotations

from types import MappingProxyType
from typing import TypeAlias, Unpack

from attrs import frozen

from ..client.callpass import CallPassClient
from ..client.environment import ClientOptions
from ..client.nerotech import NeroTechClient
from ..client.telefonip import TelefonIPClient
from ..errors import ConfigurationError
from ..models.method import Method
from ..transport.port import Clock
from .flows import FlashCallFlow, Flow, IncomingFlow, ReverseFlow, VoicemailFlow

Client: TypeAlias = CallPassClient | NeroTechClient | TelefonIPClient

# The sandbox takes any credentials.
ANY_ID = 1
ANY_KEY = "sandbox"


@frozen
class Kind:
    """Name one flow of one provider."""

    provider: str
    name: str
    title: str
    method: Method

    @property
    def brand(self) -> str:
        """The provider's name as it writes it."""
        return self.title.partition(" ")[0]


CALLPASS_SYNC = Kind("callpass", "sync", "CallPass sync", Method.FLASH_CALL)
CALLPASS_ASYNC = Kind("callpass", "async", "CallPass async", Method.FLASH_CALL)
VOICEMAIL = Kind("nerotech", "voicemail", "NeroTech voicemail", Method.VOICE_OTP)
INCOMING = Kind("nerotech", "incoming", "NeroTech incoming", Method.REVERSE_CALL)
REVERSE = Kind("telefonip", "reverse", "Telefon-IP", Method.REVERSE_CALL)
KINDS = (CALLPASS_SYNC, CALLPASS_ASYNC, VOICEMAIL, INCOMING, REVERSE)
_USUAL = MappingProxyType(
    {"callpass": CALLPASS_ASYNC, "nerotech": VOICEMAIL, "telefonip": REVERSE}
)
PROVIDERS = tuple(_USUAL)
_PATHS = MappingProxyType(
    {"callpass": "/", "nerotech": "/api/v1/", "telefonip": "/api/v1/authcalls/"}
)


def kind_of(provider: str, name: str | None) -> Kind:
    """Return the flow of that name, the provider's usual one for None.

    Raises ConfigurationError when the provider has no such flow.
    """
    if name is None:
        return _USUAL[provider]
    known = {kind.name: kind for kind in KINDS if kind.provider == provider}
    if name not in known:
        raise ConfigurationError(f"expected --flow {' or '.join(known)} of {provider}")
    return known[name]


def base_url_of(provider: str, root: str) -> str:
    """Return where the provider is found in a sandbox that is served at the root."""
    return root + _PATHS[provider]


def sandbox_client(provider: str, **options: Unpack[ClientOptions]) -> Client:
    """Return a client of the provider that a sandbox plays."""
    if provider == "nerotech":
        return NeroTechClient(ANY_ID, ANY_KEY, **options)
    if provider == "telefonip":
        return TelefonIPClient(ANY_KEY, **options)
    return CallPassClient(ANY_KEY, **options)


def real_client(provider: str, **options: Unpack[ClientOptions]) -> Client:
    """Return a client with the credentials of the environment.

    Raises ConfigurationError that names the variables that are missing.
    """
    if provider == "nerotech":
        return NeroTechClient.from_env(**options)
    if provider == "telefonip":
        return TelefonIPClient.from_env(**options)
    return CallPassClient.from_env(**options)


def flow_of(kind: Kind, client: Client, clock: Clock) -> Flow:
    """Return the flow, led through that client of its provider."""
    if isinstance(client, CallPassClient):
        return FlashCallFlow(client, clock, asynchronous=kind == CALLPASS_ASYNC)
    if isinstance(client, TelefonIPClient):
        return ReverseFlow(client)
    return IncomingFlow(client) if kind == INCOMING else VoicemailFlow(client, clock)
