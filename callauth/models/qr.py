"""QR codes: the one door to the ``segno`` library, with the extra ``qr``.

A code is drawn for a screen, where nothing gets dirty: the lowest error correction
makes the fewest and so the largest blocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ConfigurationError

if TYPE_CHECKING:
    from segno import QRCode

_PIXELS_PER_BLOCK = 4


def svg(text: str) -> str:
    """Return a QR code of the text as SVG to be put into a page as it stands.

    It is black on white whatever the colours of the page, 4 pixels a block, and can be
    scaled by CSS.

    Raises ConfigurationError without the extra ``qr``.
    """
    return str(
        _code(text).svg_inline(
            scale=_PIXELS_PER_BLOCK,
            # Sets the viewBox, without which CSS would cut the picture, not scale it.
            unit="px",
            dark="#000",
            light="#fff",
            lineclass=None,
            svgclass=None,
        )
    )


def rows(text: str, *, border: int) -> list[list[bool]]:
    """Return the rows of a QR code, True for dark, inside a border of light blocks.

    Raises ConfigurationError without the extra ``qr``.
    """
    return [
        [bool(dark) for dark in row] for row in _code(text).matrix_iter(border=border)
    ]


def _code(text: str) -> QRCode:
    try:
        import segno  # noqa: PLC0415 - optional
    except ModuleNotFoundError:
        raise ConfigurationError(
            "expected the extra callauth[qr] for QR codes"
        ) from None
    return segno.make(text, micro=False, error="l")
