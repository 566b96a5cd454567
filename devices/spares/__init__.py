"""Swaps, repair and dispatch orders, factory returns and minimum levels."""
