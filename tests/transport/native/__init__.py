"""NativeTransport alone: what no other transport promises.

- ``answering`` is a server that says given bytes, ``wild`` makes up such bytes.
- ``trials`` sends requests to such a server by the thousand.
- ``left`` counts what a transport left behind.
- ``differences`` explains where other transports read an answer differently.
"""
