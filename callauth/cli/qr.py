"""QR: a link as a picture of blocks, with the extra ``qr``."""

from __future__ import annotations

from itertools import zip_longest

_BORDER = 2
_BLOCKS = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def qr_lines(link: str) -> list[str]:
    """Return the lines of a QR code, two rows in each; none without the extra.

    They are meant as black on white.
    """
    try:
        import segno  # noqa: PLC0415 - optional
    except ModuleNotFoundError:
        return []
    code = segno.make(link, micro=False, error="l")
    rows = [[int(dark) for dark in row] for row in code.matrix_iter(border=_BORDER)]
    pairs = zip_longest(rows[::2], rows[1::2], fillvalue=[0] * len(rows[0]))
    return [
        "".join(_BLOCKS[pair] for pair in zip(upper, lower, strict=True))
        for upper, lower in pairs
    ]
