"""What the router adds to a request, and what 5,000 waiting browsers cost, in one run.

Requests come one at a time over one connection of loopback; each round asks a bare
handler of the same framework and the router in turn. Ratios are of the same round. A
start includes the work of the Verifier over a MemoryStore; calls cost nothing. Browsers
wait for server-sent events, each over a connection of its own: those of a bare handler
for an event of asyncio, those of the router for one verification, or each for its own,
whose pins are then all typed at once. Bytes are the server's, without the kernel's. The
server has one processor to itself, what asks it has the other. Everything goes to
``benchmarks/results/web.json``; it takes 3 minutes and needs Linux.
"""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Callable
from pathlib import Path

import web_requests as requests
import web_waiting as waiting
from figures import conditions, line, spread
from web_requests import Found

_RESULTS = Path(__file__).parent / "results" / "web.json"
_FRAMEWORKS = ("fastapi", "aiohttp")
_PACKAGES = (
    *("aiohttp", "anyio", "fastapi", "h11"),
    *("httptools", "pydantic", "starlette", "uvicorn"),
)
_SCENARIOS = {
    "a bare stream": waiting.bare,
    "one verification": waiting.one_verification,
    "a verification each": waiting.one_each,
}


def added(framework: str) -> dict[str, dict[str, dict[str, float]]]:
    """Print and return what the router adds to a request, and the ratios."""
    found = {}
    for kind, costs in requests.measure(framework).items():
        pairs = list(zip(costs["router"], costs["bare"], strict=True))
        found[kind] = {
            f"{what} {unit}": spread([compare(*pair, unit) for pair in pairs])
            for unit in ("ms", "CPU µs")
            for what, compare in _COMPARISONS.items()
        }
        print(f"{framework}, {kind} (min median max)")
        for name, figures in found[kind].items():
            print(f"  {name}:", *figures.values())
    return found


_COMPARISONS: dict[str, Callable[[Found, Found, str], float]] = {
    "bare": lambda _router, bare, unit: bare[unit],
    "router": lambda router, _bare, unit: router[unit],
    "added": lambda router, bare, unit: router[unit] - bare[unit],
    "router over bare": lambda router, bare, unit: router[unit] / bare[unit],
}


def crowds(framework: str) -> dict[str, Found]:
    """Print and return what waiting browsers cost."""
    found = {}
    for name, scenario in _SCENARIOS.items():
        measured = scenario(framework)
        found[name] = {what: float(f"{n:.3g}") for what, n in measured.items()}
        print(f"{framework}, {waiting.BROWSERS:,} browsers: {name}")
        for what, figure in found[name].items():
            print(f"  {what}: {figure:g}")
    return found


def main() -> None:
    # The servers have the first processor.
    os.sched_setaffinity(0, {1})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    under = conditions(
        _PACKAGES,
        **{
            "requests in a round": requests.REQUESTS,
            "rounds": requests.ROUNDS,
            "browsers": waiting.BROWSERS,
        },
    )
    found: dict[str, object] = {"conditions": under}
    print(line(under))
    found["a request"] = {each: added(each) for each in _FRAMEWORKS}
    found["waiting browsers"] = {each: crowds(each) for each in _FRAMEWORKS}
    _RESULTS.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
