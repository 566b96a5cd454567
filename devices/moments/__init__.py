"""Moments: the one place where a moment that is kept is held against now, and what is known of the server's clock."""
