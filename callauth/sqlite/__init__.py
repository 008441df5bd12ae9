"""Files of SQLite, written from an event loop without stopping it."""
