"""Figures: what they depend on, and how far they spread."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version


def conditions(packages: Sequence[str], **more: object) -> dict[str, object]:
    """Return what figures depend on: versions, the machine, its load, and ``more``."""
    return {
        "python": platform.python_version(),
        **{package: _version(package) for package in packages},
        "processors": os.cpu_count(),
        "load before": round(os.getloadavg()[0], 1),
        **more,
    }


def line(found: dict[str, object]) -> str:
    """Return the conditions as one line."""
    return ", ".join(f"{name} {value}" for name, value in found.items())


def spread(figures: Sequence[float], digits: int = 3) -> dict[str, float]:
    """Return the lowest, the median and the highest."""
    return {
        "min": round(min(figures), digits),
        "median": round(statistics.median(figures), digits),
        "max": round(max(figures), digits),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
