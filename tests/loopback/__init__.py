"""One run of each flow over real HTTP, on loopback."""
