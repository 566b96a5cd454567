"""Closing a month of a book: its conditions, its frozen statement, its signatures."""
