"""Documents, lines, books, history and verification: the only writer of stock."""
