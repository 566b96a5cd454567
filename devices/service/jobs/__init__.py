"""Dispatch orders: opened, worked, shown on a board, and what they leave to be settled."""
