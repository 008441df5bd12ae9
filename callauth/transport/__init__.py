"""How bytes travel: the only place that touches sockets or sleeps."""
