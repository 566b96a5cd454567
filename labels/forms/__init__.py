"""Forms on paper: each is declared once and drawn by one writer of xlsx and one of PDF."""
