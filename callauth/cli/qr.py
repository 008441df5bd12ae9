"""QR: a link as a picture of blocks, with the extra ``qr``."""

from __future__ import annotations

from itertools import zip_longest

from ..errors import ConfigurationError
from ..models import qr

_BORDER = 2
_BLOCKS = {
    (False, False): " ",
    (True, False): "▀",
    (False, True): "▄",
    (True, True): "█",
}


def qr_lines(link: str) -> list[str]:
    """Return the lines of a QR code, two rows in each; none without the extra.

    They are meant as black on white.
    """
    try:
        rows = qr.rows(link, border=_BORDER)
    except ConfigurationError:
        return []
    pairs = zip_longest(rows[::2], rows[1::2], fillvalue=[False] * len(rows[0]))
    return [
        "".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in pairs
    ]
