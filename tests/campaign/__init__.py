"""Many runs of every flow against everything that can go wrong, with a judge.

One integer, the seed, reproduces a run. The tests do few of them, and
``nox -s campaign`` a million.
"""
