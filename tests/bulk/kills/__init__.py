"""Processes that call a whole source and are killed, and others that go on after them.

One cycle: a child process runs a BulkRun on a SQLiteLedger and is killed; another one
goes on with the same ledger, until one is done. The sandbox lives in the parent, over
HTTP, and its ledger is the judge.
"""
