"""What a site holds and what became of it: books, cards, statements, month by month."""
