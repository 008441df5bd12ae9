"""The command line: a demo, one verification by hand, the sandbox over HTTP."""
