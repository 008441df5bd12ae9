"""Processes that verify people and are killed, and others that go on after them.

One cycle: a child process begins verifications on a SQLiteStore and is killed; another
one opens the same file, later by its clock, and finishes them. The sandbox lives in the
parent, over HTTP, and its ledger is the judge.
"""
