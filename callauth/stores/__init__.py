"""Where attempts are kept beyond the life of a process."""
