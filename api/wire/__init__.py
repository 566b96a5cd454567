"""How requests and answers are written: bodies, texts, times, pages of lists, refusals, files."""
