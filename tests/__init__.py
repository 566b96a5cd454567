"""Tests, one file per module, one behaviour per test."""
