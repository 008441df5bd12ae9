from __future__ import annotations

import hashlib
from itertools import product
from pathlib import Path

import pytest

from callauth import (
    ConfigurationError,
    Confirmed,
    FlashCall,
    ManualClock,
    MemoryStore,
    Method,
    Pin,
    Secret,
    SQLiteStore,
    Verifier,
    VoiceOtp,
)
from callauth.verification import Channel
from tests.support.refusals import refused

from .own import Bell
from .watched import Watched
from .world import World

_DIGESTS = ("md5", "sha1", "sha256", "sha512", "blake2b")


@pytest.mark.parametrize("method", [Method.FLASH_CALL, Method.VOICE_OTP])
async def test_a_store_holds_no_pin(method: Method, world: World) -> None:
    """Whoever reads the file logs in as nobody."""
    store = Watched()
    channels: list[Channel] = [FlashCall(world.callpass), VoiceOtp(world.nerotech)]
    verifier = await world.verifier(channels, store=store)

    attempt = await verifier.start(world.phone(), method=method)
    await world.clock.sleep(5)
    typed = world.typed(attempt)
    assert isinstance(await verifier.submit(attempt.id, typed), Confirmed)

    assert len(store.texts) >= 8
    for text in store.texts:
        assert typed not in text.replace(attempt.phone.e164, "")


async def test_a_store_holds_no_digest_without_a_key(world: World, bell: Bell) -> None:
    """10,000 pins are tried out within milliseconds."""
    store = Watched()
    bell.pins = [Pin("0777")]
    verifier = await world.verifier([bell], store=store)
    attempt = await verifier.start(world.phone())

    phone, pin = attempt.phone.e164, "0777"
    parts = (pin, phone, attempt.id)
    texts = {"".join(each) for n in (1, 2, 3) for each in product(parts, repeat=n)}
    dump = "".join(store.texts)
    for text, name in product(texts, _DIGESTS):
        digest = hashlib.new(name, text.encode()).hexdigest()
        assert digest[:32] not in dump, (text, name)


async def test_names_of_locks_and_counters_tell_no_phone(
    world: World, bell: Bell
) -> None:
    """Ten digits are tried out quickly, too."""
    store, names = Watched(), list[str]()

    async def before(operation: str, about: str) -> None:
        if operation in ("lock", "charge"):
            names.append(about)

    store.before = before
    verifier = await world.verifier([bell], store=store)
    attempt = await verifier.start(world.phone(), client_ip="192.0.2.77")

    assert len(names) >= 5
    for name in names:
        assert attempt.phone.e164[3:] not in name
        assert "192.0.2.77" not in name


async def test_the_mac_is_gone_with_the_outcome(world: World, bell: Bell) -> None:
    """What cannot be typed any more is not kept."""
    store = MemoryStore()
    verifier = await world.verifier([bell], store=store)
    attempt = await verifier.start(world.phone())
    live = await store.get(attempt.id)
    await verifier.submit(attempt.id, "1000")
    ended = await store.get(attempt.id)

    assert live is not None
    assert ended is not None
    assert "pin_mac" in live.document
    assert "pin_mac" not in ended.document


def test_a_durable_store_needs_a_pepper(world: World, bell: Bell) -> None:
    """A key beside the pins would be none."""
    with refused(ConfigurationError, match="pepper"):
        Verifier([bell], store=SQLiteStore("unused.db"), clock=world.clock)


@pytest.mark.parametrize("text", ["", "short", "x" * 15])
def test_a_short_pepper_is_refused(text: str, bell: Bell) -> None:
    """It would be guessed."""
    with refused(ConfigurationError):
        Verifier([bell], pepper=Secret(text or "x"))


@pytest.mark.parametrize("pepper", ["a" * 16, b"a" * 16, 5])
def test_a_pepper_is_a_secret(pepper: object, bell: Bell) -> None:
    """A plain text ends up in a log."""
    with refused(ConfigurationError):
        Verifier([bell], pepper=pepper)  # type: ignore[arg-type] # wrong on purpose


async def test_another_pepper_is_refused(world: World, bell: Bell) -> None:
    """Whoever changes it knows no lock of the others, and phones ring again."""
    store, pepper = MemoryStore(), world.canaries.secret()
    mine = await world.verifier([bell], store=store, pepper=pepper)
    attempt = await mine.start(world.phone())

    for _ in range(2):
        with refused(ConfigurationError, match="pepper"):
            await world.verifier([bell], store=store, pepper=world.canaries.secret())
    again = await world.verifier([bell], store=store, pepper=pepper)

    assert isinstance(await again.submit(attempt.id, "1000"), Confirmed)


async def test_a_file_keeps_to_its_pepper(
    world: World, bell: Bell, tmp_path: Path
) -> None:
    """A deployment that changes it begins while the one before still rings."""
    path, pepper = tmp_path / "attempts.db", world.canaries.secret()
    async with Verifier([bell], store=SQLiteStore(path), pepper=pepper):
        pass
    other = Verifier([bell], store=SQLiteStore(path), pepper=world.canaries.secret())

    with refused(ConfigurationError, match="pepper"):
        await other.__aenter__()
    async with Verifier([bell], store=SQLiteStore(path), pepper=pepper):
        pass


def test_a_pepper_may_hold_any_characters() -> None:
    """It comes from an environment variable."""
    bell = Bell(ManualClock())

    assert Verifier([bell], pepper=Secret("перец \udcff" * 3)) is not None
