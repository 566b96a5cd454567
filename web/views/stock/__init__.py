"""Pages of devices, books, months, counts and scanning."""
