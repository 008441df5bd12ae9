"""What things are: frozen values without JSON, I/O or a clock."""
