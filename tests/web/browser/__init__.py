"""The page in a real browser, over the sandbox on this machine.

They need the dependency group ``browser`` and Chromium: the one of the variable
CALLAUTH_CHROMIUM, or else that of the PATH. Without them they are skipped, but fail
where the variable CI is set: a run there that has shown nothing must not be green.
"""
