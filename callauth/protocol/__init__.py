"""How each provider speaks: pure functions between bytes and values."""
