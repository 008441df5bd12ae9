"""The tests mirror the package; ``support`` says how they are written."""
