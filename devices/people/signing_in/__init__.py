"""Signing in at the pages: sessions, throttling, and the second store that holds both."""
