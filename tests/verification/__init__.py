"""How people are verified, whatever the provider and the store."""
