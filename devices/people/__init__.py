"""Persons, their roles per site, credentials and signing keys."""
