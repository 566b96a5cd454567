"""Installations: what may be done of one, done, and read."""
