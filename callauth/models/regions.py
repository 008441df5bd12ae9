"""Numbers typed outside Russia: the one door to the ``phonenumbers`` library."""

from __future__ import annotations

from ..errors import ConfigurationError, InvalidPhoneNumber


def read(text: str, region: str) -> str:
    """Return a number typed in that region as E.164 text.

    Raises InvalidPhoneNumber for text that is no valid number there,
    ConfigurationError for an unknown region or without the extra ``phonenumbers``.
    """
    try:
        import phonenumbers  # noqa: PLC0415 - optional, and slow to import
    except ModuleNotFoundError:
        raise ConfigurationError(
            "expected the extra callauth[phonenumbers] for regions other than RU and KZ"
        ) from None
    if region not in phonenumbers.SUPPORTED_REGIONS:
        raise ConfigurationError("expected a region of two letters such as RU or DE")
    if not text.isascii():
        raise InvalidPhoneNumber("expected digits 0-9 and ASCII punctuation")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        raise InvalidPhoneNumber("expected a phone number, got other text") from None
    if number.extension or not phonenumbers.is_valid_number(number):
        raise InvalidPhoneNumber(f"expected a number that is in use in {region}")
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
