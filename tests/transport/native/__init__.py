"""NativeTransport alone: what no other transport promises.

- ``answering`` is a server that says given bytes, ``wild`` makes up such bytes.
- ``left`` counts what a transport left behind.
- ``differences`` explains where other transports read an answer differently.
"""
