"""Many runs of every flow against everything that can go wrong, with a judge.

The tests do few of them and ``nox -s campaign`` a million. In process one integer, the
seed, reproduces a run to the byte; over sockets it reproduces what was done, not how
the sockets behaved.

- ``world`` is one sandbox, the clients and a clock, made anew for every run.
- ``flows`` verifies a person in every way that an application can.
- ``injection`` says which fault meets which request.
- ``judge`` holds what the application believes against the ledger.
- ``runs`` injects one fault at every step, two at every pair of steps, then by chance.
- ``sockets`` does the same over real HTTP.
- ``acts`` is every public coroutine, ``cancels`` leaves them at every turn.
- ``storm`` tears requests and callers on real connections.
- ``subjects`` is every reader, ``mutation`` spoils what it reads, ``opinion`` reads it
  once more.
- ``outage`` lets starts arrive while a provider is in trouble.
- ``hostility`` repeats the trials of ``tests.hostile``.
- ``native`` lets ``tests.transport.native`` answer.
- ``tally`` counts, ``promises`` cuts it all into pieces, ``__main__`` runs those.
"""
