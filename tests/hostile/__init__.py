"""A hostile server on real sockets, and what callauth must make of it.

It speaks over plain asyncio, without any HTTP library, so that it can break every rule
of HTTP. A ``Kind`` (of ``kinds``) is one way to be hostile: what it does with a
connection, and the ``Fate`` (of ``fates``) that a request then has. Every transport
of ``tests.support.transports`` is attacked with the same table::

    async with HostileServer(kind, document, tls=False) as server:
        ... send a request to server.base_url ...
    assert server.requests == 1

- ``connection`` is one connection as the server sees it.
- ``bodies`` spoils documents, ``deeds`` spoils the way they travel, ``kinds`` is the
  table of both.
- ``server`` serves one kind on a socket of its own.
- ``certificates`` makes those that are to be refused.
- ``sending`` sends one plain request, below the clients.
- ``callers`` holds every operation as the public method that sends it.
- ``fates`` says what each operation must come to.
- ``haste`` shortens the time-outs of a transport and measures how it keeps them.
- ``trial`` sends one operation to one kind, and judges what it came to.
- ``crowd`` holds many trials at once.
"""
