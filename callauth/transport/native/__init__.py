"""NativeTransport: HTTP/1.1 over asyncio, with llhttp as the parser.

No library says for certain whether a byte left, so this one is ours. Everything that
can be decided at once is decided in plain callbacks: a request is one ``Exchange``, its
caller waits for one future, and its whole time is bounded by one deadline.

- ``transport`` is what the clients use.
- ``exchange`` is one request on its way to one outcome.
- ``pool`` keeps idle connections and lets exchanges wait for one, in their order.
- ``deadlines`` ends exchanges whose time is over.
- ``opening`` connects a socket.
- ``connection`` writes a request, ``answer`` reads what comes back,
  ``heads`` remembers what was read before.
"""

from .transport import NativeTransport

__all__ = ["NativeTransport"]
