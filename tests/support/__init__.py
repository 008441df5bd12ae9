"""What every test stands on: canaries, refusals, answers.

Canaries. The fixture ``canaries`` is active in every test, asked for or not. Take
secrets, pins and numbers from it, and the test fails when one of them shows up in a
log at DEBUG, in output, in a warning or in an exception that was caught::

    async def test_a_wrong_key_is_not_shown(canaries):
        key, phone, pin = canaries.secret(), canaries.phone(), canaries.pin(4)
        with refused(AuthenticationFailed, match="nerotech voicemail") as refusal:
            await client.voicemail(phone)
        assert refusal.error.code == 3
        canaries.scan(result.output, "output of the command")
        canaries.scan_file(tmp_path / "callauth.db")

- ``canaries.secret()`` is a ``Secret``, ``phone()`` a ``PhoneNumber``, ``pin(digits)``
  a ``Pin``, ``text_phone()`` a number as a person types it, ``plant(text)`` hides any
  other text.
- Catch exceptions with ``refused`` (of ``tests.support.refusals``), or with ``caught``
  in a property test, never with ``pytest.raises``: these two hand the exception to the
  scan. ``refused`` wants exactly that class, not a subclass. Catch warnings with
  ``warned``.
- ``capsys`` and ``capfd`` are scanned as they are read.

A test's own frames hold the canaries by right; only locals of frames inside the package
are scanned. What is legitimately printed should be no canary.

Properties. ``CALLAUTH_EXAMPLES=20000 pytest …`` runs each with that many random
examples; without it they are few and the same each time.
"""
