"""How the clients behave, whatever the network does."""
