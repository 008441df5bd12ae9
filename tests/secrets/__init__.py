"""What other tools see of secrets, pins and numbers: nothing.

Everywhere else the canary scan looks at what this package writes by itself. Here it
looks through the eyes of tools that print what they find: debuggers, tracebacks with
locals, asyncio's debug mode, OpenTelemetry and Sentry. Beside each stands a test
that shows that this tool would have shown a canary.
"""
