"""Texts that come in, by whatever door: how long they may be, and which characters they may have."""
