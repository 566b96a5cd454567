"""What several commands share: opening the books, heads in files, words on the terminal."""
