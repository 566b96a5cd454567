"""What `panku verify` recomputes: links, digests, positions, and everything kept beside the ledger."""
