"""How a person is verified, whatever the provider."""
