"""Planted bugs: each must turn the suite red, or the suite is blind to it."""
