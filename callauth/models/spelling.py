"""How people and telephones write digits."""

from __future__ import annotations

# Spaces (plain, no-break, thin, figure), the dashes that keyboards and word processors
# make, brackets and dots.
_SEPARATORS = str.maketrans("", "", " \t\u00a0\u2007\u2009\u202f-‐‑‒–—−().")
# Telephones wrap a copied number in marks of writing direction.
_DIRECTION_MARKS = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def without_separators(text: str) -> str:
    """Return the text without what stands between and around the digits."""
    return text.strip().strip(_DIRECTION_MARKS).translate(_SEPARATORS)
