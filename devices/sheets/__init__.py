"""Spreadsheets that people upload: made harmless, their table found, their rows read."""
