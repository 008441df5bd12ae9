"""AiohttpTransport, or what says that its extra is missing.

So that all public names can be had, whatever is installed.
"""

from typing import TYPE_CHECKING

from ...errors import ConfigurationError

__all__ = ["AiohttpTransport"]

if TYPE_CHECKING:
    from .transport import AiohttpTransport
else:
    try:
        from .transport import AiohttpTransport
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise

        class AiohttpTransport:
            """Be refused."""

            def __init__(self, **_: object) -> None:
                raise ConfigurationError(
                    "expected the extra callauth[aiohttp] for an AiohttpTransport"
                )
