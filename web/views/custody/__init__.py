"""Pages of the safety of the warehouse."""
