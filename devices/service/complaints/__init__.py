"""Complaints: received, worked by their owner, decided by others, and read."""
