"""Pages in a real browser: Debian's Chromium, driven over a served demo."""
