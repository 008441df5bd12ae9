from __future__ import annotations

import pytest
from playwright.async_api import expect

from callauth import PhoneNumber

from .site import Site
from .visitor import Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

VERIFIED = "Номер подтверждён"


async def test_the_end_of_the_number_that_called_verifies(
    visitor: Visitor, site: Site
) -> None:
    """Nothing has to be pressed after the last digit."""
    await visitor.start("flash")
    await visitor.reads("Мы звоним вам")

    await visitor.type(site.code(visitor.phone))

    await visitor.reads(VERIFIED)
    [event] = await visitor.heard()
    assert event.pop("id")
    assert event == {
        "type": "callauth:verified",
        "phone": visitor.phone.masked,
        "purpose": "login",
        "method": "flash_call",
        "assurance": "code",
    }


async def test_a_whole_number_can_be_pasted_from_the_call_log(
    visitor: Visitor, site: Site
) -> None:
    """Its last digits are what counts."""
    await visitor.start("flash")
    await visitor.reads("Мы звоним вам")
    caller = site.sandbox.ledger.rings(visitor.phone)[-1].caller.e164

    await visitor.paste(f"{caller[:2]} ({caller[2:5]}) {caller[5:8]}-{caller[8:]}")

    await visitor.reads(VERIFIED)


async def test_what_a_robot_says_verifies(visitor: Visitor, site: Site) -> None:
    """The page says that the call is to be answered."""
    await visitor.start("robot")
    await visitor.reads("Вам звонит робот")

    await visitor.type(site.code(visitor.phone))

    await visitor.reads(VERIFIED)


@pytest.mark.parametrize("provider", ["telefonip", "nerotech"])
async def test_a_call_of_the_person_verifies(provider: str, visitor: Visitor) -> None:
    """The page goes on by itself once the call came in."""
    await visitor.start(provider)
    await visitor.reads("Позвоните нам")

    visitor.dial()

    await visitor.reads(VERIFIED)
    [event] = await visitor.heard()
    assert event["assurance"] == "caller_id"


async def test_a_call_from_another_phone_fails(visitor: Visitor) -> None:
    """The person is told, since he may have taken the wrong one, and can go on."""
    await visitor.start("telefonip")
    await visitor.reads("Позвоните нам")

    visitor.dial(PhoneNumber("+79000000000"))

    await visitor.reads("Позвонили с другого номера")
    [event] = await visitor.heard()
    assert (event["state"], event["reason"]) == ("failed", "other_caller")
    await visitor.button("Попробовать ещё раз").click()
    await visitor.reads("Позвоните нам")


async def test_wrong_digits_may_be_corrected(visitor: Visitor, site: Site) -> None:
    """The field is emptied, and the person knows how often he may try."""
    await visitor.start("flash")
    await visitor.reads("Мы звоним вам")

    await visitor.type(site.wrong(visitor.phone))

    await expect(visitor.problem).to_have_text("Цифры не те. Осталось 2 попытки.")
    await expect(visitor.pin).to_have_value("")
    await expect(visitor.pin).to_have_attribute("aria-invalid", "true")
    await visitor.type(site.code(visitor.phone))
    await visitor.reads(VERIFIED)


async def test_too_many_wrong_digits_fail(visitor: Visitor, site: Site) -> None:
    """The right ones are not good any more."""
    await visitor.start("robot")
    await visitor.reads("Вам звонит робот")
    for left in ("2 попытки", "1 попытка", None):
        await visitor.type(site.wrong(visitor.phone))
        if left is not None:
            await expect(visitor.problem).to_contain_text(left)

    await visitor.reads("Слишком много ошибок")
    [event] = await visitor.heard()
    assert (event["type"], event["reason"]) == ("callauth:failed", "tries")


async def test_too_few_digits_are_not_sent(visitor: Visitor) -> None:
    """A slip must not cost a try."""
    await visitor.start("robot")
    await visitor.type("12")

    await visitor.page.keyboard.press("Enter")

    await expect(visitor.problem).to_have_text("Нужно 4 цифры.")
    await expect(visitor.pin).to_have_value("12")


async def test_one_digit_too_many_is_not_taken(visitor: Visitor, site: Site) -> None:
    """It must not push out the first one: what is typed is what is sent."""
    wrong = site.canaries.pin(4).reveal()
    await visitor.start("robot")
    await visitor.reads("Вам звонит робот")
    await visitor.page.route("**/pin", lambda _: None)

    await visitor.type(wrong + "9")

    await expect(visitor.pin).to_have_value(wrong)


async def test_a_number_that_cannot_be_called_is_refused(visitor: Visitor) -> None:
    """What was typed stays, to be corrected."""
    await visitor.open()

    await visitor.ask("8 800 555-35-3")

    await expect(visitor.problem).to_contain_text("На такой номер")
    await expect(visitor.field).to_have_value("8 800 555-35-3")


async def test_a_number_is_taken_as_people_write_it(visitor: Visitor) -> None:
    """The page corrects nobody: the server knows all spellings."""
    ten = visitor.phone.e164[2:]
    await visitor.open()

    await visitor.ask(f" 8 ({ten[:3]}) {ten[3:6]}-{ten[6:]} ")

    await visitor.reads("Мы звоним вам")


async def test_another_number_can_be_given(visitor: Visitor, site: Site) -> None:
    """What came of the first one can verify nobody any more."""
    await visitor.start("robot")
    await visitor.reads("Вам звонит робот")

    await visitor.button("Изменить номер").click()

    await visitor.reads("Подтвердите номер")
    other = site.canaries.phone()
    await visitor.ask(other.e164)
    await visitor.reads("Вам звонит робот")
    await visitor.type(site.code(other))
    await visitor.reads(VERIFIED)
