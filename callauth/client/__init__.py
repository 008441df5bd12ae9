"""One class per provider, one method per documented endpoint, and its waits."""
