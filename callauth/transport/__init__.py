"""How bytes travel to a provider, and how time passes."""
