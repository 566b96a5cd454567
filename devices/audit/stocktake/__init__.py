"""Counting: scans, the comparison, the sheet, its two signatures and the seal."""
