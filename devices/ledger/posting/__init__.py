"""Documents on their way into the books: gathered, decided, reviewed, written. The only writer of stock."""
